"""Texts -> numbers that differ as they do, their dictionary, and texts as Parquet writes them.

In: an Arrow array's texts, one behind the other, and where each begins and ends. Out: a hash of each, for a dictionary
of hashes; whether texts of the same hash are the same; lengths and texts side by side.
A text is its length, its first 8 and its last 8 bytes, and what lies between. For up to 7 bytes the hash is the text
in another form: nothing else has the same.
Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/ (PLAIN)
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.parquet.memory import Codes, Number, Octets, Places, Words, get, number_at, put, put_4

SHORT = 7
"""The longest text of which its hash tells all."""

_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
"""The bits of so many bytes."""
_ONE = np.uint64(1)


@lean_kernel
def _first(data: Octets, start: Number, length: Number, limit: Number) -> Number:
    """Return the first bytes, 8 at most, of a text; behind `limit`, 8 or more, nothing is read."""
    near = min(start, limit - 8)
    return get(data, near) >> (np.uint64(8 * (start - near)) & np.uint64(63)) & _MASKS[np.uint64(min(length, 8))]


@lean_kernel
def hash_texts(data: Octets, offsets: Places, at: Places, count: Number, hashes: Words) -> Number:
    """Write a hash of each text; return the length of the longest.

    Args:
        data: All texts; 8 bytes or more.
        offsets: Where in `data` each begins and ends.
        at: Places of those that are there.
        count: How many of them.
        hashes: Where to.
    """
    longest, limit = 0, len(data)
    for i in range(count):
        k = np.uint64(at[i])
        start, stop = number_at(offsets, k), number_at(offsets, k + _ONE)
        length = stop - start
        longest = max(longest, length)
        value = (_first(data, start, length, limit) ^ np.uint64(length) << np.uint64(56)) * _FACTOR
        last = get(data, max(stop - 8, min(start, limit - 8)))
        value ^= value >> np.uint64(32) ^ (last if length >= 8 else np.uint64(0))
        middle = start + 8
        while middle < stop - 8:
            value = value * _FACTOR ^ get(data, middle)
            value ^= value >> np.uint64(32)
            middle += 8
        hashes[i] = value * _FACTOR
    return longest


@lean_kernel
def is_same(
    data: Octets, offsets: Places, at: Places, count: Number, entries: Octets, starts: Places, codes: Codes
) -> bool:
    """Say whether all texts are those that their codes stand for.

    Args:
        data: All texts; 8 bytes or more.
        offsets: Where in `data` each begins and ends.
        at: Places of those that are there.
        count: How many of them.
        entries: The dictionary: texts and their lengths.
        starts: Where in `entries` each text begins.
        codes: Places in `starts`.
    """
    same, limit = True, len(data)
    for i in range(count):
        k, place = np.uint64(at[i]), number_at(starts, codes[i])
        start, stop = number_at(offsets, k), number_at(offsets, k + _ONE)
        length = stop - start
        bits = _MASKS[np.uint64(min(length, 8))]
        same &= np.int64(get(entries, place - 4) & _MASKS[4]) == length
        same &= _first(data, start, length, limit) == get(entries, place) & bits
        tail = max(length - 8, 0)
        done = 8
        while done < tail:
            same &= get(data, start + done) == get(entries, place + done)
            done += 8
        same &= length < 8 or get(data, max(stop - 8, 0)) == get(entries, place + tail)
    return same


@lean_kernel
def add_texts(
    data: Octets,
    offsets: Places,
    firsts: Places,
    first: Number,
    last: Number,
    entries: Octets,
    used: Number,
    starts: Places,
) -> Number:
    """Write new texts into a dictionary; return how much of it is used, or -1 if they do not fit.

    Args:
        data: All texts; 8 bytes or more.
        offsets: Where in `data` each begins and ends.
        firsts: Place of each of the dictionary's texts, where it is new.
        first: Code of the first new text.
        last: Code behind the last.
        entries: The dictionary.
        used: How much of it is used.
        starts: Where to write where in `entries` each text begins.
    """
    limit = len(data)
    for k in range(first, last):
        place = np.uint64(firsts[k])
        start = number_at(offsets, place)
        length = number_at(offsets, place + _ONE) - start
        if used + length + 16 > len(entries):
            return -1
        starts[k] = used + 4
        used = _put_text(data, start, length, limit, entries, used)
    return used


@lean_kernel
def _put_text(data: Octets, start: Number, length: Number, limit: Number, out: Octets, at: Number) -> Number:
    """Write a text and its length before it; return the place behind. Seven bytes more may be changed."""
    put_4(out, at, np.uint64(length))
    at += 4
    done = 0
    while done < length - 8:
        put(out, at + done, get(data, start + done))
        done += 8
    rest = max(length - 8, 0)
    put(out, at + rest, _first(data, start + rest, length - rest, limit))
    return at + length


@lean_kernel
def put_texts(data: Octets, offsets: Places, at: Places, count: Number, out: Octets, place: Number) -> None:
    """Write texts and their lengths as they are; seven bytes more may be changed.

    Args:
        data: All texts; 8 bytes or more.
        offsets: Where in `data` each begins and ends.
        at: Places of those that are there.
        count: How many of them.
        out: Where to.
        place: Of the first length.
    """
    limit = len(data)
    for i in range(count):
        k = np.uint64(at[i])
        start = number_at(offsets, k)
        place = _put_text(data, start, number_at(offsets, k + _ONE) - start, limit, out, place)
