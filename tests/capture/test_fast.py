from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from frames import ICMP, ICMPV6, UDP, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan
from redshank.capture.decode import RECORDS, decode_frame
from redshank.capture.fast import ETHERNET, LEAST, plain_frames
from redshank.capture.fragments import Table, empty_table
from redshank.capture.packet import ANOMALIES, PACKET

TS_NS = 1_700_000_000_123_456_789
PLAIN = [
    ethernet(ipv4(tcp(b"GET / HTTP/1.1\r\n", options=bytes(12), flags="PA", seq=0xFFFFFFFE, window=512))),
    ethernet(ipv4(tcp(flags="S"))).ljust(60, b"\0"),
    ethernet(ipv4(udp(b"\x12\x34marsh"), UDP)),
    ethernet(ipv4(udp(), UDP)),
    ethernet(ipv4(udp(bytes(60)), UDP)),
    ethernet(ipv4(udp(b"\x60" + bytes(60), src_port=4789 + 64), UDP)),
    ethernet(ipv4(icmp(8, 3, b"ping"), ICMP)),
    ethernet(ipv6(tcp(b"six", flags="FA"), src="2001:db8:f00d::1")),
    ethernet(ipv6(udp(b"sixty", dst_port=5683), UDP, dst="ff02::fb")),
    ethernet(ipv6(icmp(128, 0, b"ping"), ICMPV6)),
    ethernet(vlan(ipv4(tcp(b"tagged")), 0x6FFF), 0x8100),
    ethernet(vlan(ipv6(udp(b"tagged"), UDP), 7, 0x86DD), 0x8100),
]
OTHER = [
    ethernet(ipv4(udp(bytes(60), dst_port=4789), UDP)),
    ethernet(ipv4(udp(b"\x40\x52\x11\x29" + bytes(60)), UDP)),
    ethernet(ipv4(udp(ipv6(udp(), UDP, src="2001::1")), UDP)),
    ethernet(ipv4(udp(b"x", length=8), UDP)),
    ethernet(ipv4(udp(b"x"), UDP, options=bytes(4))),
    ethernet(ipv4(udp(b"x"), UDP, more_fragments=True)),
    ethernet(ipv4(tcp(b"x"), total_length=0)),
    ethernet(ipv4(tcp(b"x"), total_length=2000)),
    ethernet(ipv4(tcp()[:12] + b"\xf0" + tcp()[13:])),
    ethernet(ipv4(b"sctp" * 8, 132)),
    ethernet(ipv6(b"\x11\0\x01\x04\0\0\0\0" + udp(b"marsh"), 0)),
    ethernet(vlan(vlan(ipv4(udp(), UDP), 7, 0x0800), 8, 0x8100), 0x8100),
    ethernet(ipv4(ipv4(udp(b"x"), UDP), 4)),
    ethernet(b"\xaa" * 46, 0x0806),
]


Column = np.ndarray[Any, Any]


def _arrays(frames: list[bytes], longer: int, tag: int) -> tuple[Column, Column, Column, Column, Column, Column]:
    """Place frames one behind the other, as a Block does: offset, captured, length, ts_ns, link_type, vlan."""
    sizes = np.array([len(frame) for frame in frames])
    ones = np.ones(len(frames), np.int32)
    return (
        np.cumsum(sizes) - sizes,
        sizes.astype(np.int32),
        sizes + longer,
        TS_NS + np.arange(len(frames)),
        ones * ETHERNET,
        ones * tag,
    )


def _both(frame: bytes, longer: int, tag: int, state: tuple[Any, Any, Table]) -> tuple[bool, Any, int, Any, Any]:
    """Decode a frame both ways; both records start with other garbage."""
    packets, counts, table = state
    data = np.frombuffer(frame, np.uint8).copy()
    quick = np.full(PACKET.itemsize, 0x5A, np.uint8).view(PACKET)
    plain = plain_frames(data, *_arrays([frame], longer, tag), 0, quick, 0, 1) == 1
    packets[:1] = np.full(PACKET.itemsize, 0xA5, np.uint8).view(PACKET)
    counts[:] = 0
    size = len(frame)
    n, _ = decode_frame(data, 0, size, size + longer, TS_NS, 1, tag, packets, 0, counts, False, -1, -1, table)
    return plain, quick, n, packets, counts


@pytest.fixture(scope="module")
def state() -> tuple[Any, Any, Table]:
    return np.zeros(RECORDS, PACKET), np.zeros(len(ANOMALIES), np.int64), empty_table()


@settings(max_examples=examples(250), deadline=None)
@given(
    st.sampled_from(PLAIN + OTHER),
    st.lists(st.tuples(st.integers(12, 80), st.integers(0, 255)), max_size=4),
    st.integers(LEAST, 140),
    st.sampled_from([0, 0, 1, 3000]),
    st.sampled_from([-1, -1, 5]),
)
def test_a_plain_frame_gives_the_same_record_as_the_long_way(
    state: tuple[Any, Any, Table], frame: bytes, changes: list[tuple[int, int]], size: int, longer: int, tag: int
) -> None:
    changed = bytearray(frame.ljust(LEAST, b"\0"))
    for at, value in changes:
        changed[at % len(changed)] = value
    plain, quick, n, packets, counts = _both(bytes(changed[:size]), longer, tag, state)
    if plain:
        assert (n, counts.sum()) == (1, 0)
        assert quick[0] == packets[0]


@pytest.mark.parametrize("frame", PLAIN)
def test_what_nearly_every_frame_is_goes_the_short_way(state: tuple[Any, Any, Table], frame: bytes) -> None:
    for longer in (0, 1400):
        plain, quick, n, packets, _ = _both(frame, longer, -1, state)
        assert plain
        assert (n, quick[0]) == (1, packets[0])


@pytest.mark.parametrize("frame", OTHER)
def test_all_that_is_odd_goes_the_long_way(state: tuple[Any, Any, Table], frame: bytes) -> None:
    assert not _both(frame, 0, -1, state)[0]


def test_the_vlan_that_the_card_took_out_is_the_outermost(state: tuple[Any, Any, Table]) -> None:
    assert _both(PLAIN[10], 0, 5, state)[1]["vlan"][0] == 5
    assert _both(PLAIN[10], 0, -1, state)[1]["vlan"][0] == 0xFFF


def test_plain_frames_are_decoded_up_to_the_first_that_is_not() -> None:
    frames = [*PLAIN, OTHER[0], *PLAIN]
    data, packets = np.frombuffer(b"".join(frames), np.uint8).copy(), np.zeros(len(frames), PACKET)
    offset, captured, length, ts_ns, link_type, vlan = _arrays(frames, 0, -1)
    none = np.zeros(0, np.int32)
    first, after = len(PLAIN), len(PLAIN) + 1
    assert plain_frames(data, offset, captured, length, ts_ns, link_type, vlan, 0, packets, 0, 100) == first
    assert plain_frames(data, offset, captured, length, ts_ns, link_type, none, after, packets, after, 2) == 2
    assert plain_frames(data, offset, captured, length, ts_ns, link_type, none, after, packets, after, 100) == first
    assert packets["ts_ns"][np.r_[:first, after : len(frames)]].tolist() == np.delete(ts_ns, first).tolist()
    assert (packets["proto"][after:] == packets["proto"][:first]).all()


def test_frames_of_another_link_layer_are_not_plain() -> None:
    data, packets = np.frombuffer(PLAIN[0], np.uint8).copy(), np.zeros(1, PACKET)
    offset, captured, length, ts_ns, link_type, vlan = _arrays([PLAIN[0]], 0, -1)
    assert plain_frames(data, offset, captured, length, ts_ns, link_type + 100, vlan, 0, packets, 0, 1) == 0
