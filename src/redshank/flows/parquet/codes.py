"""Numbers -> their places in a dictionary that a row group gathers, as long as it pays.

In: values of a page and the places of those that are there. Out: a code for each, or the word that it does not pay.
A value is sought in a hash table of at least twice as many places as the dictionary has values; it grows with the
dictionary, so that a column of few values stays in the fastest memory. What is new too often closes the dictionary
early; so does a value that is not found in TRIES places: whoever sends colliding values gains nothing.
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.parquet.columns import START_SLOTS, Column
from redshank.flows.parquet.memory import Codes, Number, Places, Words

TRIES = 32
"""Places of the hash table that are looked at for one value."""

_FREE = 512
"""New values that are taken however few values there were."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)


@lean_kernel
def _slot(value: Number, mask: Number) -> Number:
    return (np.uint64(value) * _FACTOR) >> np.uint64(50) & mask


@lean_kernel
def code(
    values: Words,
    at: Places,
    count: Number,
    column: Column,
    share: Number,
    entries: Words,
    firsts: Places,
    slots: Codes,
    codes: Codes,
) -> bool:
    """Give values their codes; return whether the dictionary still pays.

    Args:
        values: As uint32 or uint64: what is the same bit for bit is the same.
        at: Places of those that are there.
        count: How many of them.
        column: The COLUMN.
        share: Eighths of the values that may be new.
        entries: The dictionary, as `values`.
        firsts: Where to write the place of each new value.
        slots: Its hash table.
        codes: Where to.
    """
    mask, distinct, seen = np.uint64(column.mask), column.distinct, column.values
    for i in range(count):
        value = values[at[i]]
        slot, step, found = _slot(value, mask), np.uint64(0), slots[_slot(value, mask)]
        while found != 0 and entries[found - _ONE] != value:
            step += _ONE
            slot = (slot + step) & mask
            found = slots[slot]
            if step > TRIES:
                return False
        if found == 0:
            if distinct >= min(_FREE + ((seen + i) * share >> 3), len(entries)):
                return False
            entries[distinct], firsts[distinct] = value, at[i]
            distinct += 1
            found = np.uint16(distinct)
            slots[slot] = found
            if 2 * distinct > np.int64(mask) + 1:
                mask = _grow(column, entries, distinct, slots)
        codes[i] = found - _ONE
    column.distinct = distinct
    return True


@lean_kernel
def _grow(column: Column, entries: Words, distinct: Number, slots: Codes) -> Number:
    """Put the dictionary into a hash table four times as large, if there is room; return the new mask."""
    column.mask = min(column.mask << 2 | 3, len(slots) - 1)
    mask = np.uint64(column.mask)
    for k in range(column.mask + 1):
        slots[k] = 0
    for k in range(distinct):
        slot, step = _slot(entries[k], mask), np.uint64(0)
        while slots[slot] != 0:
            step += _ONE
            slot = (slot + step) & mask
        slots[slot] = k + 1
    return mask


@lean_kernel
def forget(column: Column, slots: Codes) -> None:
    """Empty the dictionary for the next row group."""
    for k in range(column.mask + 1):
        slots[k] = 0
    column.mask = START_SLOTS - 1
    column.distinct = column.entries_used = column.longest = 0
