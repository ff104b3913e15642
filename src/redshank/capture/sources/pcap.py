"""Read frames from a capture file: pcap or pcapng, plain or gzip.

In: a path. Out: Blocks of at most MAX_FRAMES frames, in bounded memory whatever the file says about itself.
The one idea: the file is read in chunks, a compiled index finds the frames of a chunk, and the record that a chunk
cuts is carried over to the next. Damage ends the file with one anomaly; what stands before it is given.
Source: the drafts that pcap_records.py and pcapng_blocks.py name.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from redshank.capture import pcap_records, pcapng_blocks
from redshank.capture.inflate import MAGIC as GZIP
from redshank.capture.inflate import Inflate, Stream
from redshank.capture.pcap_records import FULL, MORE, Index, Records
from redshank.capture.pcapng_blocks import Blocks
from redshank.capture.source import Block, PacketSource
from redshank.core.errors import ConfigError, SourceError

MAX_FRAMES = 8192
"""Frames in one Block."""

_CHUNK_BYTES = 2 * 1024 * 1024
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


class Pcap(PacketSource):
    """A capture file.

    Args:
        path: The file; may be a named pipe.

    Raises:
        ConfigError: If there is no such file.
        SourceError: If it is no capture, or cannot be read.

    Example:
        >>> import struct, tempfile
        >>> path = Path(tempfile.mkdtemp()) / "one.pcap"
        >>> header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        >>> path.write_bytes(header + struct.pack("<IIII", 5, 0, 3, 60) + b"abc")
        43
        >>> block = next(Pcap(path).blocks())
        >>> block.offset.tolist(), block.captured.tolist(), block.length.tolist(), block.ts_ns.tolist()
        ([40], [3], [60], [5000000000])
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.anomalies: dict[str, int] = {}
        # Even to open a pipe would take its writer away: it gives its bytes only once, to the first who opens it.
        if not _is_pipe(path):
            with self._opened() as (stream, regular):
                if regular:
                    self._begin(stream)

    def blocks(self) -> Iterator[Block]:
        """Give the file's frames in file order; every call starts the file, and the anomalies, over.

        Raises:
            ConfigError: If the file is gone.
            SourceError: If it is no capture, or reading stopped.
        """
        self.anomalies.clear()
        with self._opened() as (stream, _):
            source, records, head = self._begin(stream)
            rest = np.frombuffer(head, np.uint8)
            while True:
                # A fresh buffer each time: whoever still holds the last Block keeps what is in it.
                data = np.empty(max(_CHUNK_BYTES, 2 * len(rest)), np.uint8)
                data[: len(rest)] = rest
                new = source.readinto(data[len(rest) :].data) or 0
                stop = len(rest) + new
                at, state = 0, FULL
                while state == FULL:
                    arrays = _arrays()
                    count, at, state = records.index(data, at, stop, arrays)
                    if count:
                        yield Block(data, *(array[:count] for array in arrays))
                if state != MORE:
                    self.anomalies[records.faults[state]] = 1
                    return
                rest = data[at:stop]
                if new == 0:
                    fault = source.fault if isinstance(source, Inflate) else None
                    if fault or len(rest):
                        self.anomalies[fault or records.truncated] = 1
                    return

    @contextmanager
    def _opened(self) -> Iterator[tuple[Stream, bool]]:
        try:
            with self.path.open("rb", buffering=0) as file:
                yield file, stat.S_ISREG(self.path.stat().st_mode)
        except FileNotFoundError:
            raise ConfigError(
                f"capture: there is no file {str(self.path)!r}; name a pcap or pcapng file, plain or gzip"
            ) from None
        except IsADirectoryError:
            raise SourceError(f"capture {str(self.path)!r}: is a folder; name one capture file in it") from None
        except OSError as error:
            raise SourceError(
                f"capture {str(self.path)!r}: cannot be read ({error.strerror}); name a file that you may read"
            ) from None

    def _begin(self, stream: Stream) -> tuple[Stream, Records | Blocks, bytes]:
        """See what the file is; give its content, a reader of it and what was read."""
        source = stream
        head = _read(source, _HEAD_BYTES)
        packed = head.startswith(GZIP)
        if packed:
            source = Inflate(stream, head)
            head = _read(source, _HEAD_BYTES)
        records: Records | Blocks | None = None
        what = ""
        try:
            if head[:4] in pcap_records.MAGICS:
                pcap_records.check_header(head)
                records = Records()
            elif head[:4] == pcapng_blocks.SECTION:
                pcapng_blocks.check_header(head)
                records = Blocks()
            else:
                what = _description(head)
        except ValueError as error:
            what = f"has {error}"
        if records is None:
            raise SourceError(f"capture {str(self.path)!r}: {'its gzip content ' if packed else ''}{what}")
        return source, records, head


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:  # opening it will say what is wrong
        return False


def _arrays() -> Index:
    return (
        np.empty(MAX_FRAMES, np.int64),
        np.empty(MAX_FRAMES, np.int32),
        np.empty(MAX_FRAMES, np.int64),
        np.empty(MAX_FRAMES, np.int64),
        np.empty(MAX_FRAMES, np.int32),
    )


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
