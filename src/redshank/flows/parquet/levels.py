"""Which values of a column are there -> their places, and the levels that Parquet writes for it.

In: an Arrow array's bits of validity and, for a list, where its rows begin. Out: places of the values that are there
in the array (or the array of members), and the sections of levels of the page.
A level of definition says how far down the path to a value something is there: 0 or 1 for a value, for a list 0 (no
list), 1 (an empty one), 2 (a null member), 3 (a member). A level of repetition is 0 for what begins a row.
Neighboring columns often have nulls in the same rows: places and levels of the column before are used again.
Source: https://parquet.apache.org/docs/file-format/nestedencoding/
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.parquet.memory import Codes, Number, Octets, Places, Words, lowest, number_at, put
from redshank.flows.parquet.runs import number, number_size, packed, packed_size, repeated, repeated_size, section


@lean_kernel
def is_there(bits: Octets, k: Number) -> bool:
    """Say whether bit `k` is set; without bits all are."""
    return len(bits) == 0 or bits[k >> 3] >> np.uint8(k & 7) & 1 != 0


@lean_kernel
def all_levels(out: Octets, count: Number, level: Number) -> Number:
    """Write the section of levels of definition that are all the same; return its size."""
    at = section(out, 0, repeated_size(1, count))
    return repeated(out, at, 1, count, level)


@lean_kernel
def take_bits(bits: Octets, offset: Number, count: Number, words: Words) -> bool:
    """Take bits as words, the first lowest, 0 behind the last; return whether they were there before.

    Args:
        bits: Bits of validity.
        offset: Number of the first.
        count: How many, from 1.
        words: Where to; holds the bits of another column, or zeros.
    """
    same, shift = True, np.uint64(offset & 7)
    at, end = offset >> 3, (offset + count + 7) >> 3
    for k in range((count + 63) >> 6):
        word = np.uint64(0)
        for j in range(min(end - at, 8)):
            word |= np.uint64(bits[at + j]) << np.uint64(8 * j)
        if shift:
            word >>= shift
            if end - at > 8:
                word |= np.uint64(bits[at + 8]) << (np.uint64(64) - shift)
        left = count - (k << 6)
        if left < 64:
            word &= (np.uint64(1) << np.uint64(left)) - np.uint64(1)
        same &= words[k] == word
        words[k] = word
        at += 8
    return same


@lean_kernel
def places_of(words: Words, count: Number, at: Places) -> Number:
    """Write the numbers of the bits that are set; return how many there are."""
    found = 0
    for k in range((count + 63) >> 6):
        word, first = words[k], k << 6
        while word != 0:
            at[found] = first + lowest(word)
            word &= word - np.uint64(1)
            found += 1
    return found


@lean_kernel
def bit_levels(out: Octets, words: Words, count: Number) -> Number:
    """Write the section of levels of definition 0 and 1 that are the bits of `words`; return its size."""
    groups = (count + 7) >> 3
    at = section(out, 0, number_size(groups << 1 | 1) + groups)
    at = number(out, at, groups << 1 | 1)
    for k in range((groups + 7) >> 3):
        put(out, at + 8 * k, words[k])
    return at + groups


@lean_kernel
def list_levels(
    bits: Octets,
    offset: Number,
    starts: Places,
    rows: Number,
    inner_bits: Octets,
    origin: Number,
    at: Places,
    depths: Codes,
    out: Octets,
) -> tuple[Number, Number, Number]:
    """Find the members of lists; return how many are there, how many levels there are and the size of their sections.

    Args:
        bits: Bits of validity of the lists, or none.
        offset: Number of the first.
        starts: Where each list's members begin, and where the last one's end.
        rows: How many lists, from 1.
        inner_bits: Bits of validity of the members, or none.
        origin: Number of the first list's first member in the array of members.
        at: Where to write the places of members that are there, counted from `origin`; left as it is if all are, and
            each list has some.
        depths: Room for a level of definition each.
        out: Where to write the sections of levels.
    """
    base, full = number_at(starts, 0), len(bits) == 0 and len(inner_bits) == 0
    for row in range(rows):
        full &= starts[row + 1] > starts[row]
    if full:
        levels = number_at(starts, rows) - base
        size = _repetitions(out, bits, offset, starts, rows, levels)
        place = section(out, size, repeated_size(2, levels))
        return levels, levels, repeated(out, place, 2, levels, 3)
    levels = found = 0
    for row in range(rows):
        first, last = number_at(starts, row) - base, number_at(starts, row + 1) - base
        there = is_there(bits, offset + row)
        if not there or first == last:
            depths[levels] = there
            levels += 1
            continue
        for k in range(first, last):
            there = is_there(inner_bits, origin + k)
            depths[levels] = 3 if there else 2
            levels += 1
            at[found] = k
            found += there
    size = _repetitions(out, bits, offset, starts, rows, levels)
    place = section(out, size, packed_size(2, levels))
    return found, levels, packed(out, place, 2, depths, levels)


@lean_kernel
def _repetitions(out: Octets, bits: Octets, offset: Number, starts: Places, rows: Number, levels: Number) -> Number:
    """Write the section of levels of repetition: 1 everywhere but where a row begins."""
    groups = (levels + 7) >> 3
    at = section(out, 0, number_size(groups << 1 | 1) + groups)
    at = number(out, at, groups << 1 | 1)
    for k in range(groups):
        out[at + k] = 255
    if levels & 7:
        out[at + groups - 1] = np.uint8(255 >> (8 - (levels & 7)))
    level = 0
    for row in range(rows):
        out[at + (level >> 3)] &= np.uint8(255 ^ (1 << (level & 7)))
        length = number_at(starts, row + 1) - number_at(starts, row)
        level += length if length > 0 and is_there(bits, offset + row) else 1
    return at + groups
