import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redshank.capture.pcap_records import HEADER_BYTES
from redshank.core.errors import SourceError
from redshank.lab.retimed import retimed

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 200, 1)


def capture(frames: list[tuple[int, bytes]]) -> bytes:
    """Return a capture of frames at microseconds since the epoch."""
    return HEADER + b"".join(
        struct.pack("<IIII", *divmod(us, 10**6), len(frame), len(frame) + 7) + frame for us, frame in frames
    )


@given(
    frames=st.lists(st.tuples(st.integers(0, 2**31 * 10**6), st.binary(max_size=200)), max_size=40),
    later_us=st.integers(0, 10**12),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_frame_is_where_and_what_it_was_and_only_its_time_is_another(
    tmp_path: Path, frames: list[tuple[int, bytes]], later_us: int
) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(capture(frames))
    found = b"".join(retimed(path, lambda ts_ns: ts_ns + later_us * 1000))
    assert found == capture([(us + later_us, frame) for us, frame in frames])


def test_memory_does_not_grow_with_the_capture(tmp_path: Path) -> None:
    most = []
    for count in (20_000, 200_000):
        path = tmp_path / f"{count}.pcap"
        path.write_bytes(capture([(us, b"x" * 60) for us in range(count)]))
        tracemalloc.start()
        assert sum(map(len, retimed(path, lambda ts_ns: ts_ns * 2))) == HEADER_BYTES + count * 76
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.1 * most[0]


def test_what_is_no_capture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear all, the weather is fine")
    with pytest.raises(SourceError, match="letter.txt.*starts with b'Dear all', so it is no capture"):
        list(retimed(path, np.sort))
