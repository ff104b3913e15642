"""Read the packets of Blocks: PACKET records in stretches, with the bytes that they point into.

In: Blocks, in order. Out: stretches of records and their data. Every frame gives its records together, in the order of
the frames: what a tunnel or an 802.11 aggregate carries behind what carries it.
The one idea: as long as there are no fragments of IP datagrams, records point into the block. At the first fragment the
stretch ends, and frames are copied to a work space of our own, where whole datagrams are put beside them, until no
fragment came for some frames: so any number of them costs no more than their bytes. A datagram counts as one packet at
the time of the fragment that made it whole, with that one's link layer.
Source: decode.py and fragments.py say what is decoded how.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.capture import fragments
from redshank.capture.decode import RECORDS, STOPPED, decode_frame
from redshank.capture.fast import MAX_WIRE, plain_frames
from redshank.capture.fragments import INCOMPLETE, JOINED_BYTES, TAG, Table, copy
from redshank.capture.internet import FRAGMENT
from redshank.capture.packet import ANOMALIES, HARMLESS, PACKET, Counts
from redshank.capture.source import Block
from redshank.capture.words import Bytes
from redshank.core.kernel import lean_kernel

__all__ = ["ANOMALIES", "HARMLESS", "Reader"]

STRETCH = 8192
"""Frames whose records are given at a time: as many as a source puts into a Block."""

_MAX_DATA = 1 << 31
_MAX_COPY = 1 << 17
"""Bytes of a frame that are copied to the work space; larger ones hold no fragment that we could use."""
_FRAME_ROOM = _MAX_COPY + 6 * JOINED_BYTES
_WORK_BYTES = 2 * _FRAME_ROOM
_PATIENCE = 32
"""Frames without fragment after which the work space is left."""

Frames = tuple[
    Bytes,
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]
"""A Block, as kernels take it: data, offset, captured, length, ts_ns, link_type, vlan; the last may be empty."""


class Reader:
    """Reads one stream of packets.

    Args:
        checksums: Verify the checksums of packets that were captured whole: those of TCP, UDP or ICMP that fail have
            `bad_checksum` set, those of IPv4 are dropped. Wrong for captures taken on the sending machine, whose
            network card fills them in later.

    Example:
        >>> frame = np.zeros(60, np.uint8)
        >>> frame[12:14], frame[14], frame[17], frame[23] = (8, 0), 0x45, 28, 1
        >>> one = lambda value, dtype: np.array([value], dtype)
        >>> block = Block(frame, one(0, "i8"), one(60, "i4"), one(60, "i8"), one(0, "i8"), one(1, "i4"))
        >>> [(len(data), packets["proto"].tolist()) for data, packets in Reader().packets(block)]
        [(60, [1])]
    """

    def __init__(self, *, checksums: bool = False) -> None:
        self.counts = np.zeros(len(ANOMALIES), np.int64)
        self._checksums = checksums
        self._packets = np.zeros(STRETCH + RECORDS, PACKET)
        self._saved = np.zeros(len(ANOMALIES), np.int64)
        self._table = fragments.empty_table()
        self._work = np.zeros(_WORK_BYTES, np.uint8)

    @property
    def anomalies(self) -> dict[str, int]:
        """What was counted so far, by name; names in HARMLESS are no faults."""
        return {name: int(count) for name, count in zip(ANOMALIES, self.counts, strict=True) if count}

    def packets(self, block: Block) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]]:
        """Give the packets of a block, in order, as (data, records whose payload lies in data).

        Both are overwritten by what comes next. A frame with nothing to meter gives a record with version 0.

        Shape:
            yields: [b] uint8, [n] PACKET; n at most STRETCH + RECORDS.

        Raises:
            ValueError: If the block's data is too long for 32-bit places.
        """
        if len(block.data) > _MAX_DATA:
            raise ValueError(f"packets: a block of {len(block.data)} bytes; at most {_MAX_DATA}")
        vlan = np.zeros(0, np.int32) if block.vlan is None else block.vlan
        frames = (block.data, block.offset, block.captured, block.length, block.ts_ns, block.link_type, vlan)
        at = 0
        while at < len(block.offset):
            at, count, fragment = _in_place(
                frames, at, self._packets, self.counts, self._saved, self._checksums, self._table
            )
            if count:
                yield block.data, self._packets[:count]
            if fragment:
                at, count = _in_work(frames, at, self._packets, self.counts, self._work, self._checksums, self._table)
                if count:
                    yield self._work, self._packets[:count]

    def finish(self) -> None:
        """Give up the datagrams that wait for fragments: nothing more will come."""
        numbers = self._table[0]
        self.counts[INCOMPLETE] += np.count_nonzero(numbers[TAG])
        numbers[TAG] = 0


@lean_kernel
def _in_place(
    frames: Frames,
    start: int,
    packets: npt.NDArray[Any],
    counts: Counts,
    saved: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
    table: Table,
) -> tuple[int, int, bool]:
    """Decode frames from `start` on; give the next frame, the records, and whether that frame holds a fragment."""
    data, offset, captured, length, ts_ns, link_type, vlan = frames
    n = 0
    index = start
    while index < len(offset) and n < STRETCH:
        if not checksums:
            plain = plain_frames(data, offset, captured, length, ts_ns, link_type, vlan, index, packets, n, STRETCH - n)
            n += plain
            index += plain
            if index == len(offset) or n == STRETCH:
                break
        at = 0 + offset[index]
        size = 0 + captured[index]
        wire = max(min(length[index], MAX_WIRE), size)
        tag = 0 + vlan[index] if len(vlan) else -1
        kind, time = 0 + link_type[index], 0 + ts_ns[index]
        for name in range(len(counts)):
            saved[name] = counts[name]
        given, _ = decode_frame(
            data, at, at + size, at + wire, time, kind, tag, packets, n, counts, checksums, -1, -1, table
        )
        if given == STOPPED:
            for name in range(len(counts)):
                counts[name] = saved[name]
            return index, n, True
        n = given
        index += 1
    return index, n, False


@lean_kernel
def _in_work(
    frames: Frames,
    start: int,
    packets: npt.NDArray[Any],
    counts: Counts,
    work: npt.NDArray[np.uint8],
    checksums: bool,  # noqa: FBT001  kernels take positional flags
    table: Table,
) -> tuple[int, int]:
    """Copy frames from `start` on and decode the copies; give the next frame and the records."""
    data, offset, captured, length, ts_ns, link_type, vlan = frames
    n = fill = 0
    patience = _PATIENCE
    index = start
    while index < len(offset) and n < STRETCH and fill + _FRAME_ROOM <= len(work) and patience > 0:
        size = 0 + captured[index]
        if size > _MAX_COPY:
            if index > start:
                break
            size = _MAX_COPY
        at = fill
        copy(data, 0 + offset[index], work, at, size)
        fill += size
        wire = max(min(length[index], MAX_WIRE), size)
        kind, time = 0 + link_type[index], 0 + ts_ns[index]
        tag = 0 + vlan[index] if len(vlan) else -1
        fragments_before, copied = counts[FRAGMENT], fill
        n, fill = decode_frame(
            work,
            at,
            at + size,
            at + wire,
            time,
            kind,
            tag,
            packets,
            n,
            counts,
            checksums,
            fill,
            at + _FRAME_ROOM,
            table,
        )
        patience = _PATIENCE if counts[FRAGMENT] > fragments_before or fill > copied else patience - 1
        index += 1
    return index, n
