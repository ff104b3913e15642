import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from frames import RAW, enhanced, interface, option, pcapng, pcapng_block, section
from redshank.capture.pcap_records import FULL, MAX_FRAME, MORE, Index
from redshank.capture.pcapng_blocks import FAULTS, MAX_BLOCK, MAX_INTERFACES, Blocks, check_header

FOREVER_NS = 2**63 - 1


def _index(content: bytes, *, size: int = 8) -> tuple[int, int, int, Index]:
    arrays: Index = tuple(np.zeros(size, dtype) for dtype in ("i8", "i4", "i8", "i8", "i4"))
    data = np.frombuffer(content, np.uint8).copy()
    return *Blocks().index(data, 0, len(data), arrays), arrays


def _time_ns(ticks: int, *options: bytes) -> int:
    count, _, _, arrays = _index(section() + interface(options=b"".join(options)) + enhanced(b"x", ticks))
    assert count == 1
    return int(arrays[3][0])


@pytest.mark.parametrize("big_endian", [False, True])
def test_enhanced_packets_are_found_in_both_byte_orders(*, big_endian: bool) -> None:
    content = pcapng([(5_000_000_007, b"abc"), (2**60 + 1, b"defgh")], big_endian=big_endian, link_type=RAW)
    count, at, state, (offset, captured, length, ts_ns, link_type) = _index(content)
    assert (count, at, state) == (2, len(content), MORE)
    assert [content[o : o + c] for o, c in zip(offset[:2], captured[:2], strict=True)] == [b"abc", b"defgh"]
    assert (length[:2].tolist(), ts_ns[:2].tolist()) == ([3, 5], [5_000_000_007, 2**60 + 1])
    assert link_type[:2].tolist() == [RAW, RAW]


def test_each_frame_has_the_link_type_and_the_clock_of_its_interface() -> None:
    content = (
        section()
        + interface(link_type=1)
        + interface(link_type=113, options=option(9, b"\x09"))
        + enhanced(b"a", 1_000_000, number=0)
        + enhanced(b"b", 1_000_000, number=1)
    )
    _, _, _, arrays = _index(content)
    assert arrays[4][:2].tolist() == [1, 113]
    assert arrays[3][:2].tolist() == [1_000_000_000, 1_000_000]


def test_a_new_section_forgets_interfaces_and_may_change_the_byte_order() -> None:
    first = pcapng([(1, b"a")], link_type=1)
    second = pcapng([(2, b"b")], link_type=RAW, big_endian=True)
    count, _, _, arrays = _index(first + second)
    assert (count, arrays[4][:2].tolist(), arrays[3][:2].tolist()) == (2, [1, RAW], [1, 2])
    count, _, state, _ = _index(first + section() + enhanced(b"b"))
    assert (count, FAULTS[state]) == (1, "pcapng_interface_unknown")


@pytest.mark.parametrize(
    ("resolution", "ticks", "ns"),
    [
        (None, 1_500_000, 1_500_000_000),
        (0, 3, 3_000_000_000),
        (3, 1_234, 1_234_000_000),
        (6, 1, 1_000),
        (9, 2**62, 2**62),
        (12, 1_999, 1),
        (27, 2**62, 4),
        (28, 2**62, 0),
        (127, 2**62, 0),
        (0x80, 7, 7_000_000_000),
        (0x80 | 10, 1536, 1_500_000_000),
        (0x80 | 32, 3 << 31, 1_500_000_000),
        (0x80 | 40, 3 << 39, 1_500_000_000),
        (0x80 | 62, 3 << 61, 1_500_000_000),
        (0x80 | 63, 2**62, 0),
        (0x80 | 127, 2**62, 0),
        (6, 2**63, FOREVER_NS),
        (0, 2**40, FOREVER_NS),
        (0x80, 2**40, FOREVER_NS),
    ],
)
def test_a_clock_of_any_resolution_gives_ns(resolution: int | None, ticks: int, ns: int) -> None:
    options = () if resolution is None else (option(9, bytes([resolution])),)
    assert _time_ns(ticks, *options) == ns


@pytest.mark.parametrize("seconds", [0, 10, -10])
def test_the_offset_of_a_clock_is_added(seconds: int) -> None:
    assert _time_ns(20_000_000, option(14, struct.pack("<q", seconds))) == (20 + seconds) * 1_000_000_000


def test_a_clock_that_leaves_the_range_ends_at_its_largest_time() -> None:
    far = option(14, struct.pack("<q", 2**62))
    assert _time_ns(2**50, far) == FOREVER_NS
    assert _time_ns(0, option(14, struct.pack("<q", -(2**62)))) < 0


def test_other_options_and_broken_ones_change_nothing() -> None:
    assert _time_ns(1, option(2, b"eth0"), option(9, b"\x09\x09"), option(14, b"\x01"), option(9, b"\x03")) == 1_000_000
    assert _time_ns(1, option(0, b""), option(9, b"\x03")) == 1_000
    assert _time_ns(1, struct.pack("<HH", 9, 400)) == 1_000


def test_simple_packets_are_cut_at_the_snap_length_and_take_the_time_of_the_frame_before() -> None:
    simple = pcapng_block(3, struct.pack("<I", 9) + b"abcdefghi")
    whole = section() + interface() + enhanced(b"x", 7) + simple
    count, _, _, (offset, captured, length, ts_ns, _) = _index(whole)
    assert (count, captured[1], length[1], ts_ns[1]) == (2, 9, 9, 7_000)
    assert whole[offset[1] :][:9] == b"abcdefghi"
    cut = section() + interface(snap_length=4) + pcapng_block(3, struct.pack("<I", 9) + b"abcd")
    assert _index(cut)[3][1][0] == 4


def test_obsolete_packets_are_read() -> None:
    body = struct.pack("<HHIIII", 0, 5, 0, 9_000_000, 3, 60) + b"abc"
    count, _, _, arrays = _index(section() + interface() + pcapng_block(2, body))
    assert (count, arrays[1][0], arrays[2][0], arrays[3][0]) == (1, 3, 60, 9_000_000_000)


def test_blocks_without_frames_are_stepped_over() -> None:
    others = b"".join(pcapng_block(kind, bytes(20)) for kind in (4, 5, 10, 0xBAD, 0x40000BAD))
    count, _, state, _ = _index(section() + others + interface() + others + enhanced(b"x") + others)
    assert (count, state) == (1, MORE)


def test_full_arrays_stop_the_index_where_it_can_go_on() -> None:
    content = pcapng([(i, b"x") for i in range(3)])
    blocks = Blocks()
    data = np.frombuffer(content, np.uint8).copy()
    arrays: Index = tuple(np.zeros(2, dtype) for dtype in ("i8", "i4", "i8", "i8", "i4"))
    count, at, state = blocks.index(data, 0, len(data), arrays)
    assert (count, state) == (2, FULL)
    assert blocks.index(data, at, len(data), arrays) == (1, len(data), MORE)
    assert arrays[3][0] == 2


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (struct.pack("<II", 6, 8) + bytes(40), "pcapng_block_length"),
        (struct.pack("<II", 6, 34) + bytes(40), "pcapng_block_length"),
        (struct.pack("<II", 6, MAX_BLOCK + 4) + bytes(40), "pcapng_block_length"),
        (enhanced(b"x")[:-4] + b"\x99\0\0\0", "pcapng_block_length"),
        (struct.pack("<II", 0x0A0D0D0A, 28) + bytes(20), "pcapng_section_header"),
        (pcapng_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1)), "pcapng_section_header"),
        (pcapng_block(0x0A0D0D0A, struct.pack("<IHH", 0x1A2B3C4D, 1, 0)), "pcapng_section_header"),
        (pcapng_block(1, b"\x01\0\0\0"), "pcapng_interface_header"),
        (interface() * MAX_INTERFACES, "pcapng_interfaces"),
        (enhanced(b"x", number=1), "pcapng_interface_unknown"),
        (pcapng_block(6, struct.pack("<IIIII", 0, 0, 0, 9, 9) + b"12345678"), "pcapng_packet_length"),
        (pcapng_block(6, bytes(16)), "pcapng_packet_length"),
        (pcapng_block(3, b""), "pcapng_packet_length"),
        (pcapng_block(6, struct.pack("<IIIII", 0, 0, 0, MAX_FRAME + 1, 9)), "pcapng_frame_too_large"),
    ],
)
def test_damage_ends_the_file_with_its_name(broken: bytes, name: str) -> None:
    count, _, state, _ = _index(section() + interface() + enhanced(b"before") + broken + enhanced(b"behind"))
    assert (count, FAULTS[state]) == (1, name)


def test_a_cut_block_waits_for_more() -> None:
    content = pcapng([(1, b"a"), (2, b"b")])
    for size in range(len(content)):
        count, at, state, _ = _index(content[:size])
        assert state == MORE
        assert count <= 1
        assert at <= size


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=5))
def test_any_bytes_are_survived_and_frames_lie_inside(tail: bytes, changes: list[tuple[int, int]]) -> None:
    content = bytearray(pcapng([(1, b"abc"), (2, b"d" * 50)]) + tail)
    for at, value in changes:
        content[at % len(content)] = value
    count, at, _, (offset, captured, *_) = _index(bytes(content))
    assert 0 <= at <= len(content)
    assert (offset[:count] + captured[:count] <= len(content)).all()


def test_a_section_header_of_another_kind_is_refused_by_value() -> None:
    check_header(section()[:11])
    check_header(section(big_endian=True))
    with pytest.raises(ValueError, match="byte-order magic 00000000, so it is no pcapng file"):
        check_header(section()[:8] + bytes(8))
    with pytest.raises(ValueError, match=r"pcapng version 0\.1; only 1\.x exists"):
        check_header(section()[:12] + b"\0\0\1\0")
