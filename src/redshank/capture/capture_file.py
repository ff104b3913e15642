"""The content of one capture file, pcap or pcapng, plain or gzip, as Blocks.

In: a binary stream at its start. Out: Blocks of at most MAX_FRAMES frames, in bounded memory whatever the file says
about itself. The one idea: the file is read in chunks into one buffer, a compiled index finds the frames of a chunk,
and the record that a chunk cuts is carried over to the next. Damage ends the file with one anomaly; what stands before
it is given. Whoever reads may know that a file still grows: its end is then only where it ends for now.
Source: the drafts that pcap_records.py and pcapng_blocks.py name.
"""

from collections.abc import Callable, Iterator

import numpy as np

from redshank.capture import pcap_records, pcapng_blocks
from redshank.capture.inflate import MAGIC as GZIP
from redshank.capture.inflate import Inflate, Stream
from redshank.capture.pcap_records import FULL, MORE, Index, Records
from redshank.capture.pcapng_blocks import Blocks
from redshank.capture.source import Block, index_room
from redshank.core.errors import SourceError

MAX_FRAMES = 8192
"""Frames in one Block."""

CUT = (pcap_records.TRUNCATED, pcapng_blocks.TRUNCATED)
"""Anomalies of a file that ends inside a record; of one that still grows they say nothing."""

_CHUNK_BYTES = 768 * 1024
"""Read at once: with the records made of it, it stays in a core's own cache (2 MiB) until the meter has taken them."""

_HEAD_BYTES = 28  # enough of either format to know it, and to refuse a version that we cannot read

# What people hand over in place of a capture, by its first bytes: what it is, and what to do.
_OTHERS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the capture itself; run `git lfs pull` where it came from"),
    (b"snoop\0\0\0", "a snoop capture; convert it with `editcap -F pcap IN OUT`"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; decompress it with `zstd -d`"),
    (b"\xfd7zXZ\0", "compressed with xz; decompress it with `xz -d`"),
    (b"BZh", "compressed with bzip2; decompress it with `bzip2 -d`"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
)


class CaptureFile:
    """One capture file that was opened.

    Args:
        stream: The file, at its start; a few bytes are read at once.
        where: What to call it in a message.
        anomalies: Counted into, by name.

    Raises:
        SourceError: If it is no capture.
    """

    def __init__(self, stream: Stream, where: str, anomalies: dict[str, int]) -> None:
        self._anomalies = anomalies
        self._source = stream
        self._head = _read(stream, _HEAD_BYTES)
        packed = self._head.startswith(GZIP)
        if packed:
            self._source = Inflate(stream, self._head)
            self._head = _read(self._source, _HEAD_BYTES)
        records: Records | Blocks | None = None
        what = ""
        try:
            if self._head[:4] in pcap_records.MAGICS:
                pcap_records.check_header(self._head)
                records = Records()
            elif self._head[:4] == pcapng_blocks.SECTION:
                pcapng_blocks.check_header(self._head)
                records = Blocks()
            else:
                what = _description(self._head)
        except ValueError as error:
            what = f"has {error}"
        if records is None:
            raise SourceError(f"capture {where}: {'its gzip content ' if packed else ''}{what}")
        self._records = records

    def blocks(self, more: Callable[[], bool] | None = None) -> Iterator[Block]:
        """Give the frames in file order.

        Args:
            more: Asked wherever the file ends, perhaps after a while, whether to try again; None: the end is the end.
        """
        data = np.empty(_CHUNK_BYTES, np.uint8)
        arrays: Index = index_room(MAX_FRAMES)[:5]  # a file says nothing of VLAN tags that a card took out
        rest = np.frombuffer(self._head, np.uint8)
        while True:
            if len(data) < 2 * len(rest):  # a record that is larger than what is read at once
                data = np.empty(2 * len(rest), np.uint8)
            data[: len(rest)] = rest
            new = self._source.readinto(data[len(rest) :].data) or 0
            stop = len(rest) + new
            at, state = 0, FULL
            while state == FULL:
                count, at, state = self._records.index(data, at, stop, arrays)
                if count:
                    offset, captured, length, ts_ns, link_type = (array[:count] for array in arrays)
                    yield Block(data, offset, captured, length, ts_ns, link_type)
                if 2 * (stop - at) < len(data):  # a small rest would make a small block
                    break
            if state >= 0:
                self._anomalies[self._records.faults[state]] = 1
                return
            rest = data[at:stop]
            if state == MORE and new == 0 and not (more and more()):
                fault = self._source.fault if isinstance(self._source, Inflate) else None
                if fault or len(rest):
                    self._anomalies[fault or self._records.truncated] = 1
                return


def _read(source: Stream, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end; a pipe gives them in pieces."""
    buffer = bytearray(size)
    filled = 0
    while filled < size and (new := source.readinto(memoryview(buffer)[filled:])):
        filled += new
    return bytes(buffer[:filled])


def _description(head: bytes) -> str:
    """Say what a file that is no capture is, and what to do."""
    if not head:
        return "is empty; a capture has at least a file header of 24 bytes"
    for start, what in _OTHERS:
        if head.startswith(start):
            return f"is {what}"
    return (
        f"starts with {head[:8]!r}, so it is no capture; pcap and pcapng are read, plain or gzip; "
        "other formats convert with `editcap -F pcap IN OUT`"
    )
