import struct

import numpy as np
import pytest

from frames import RAW, pcap
from redshank.capture.pcap_records import FAULTS, FULL, MAGICS, MAX_FRAME, MORE, Index, Records, check_header

TIMES_NS = (1_700_000_000_123_456_000, 1_700_000_001_000_000_000)
FRAMES = [(TIMES_NS[0], b"abc"), (TIMES_NS[1], b"defgh" * 20)]


def _arrays(size: int = 8) -> Index:
    return tuple(np.zeros(size, dtype) for dtype in ("i8", "i4", "i8", "i8", "i4"))


def _index(content: bytes, *, size: int = 8, records: Records | None = None) -> tuple[int, int, int, Index]:
    arrays = _arrays(size)
    data = np.frombuffer(content, np.uint8).copy()
    return *(records or Records()).index(data, 0, len(data), arrays), arrays


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_all_four_magic_numbers_are_read(*, big_endian: bool, nanoseconds: bool) -> None:
    content = pcap(FRAMES, big_endian=big_endian, nanoseconds=nanoseconds, snap_length=50, link_type=RAW)
    count, at, state, (offset, captured, length, ts_ns, link_type) = _index(content)
    assert (count, at, state) == (2, len(content), MORE)
    assert (offset[:2].tolist(), captured[:2].tolist()) == ([40, 59], [3, 50])
    assert (length[:2].tolist(), ts_ns[:2].tolist(), link_type[:2].tolist()) == ([3, 100], list(TIMES_NS), [RAW, RAW])


def test_nanoseconds_survive() -> None:
    _, _, _, arrays = _index(pcap([(1_000_000_001, b"x")], nanoseconds=True))
    assert arrays[3][0] == 1_000_000_001


def test_times_beyond_2038_are_not_negative() -> None:
    late = 4_000_000_000 * 1_000_000_000
    assert _index(pcap([(late, b"x")]))[3][3][0] == late


def test_full_arrays_stop_the_index_where_it_can_go_on() -> None:
    content = pcap([(0, b"x" * size) for size in (1, 2, 3)])
    records = Records()
    count, at, state, _ = _index(content, size=2, records=records)
    assert (count, state) == (2, FULL)
    count, at, state, arrays = _index(content[at:], size=2, records=records)
    assert (count, state, arrays[1][0]) == (1, MORE, 3)


def test_a_cut_record_waits_for_more() -> None:
    content = pcap(FRAMES)
    for size in range(len(content)):
        count, at, state, _ = _index(content[:size])
        assert state == MORE
        assert count == (0 if size < 43 else 1)
        assert at == (0 if size < 24 else 24 if size < 43 else 43)


def test_a_frame_larger_than_any_is_a_fault() -> None:
    content = pcap(FRAMES[:1]) + struct.pack("<IIII", 0, 0, MAX_FRAME + 1, MAX_FRAME + 1)
    count, _, state, _ = _index(content)
    assert (count, FAULTS[state]) == (1, "pcap_frame_too_large")


def test_the_length_of_a_check_sequence_is_no_part_of_the_link_type() -> None:
    # Bits 28 to 31 say "frame check sequence of 4 bytes" in units of 2, bit 26 that they are valid.
    head = pcap([])[:20] + struct.pack("<I", 0x24000001)
    check_header(head)
    assert _index(head + pcap(FRAMES)[24:])[3][4][0] == 1


@pytest.mark.parametrize("magic", MAGICS)
def test_a_file_header_that_is_cut_is_not_refused(magic: bytes) -> None:
    check_header(magic)
    check_header(magic + b"\0\0\0")


def test_a_wrong_version_and_reserved_bits_are_refused_by_value() -> None:
    with pytest.raises(ValueError, match=r"pcap version 1\.4; only 2\.x exists"):
        check_header(b"\xd4\xc3\xb2\xa1\x01\x00\x04\x00")
    with pytest.raises(ValueError, match="link type 0x00300000; its reserved bits must be zero"):
        check_header(pcap([])[:20] + struct.pack("<I", 0x00300000))
