"""Finding flows by a keyed hash.

In: the key of a packet. Out: the row of its flow, or none. Slots hold (hash tag, row + 1) under linear probing at a
load of at most one half, 0 is empty. What is metered never depends on the key of the hash: nothing is ever listed in
slot order.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import inlined, lean_kernel
from redshank.flows.metering.siphash import siphash
from redshank.flows.metering.table import Int, Record, Records


@inlined
def rest_of(key: Record) -> Int:
    """Return what a KEY is beside its addresses, as one word."""
    ports = (np.uint64(key.a_port) << np.uint64(32)) | (np.uint64(key.b_port) << np.uint64(16))
    return (
        ports | np.uint64(key.proto) << np.uint64(8) | np.uint64(key.one_way) << np.uint64(4) | np.uint64(key.version)
    )


@lean_kernel
def hash_of(key: Record, k0: Int, k1: Int) -> Int:
    """Return the keyed hash of a KEY (or ROW)."""
    return siphash(k0, k1, key.a_hi, key.a_lo, key.b_hi, key.b_lo, rest_of(key))


@inlined
def same_key(row: Record, key: Record) -> bool:
    """Tell whether a row has this key."""
    return bool(
        row.a_lo == key.a_lo
        and row.b_lo == key.b_lo
        and row.a_port == key.a_port
        and row.b_port == key.b_port
        and row.proto == key.proto
        and row.a_hi == key.a_hi
        and row.b_hi == key.b_hi
        and row.version == key.version
        and row.one_way == key.one_way
    )


@inlined
def probe(slots: npt.NDArray[np.uint64], tag: Int) -> Int:
    """Return the first row under this tag, or -1: probably the one that is looked for."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    for _ in range(len(slots)):
        slot = slots[place]
        if slot == 0:
            return -1
        if (slot >> np.uint64(32)) == np.uint64(tag):
            return np.int64(slot & np.uint64(0xFFFFFFFF)) - 1
        place = (place + 1) & mask
    return -1


@lean_kernel
def find(slots: npt.NDArray[np.uint64], rows: Records, key: Record, tag: Int) -> Int:
    """Return the row of this key, or -1."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    for _ in range(len(slots)):
        slot = slots[place]
        if slot == 0:
            return -1
        if (slot >> np.uint64(32)) == np.uint64(tag):
            index = np.int64(slot & np.uint64(0xFFFFFFFF)) - 1
            if same_key(rows[index], key):
                return index
        place = (place + 1) & mask
    return -1


@lean_kernel
def insert(slots: npt.NDArray[np.uint64], tag: Int, index: Int) -> None:
    """Put row `index` under `tag`; the caller keeps the load below one half."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    while slots[place] != 0:
        place = (place + 1) & mask
    slots[place] = (np.uint64(tag) << np.uint64(32)) | np.uint64(index + 1)


@lean_kernel
def remove(slots: npt.NDArray[np.uint64], tag: Int, index: Int) -> None:
    """Take row `index` out; the probes behind it move up, so there are no tombstones."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    wanted = (np.uint64(tag) << np.uint64(32)) | np.uint64(index + 1)
    while slots[place] != wanted:
        if slots[place] == 0:
            return
        place = (place + 1) & mask
    hole = place
    place = (place + 1) & mask
    while slots[place] != 0:
        home = np.int64(slots[place] >> np.uint64(32)) & mask
        if ((place - home) & mask) >= ((place - hole) & mask):
            slots[hole] = slots[place]
            hole = place
        place = (place + 1) & mask
    slots[hole] = 0
