import io
from collections.abc import Iterator

import pytest

from frames import pcap, pcapng
from redshank.capture.capture_file import CUT, CaptureFile
from redshank.core.errors import SourceError

FRAMES = [(index * 1_000_000, bytes([index]) * (20 + index)) for index in range(6)]


class Growing(io.RawIOBase):
    """A file that has its next piece only after somebody asked whether there is more."""

    def __init__(self, content: bytes, step: int) -> None:
        self.content, self.step, self.written, self.at = content, step, max(step, 28), 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = min(len(buffer), self.written - self.at, len(self.content) - self.at)
        buffer[:size] = self.content[self.at : self.at + size]
        self.at += size
        return size

    def more(self) -> bool:
        self.written += self.step
        return self.at < len(self.content)


def _times(blocks: Iterator[object]) -> list[int]:
    return [int(ts_ns) for block in blocks for ts_ns in block.ts_ns]  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", [7, 40, 1000])
@pytest.mark.parametrize("content", [pcap(FRAMES), pcapng(FRAMES)])
def test_a_growing_file_gives_every_frame_once_however_it_grows(content: bytes, step: int) -> None:
    anomalies: dict[str, int] = {}
    stream = Growing(content, step)
    assert _times(CaptureFile(stream, "'x'", anomalies).blocks(stream.more)) == [ts_ns for ts_ns, _ in FRAMES]
    assert anomalies == {}


@pytest.mark.parametrize(("content", "name"), [(pcap(FRAMES), CUT[0]), (pcapng(FRAMES), CUT[1])])
def test_a_file_that_ends_inside_a_record_says_so_under_the_name_for_it(content: bytes, name: str) -> None:
    anomalies: dict[str, int] = {}
    assert len(_times(CaptureFile(io.BytesIO(content[:-3]), "'x'", anomalies).blocks())) == 5
    assert anomalies == {name: 1}


def test_what_is_no_capture_is_refused_with_its_place() -> None:
    with pytest.raises(SourceError, match=r"capture of the day: starts with b'GET / HT', so it is no capture"):
        CaptureFile(io.BytesIO(b"GET / HTTP/1.1\r\n\r\n"), "of the day", {})
