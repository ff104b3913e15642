"""A batch -> one page for each column, behind the pages that its row group has.

In: the address of an Arrow batch, and what each column has so far. Out: bytes in the columns' rooms.
One kernel is called for a batch and walks all columns, because a call costs as much as a column. A page holds codes as
long as the column's dictionary pays, else the values as they are; nothing is compressed.
Source: https://parquet.apache.org/docs/file-format/data-pages/
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import array_of, copy
from redshank.flows.parquet.codes import code, forget
from redshank.flows.parquet.columns import (
    BOOL,
    CLOSED,
    EIGHT,
    FOUR,
    MOST,
    OPEN,
    TEXT,
    Column,
    Columns,
    addresses,
    arrays,
    octets,
)
from redshank.flows.parquet.levels import all_levels, bit_levels, list_levels, places_of, take_bits
from redshank.flows.parquet.memory import Codes, Number, Octets, Places, Words, array_at, number_at
from redshank.flows.parquet.runs import (
    CODED,
    HEADER_BYTES,
    PLAIN,
    SLACK,
    header,
    packed,
    packed_size,
    repeated,
    repeated_size,
)
from redshank.flows.parquet.texts import SHORT, add_texts, hash_texts, is_same, put_texts

_NONE = np.int64(-1)
_NUMBERS, _TEXTS = 4, 6
"""Eighths of a chunk's values that may differ from each other: a code for a text saves more."""

_fours, _eights, _times = array_at("u4"), array_at("u8"), array_at("i8")
_room, _entries, _texts = array_of("room", "u1"), array_of("entries", "u1"), array_of("texts", "u1")
_slots = array_of("slots", "u2")


@lean_kernel
def encode(
    address: Number,
    columns: Columns,
    first: Number,
    every: Places,
    at: Places,
    codes: Codes,
    levels: npt.NDArray[np.uint8],
    words: Words,
    hashes: Words,
    firsts: Places,
) -> Number:
    """Write a page for each column; return how many columns have theirs.

    A column whose `lack` is more than `room_length`, or `wanted` more than len(every), has none yet: give it more
    room and go on with it.

    Args:
        address: Of a `struct ArrowArray`, a batch of one child for each column and at least one row.
        columns: COLUMN records.
        first: Column to begin with.
        every: 0, 1, 2, ...
        at: Room for the places of values that are there, as many as `every`.
        codes: Room for their codes, and 8 more.
        levels: [4, ...] room for a page's levels, of three kinds, and for short texts: half a byte for each of `every`,
            and 64 more.
        words: Room for bits of validity, one for each of `every`.
        hashes: Room for hashes of texts, as many as `every`.
        firsts: Room for MOST places.
    """
    batch = arrays(address, 1)[0]
    children = addresses(batch.children, batch.n_children)
    rows, kept, kept_size = batch.length, _NONE, 0  # kept: how many `words` and `at` say are there
    full, some, nested, pad = levels[0], levels[1], levels[2], levels[3]
    full_size = all_levels(full, rows, 1)
    for c in range(first, len(columns)):
        column, array = columns[c], arrays(children[c], 1)[0]
        offset = batch.offset + array.offset
        buffers = addresses(array.buffers, array.n_buffers)
        starts = _fours(buffers[1] + 4 * offset, rows + 1 if column.listed or column.kind == TEXT else 0)
        bits = octets(buffers[0], _bits_length(array, buffers, offset + rows))
        count, origin = rows, offset
        if column.listed:
            count, origin = number_at(starts, rows) - number_at(starts, 0), number_at(starts, 0)
            inner = arrays(addresses(array.children, 1)[0], 1)[0]
            origin += inner.offset
            buffers = addresses(inner.buffers, inner.n_buffers)
            column.wanted = rows + count
        _find(column, buffers, origin, count, pad)
        column.lack = column.used + _bound(column, rows)
        if column.lack > column.room_length or column.wanted > len(every):
            return c
        there, section = every, some
        if column.listed:
            inner_bits = octets(buffers[0], _bits_length(inner, buffers, origin + count))
            found, total, size = list_levels(bits, offset, starts, rows, inner_bits, origin, at, codes, nested)
            section, kept = nested, _NONE
            if found < count or total > found:
                there = at
        elif len(bits) == 0:
            found, total, size, section = rows, rows, full_size, full
        else:
            if not take_bits(bits, offset, rows, words) or kept < 0:
                kept = places_of(words, rows, at)
                kept_size = bit_levels(some, words, rows) if 0 < kept < rows else all_levels(some, rows, kept > 0)
            found, total, size = kept, rows, kept_size
            if found < rows:
                there = at
        _page(column, every, there, found, total, codes, hashes, firsts, section, size)
    return len(columns)


@lean_kernel
def _bits_length(array: Any, buffers: npt.NDArray[np.int64], end: Number) -> Number:  # noqa: ANN401  a record
    """Return the bytes of an array's bits of validity; 0 if it has none or needs none."""
    return (end + 7) >> 3 if buffers[0] != 0 and array.null_count != 0 else 0


@lean_kernel
def _find(column: Column, buffers: npt.NDArray[np.int64], origin: Number, count: Number, pad: Octets) -> None:
    """Note where the values of a page lie."""
    kind = column.kind
    column.origin, column.count, column.texts_length = origin, count, 0
    column.source = buffers[1] + (0 if kind == BOOL else origin << (3 if kind == EIGHT else 2))
    if kind == TEXT and count > 0:
        length = number_at(_fours(column.source, count + 1), count)
        column.texts, column.texts_length = buffers[2], length
        if length < 8:  # what is less than a word
            if length > 0:
                copy(pad, 0, octets(buffers[2], length), 0, length)
            column.texts, column.texts_length = pad.ctypes.data, 8


@lean_kernel
def _bound(column: Column, rows: Number) -> Number:
    """Return bytes that are enough for a page."""
    count = column.count
    bound = HEADER_BYTES + 64 + ((rows + count) >> 1) + 8 * count + SLACK
    if column.kind == TEXT and count > 0:
        offsets = _fours(column.source, count + 1)
        bound += number_at(offsets, count) - number_at(offsets, 0)
    return bound


@lean_kernel
def _page(
    column: Column,
    every: Places,
    there: Places,
    found: Number,
    total: Number,
    codes: Codes,
    hashes: Words,
    firsts: Places,
    levels: Octets,
    size: Number,
) -> None:
    """Write a page of `found` values, with `total` levels in `size` bytes."""
    room, coded = _room(column), False
    if found > 0 and column.state == OPEN and column.kind != BOOL:
        coded = _code(column, every, there, found, codes, hashes, firsts)
        if not coded:
            column.state = CLOSED
    length, width, one = 0, 1, True
    if coded:
        while column.distinct > 1 << width:
            width += 1
        for k in range(found):
            one &= codes[k] == codes[0]
        length = 1 + (repeated_size(width, found) if one else packed_size(width, found))
    elif found > 0:
        length = _plain_size(column, there, found)
    place = header(room, column.used, size + length, total, CODED if coded else PLAIN)
    copy(room, place, levels, 0, size)
    place += size
    if coded:
        room[place] = width
        place += 1
        place = repeated(room, place, width, found, codes[0]) if one else packed(room, place, width, codes, found)
    elif found > 0:
        _put_plain(column, there, found, place)
        place += length
    if column.timed and found > 0:
        _extend(column, there, found)
    column.used = place
    column.coded += coded
    column.levels += total
    column.values += found


@lean_kernel
def _code(
    column: Column, every: Places, there: Places, found: Number, codes: Codes, hashes: Words, firsts: Places
) -> bool:
    """Give the values of a page their codes; return whether the dictionary still pays."""
    slots, source, count, distinct = _slots(column), column.source, column.count, column.distinct
    if column.kind == FOUR:
        entries = _fours(column.entries, MOST)
        pays = code(_fours(source, count), there, found, column, _NUMBERS, entries, firsts, slots, codes)
        column.entries_used = 4 * column.distinct
        return pays
    if column.kind == EIGHT:
        numbers = _eights(column.entries, MOST)
        pays = code(_eights(source, count), there, found, column, _NUMBERS, numbers, firsts, slots, codes)
        column.entries_used = 8 * column.distinct
        return pays
    data, offsets = _texts(column), _fours(source, count + 1)
    texts, starts, used = _entries(column), _fours(column.starts, MOST), column.entries_used
    column.longest = max(column.longest, hash_texts(data, offsets, there, found, hashes))
    if code(hashes, every, found, column, _TEXTS, _eights(column.hashes, MOST), firsts, slots, codes):
        for k in range(distinct, column.distinct):
            firsts[k] = there[firsts[k]]
        more = add_texts(data, offsets, firsts, distinct, column.distinct, texts, used, starts)
        column.entries_used = more
        if more >= 0 and (column.longest <= SHORT or is_same(data, offsets, there, found, texts, starts, codes)):
            return True
    column.distinct, column.entries_used = distinct, used
    return False


@lean_kernel
def _plain_size(column: Column, there: Places, found: Number) -> Number:
    if column.kind == BOOL:
        return (found + 7) >> 3
    if column.kind != TEXT:
        return found << (3 if column.kind == EIGHT else 2)
    offsets, size = _fours(column.source, column.count + 1), 4 * found
    for k in range(found):
        size += offsets[there[k] + 1] - offsets[there[k]]
    return size


@lean_kernel
def _put_plain(column: Column, there: Places, found: Number, place: Number) -> None:
    room, kind, source, count = _room(column), column.kind, column.source, column.count
    if kind == TEXT:
        put_texts(_texts(column), _fours(source, count + 1), there, found, room, place)
    elif kind == BOOL:
        _put_bits(octets(source, (column.origin + count + 7) >> 3), column.origin, there, found, room, place)
    elif found == count:
        size = found << (3 if kind == EIGHT else 2)
        copy(room, place, octets(source, size), 0, size)
    elif kind == FOUR:
        fours, to = _fours(source, count), _fours(column.room + place, found)
        for k in range(found):
            to[k] = fours[there[k]]
    else:
        eights, at = _eights(source, count), _eights(column.room + place, found)
        for k in range(found):
            at[k] = eights[there[k]]


@lean_kernel
def _put_bits(bits: Octets, origin: Number, there: Places, found: Number, room: Octets, place: Number) -> None:
    for group in range((found + 7) >> 3):
        octet = np.uint8(0)
        for k in range(min(found - 8 * group, 8)):
            bit = origin + there[8 * group + k]
            octet |= (bits[bit >> 3] >> np.uint8(bit & 7) & np.uint8(1)) << np.uint8(k)
        room[place + group] = octet


@lean_kernel
def _extend(column: Column, there: Places, found: Number) -> None:
    """Take the values of a page into the least and the greatest."""
    values = _times(column.source, column.count)
    low = high = values[there[0]]
    if column.values > 0:
        low, high = column.low, column.high
    for k in range(found):
        low, high = min(low, values[there[k]]), max(high, values[there[k]])
    column.low, column.high = low, high


@lean_kernel
def restart(columns: Columns) -> None:
    """Empty all columns for the next row group."""
    for column in columns:
        if column.kind != BOOL:
            forget(column, _slots(column))
        column.used = column.levels = column.values = column.coded = 0
        column.state = OPEN
