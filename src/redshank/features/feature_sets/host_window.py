"""The last flows of a flow's source device: what it did before tells more than what it does now.

In: FLOW rows of one network, in the order in which they are told. Out: [n, 16 * 20] float32: 16 flows, the oldest first
and the row's own last, each with the columns of `conn` and the time since the flow before it. Missing history is NaN.

The one idea is that a window looks back only: it holds flows of the same `src_ip` that were told before and did not
start later, by time of start (of flows that start together the one told first is earlier). So rows do not depend on how
flows were cut into batches, and where flows come in the order of `ts`, a window is simply the last 16. A sensor tells a
flow when it ends: one that comes late finds its place by its start among the last KEPT, and a final row takes the place
of the same flow's interim row. A flow without time or source is alone in its window and leaves no trace.

Memory is bounded: KEPT flows each of DEVICES devices, 25 MB when full. Then the device seen least recently is forgotten
and counted; addresses are found by Python's keyed hash, so nobody can choose some that collide.
"""

import logging
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.core.schema import flow_batch
from redshank.features.feature_set import Column, FeatureSet
from redshank.features.feature_sets.conn import Conn

STEPS = 16
KEPT = 32
"""Flows of a device that are remembered: twice a window, so that one told late still finds those before it."""
DEVICES = 8192
"""Devices that are remembered; a network of homes or of one site has fewer."""
NEVER = -(2**63)
"""As the start of a flow: it has none."""

_log = logging.getLogger(__name__)

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class HostWindow(FeatureSet):
    """Windows of a device's flows; see the module's text for their order.

    Wrong for flows of several networks at once, where one address is several devices, and for records without times.

    Args:
        devices: Most devices that are remembered, 1 or more.

    Attributes:
        forgotten: Devices that had to make room for another.
    """

    name: ClassVar[str] = "host_window"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[Column, ...]] = (*Conn.columns, Column("gap", "s", heavy_tail=True))
    steps: ClassVar[int] = STEPS
    remembers: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("ts", "src_ip")

    def __init__(self, devices: int = DEVICES) -> None:
        self.forgotten = 0
        self._conn = Conn()
        self._slots: dict[str, int] = {}
        self._owners: list[str | None] = [None] * devices
        # Zeros are memory only once something is written there.
        self._values = np.zeros((devices, KEPT, len(Conn.columns)), dtype=np.float32)
        self._starts = np.zeros((devices, KEPT), dtype=np.int64)
        self._flows = np.zeros((devices, KEPT), dtype=np.int64)
        self._order = np.zeros((devices, KEPT), dtype=np.int8)
        self._held = np.zeros(devices, dtype=np.int64)
        self._seen = np.full(devices, -1, dtype=np.int64)
        self._rows = 0
        self.encode(flow_batch({}, rows=0))  # loads the kernel before a wire fills its ring

    def encode(self, flows: pa.RecordBatch) -> Floats:
        """Turn FLOW rows into windows, and remember them.

        Shape:
            returns: [n, 320] float32; n rows of `flows`.
        """
        rows = flows.num_rows
        out = np.full((rows, self.steps, len(self.columns)), np.nan, dtype=np.float32)
        sources = flows.column("src_ip").dictionary_encode()
        devices = sources.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        addresses = sources.dictionary.to_pylist()
        starts = flows.column("ts").cast(pa.int64()).fill_null(NEVER).to_numpy(zero_copy_only=False)
        uids = np.fromiter((0 if uid is None else hash(uid) for uid in flows.column("uid").to_pylist()), np.int64, rows)
        before = np.array([self._slots.get(address, -1) for address in addresses], dtype=np.int64)
        slots = before.copy()
        holders = np.full(len(self._owners), -1, dtype=np.int64)
        holders[before[before >= 0]] = np.flatnonzero(before >= 0)
        forgotten = _windows(
            *(out, self._conn.encode(flows), devices, np.array(starts, dtype=np.int64), uids, slots, holders),
            *(self._values, self._starts, self._flows, self._order, self._held, self._seen, self._rows),
        )
        self._rows += rows
        if forgotten and not self.forgotten:
            _log.warning(
                "host_window: more than %d devices; those seen least recently are forgotten, and counted",
                len(self._owners),
            )
        self.forgotten += forgotten
        self._moved(addresses, before, slots)
        return out.reshape(rows, self.steps * len(self.columns))

    def _moved(self, addresses: list[str], before: Longs, slots: Longs) -> None:
        """Take down which devices have a place now, and which lost theirs."""
        moved = np.flatnonzero(slots != before).tolist()
        for at in moved:
            self._slots.pop(addresses[at], None)
        for at in moved:
            slot = int(slots[at])
            if slot < 0:
                continue
            owner = self._owners[slot]
            if owner is not None and self._slots.get(owner) == slot:
                del self._slots[owner]
            self._slots[addresses[at]] = slot
            self._owners[slot] = addresses[at]


@lean_kernel
def _windows(
    out: Floats,
    x: Floats,
    devices: Longs,
    starts: Longs,
    uids: Longs,
    slots: Longs,
    holders: Longs,
    values: Floats,
    kept_starts: Longs,
    kept_uids: Longs,
    order: npt.NDArray[np.int8],
    held: Longs,
    seen: Longs,
    rows_before: int,
) -> int:
    """Fill the windows of a batch and remember its flows; return how many devices were forgotten.

    A device's flows stand anywhere in its slot; `order` has their places, the earliest start first.

    Shape:
        out: [n, steps, c + 1], NaN; x: [n, c]; devices: [n], index in slots or -1; starts, uids: [n]; slots: [d];
        holders: [s], index in slots of who has the slot, -1 if not of this batch; values: [s, kept, c];
        kept_starts, kept_uids, order: [s, kept]; held, seen: [s].
    """
    steps, gap, kept = out.shape[1], x.shape[1], values.shape[1]
    forgotten = 0
    for row in range(len(x)):
        for column in range(gap):
            out[row, steps - 1, column] = x[row, column]
        device, start = devices[row], starts[row]
        if device < 0 or start == NEVER:
            continue
        slot = slots[device]
        if slot < 0:
            slot = _least(seen)
            if seen[slot] >= 0:
                forgotten += 1
                if holders[slot] >= 0:
                    slots[holders[slot]] = -1
            held[slot], holders[slot], slots[device] = 0, device, slot
        seen[slot] = rows_before + row
        place = order[slot]
        at = held[slot]
        while at > 0 and kept_starts[slot, place[at - 1]] > start:
            at -= 1
        known = -1
        back = at - 1
        while uids[row] != 0 and back >= 0 and kept_starts[slot, place[back]] == start:
            if kept_uids[slot, place[back]] == uids[row]:
                known = place[back]
            back -= 1
        step, later = steps - 1, start
        for back in range(at - 1, -1, -1):
            found = place[back]
            if found == known:
                continue
            out[row, step, gap] = (later - kept_starts[slot, found]) * 1e-9
            step -= 1
            if step < 0:
                break
            later = kept_starts[slot, found]
            for column in range(gap):
                out[row, step, column] = values[slot, found, column]
        if known < 0:
            known = _place(place, held, slot, at, kept)
        if known >= 0:
            for column in range(gap):
                values[slot, known, column] = x[row, column]
            kept_starts[slot, known], kept_uids[slot, known] = start, uids[row]
    return forgotten


@lean_kernel
def _least(seen: Longs) -> int:
    """Return the slot that was never used, or else not for longest."""
    least = 0
    for slot in range(len(seen)):
        if seen[slot] < seen[least]:
            least = slot
            if seen[slot] < 0:
                break
    return least


@lean_kernel
def _place(place: npt.NDArray[np.int8], held: Longs, slot: int, at: int, kept: int) -> int:
    """Make room for a flow before the one that is `at` by start; return where it is to stand, -1 if it is too old."""
    count = int(held[slot])
    if count < kept:
        for later in range(count, at, -1):
            place[later] = place[later - 1]
        place[at] = count
        held[slot] = count + 1
        return count
    if at == 0:
        return -1
    oldest = int(place[0])
    for later in range(at - 1):
        place[later] = place[later + 1]
    place[at - 1] = oldest
    return oldest
