"""Read frames from a capture file, a pipe or standard input: pcap or pcapng, plain or gzip.

In: a path; `-` is standard input. Out: Blocks, as capture_file.py finds them.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redshank.capture.capture_file import MAX_FRAMES, CaptureFile
from redshank.capture.inflate import Stream
from redshank.capture.source import Block, PacketSource
from redshank.core.errors import ConfigError, SourceError

__all__ = ["MAX_FRAMES", "STANDARD_INPUT", "Pcap"]

STANDARD_INPUT = Path("-")


class Pcap(PacketSource):
    """A capture file.

    Args:
        path: The file; may be a named pipe, or `-` for standard input (a file of that name is named with its folder).

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
        self._standard = str(path) == str(STANDARD_INPUT)
        self._where = "of standard input" if self._standard else repr(str(path))
        self._read = False
        # Even to open a pipe would take its writer away: it gives its bytes only once, to the first who opens it.
        if not self._standard and not _is_pipe(path):
            with self._opened() as (stream, regular):
                if regular:
                    CaptureFile(stream, self._where, self.anomalies)

    def blocks(self) -> Iterator[Block]:
        """Give the file's frames in file order; every call starts the file, and the anomalies, over.

        Raises:
            ConfigError: If the file is gone.
            SourceError: If it is no capture, reading stopped, or standard input was read before.
        """
        self.anomalies.clear()
        with self._opened() as (stream, _):
            yield from CaptureFile(stream, self._where, self.anomalies).blocks()

    @contextmanager
    def _opened(self) -> Iterator[tuple[Stream, bool]]:
        if self._standard:
            self._begin_standard()
        try:
            # The descriptor and not sys.stdin: nothing of it may be read ahead, and nobody needs it as text.
            name = 0 if self._standard else self.path
            with open(name, "rb", buffering=0, closefd=not self._standard) as file:
                yield file, stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        except FileNotFoundError:
            raise ConfigError(
                f"capture: there is no file {str(self.path)!r}; name a pcap or pcapng file, plain or gzip"
            ) from None
        except IsADirectoryError:
            raise SourceError(f"capture {self._where}: is a folder; name one capture file in it") from None
        except OSError as error:
            raise SourceError(
                f"capture {self._where}: cannot be read ({error.strerror}); name a file that you may read"
            ) from None

    def _begin_standard(self) -> None:
        if self._read:
            raise SourceError("capture of standard input: was read before, and gives its bytes only once; name a file")
        if os.isatty(0):
            raise SourceError("capture of standard input: is a terminal; pipe a capture into it, or name a file")
        self._read = True


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:  # opening it will say what is wrong
        return False
