from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from frames import (
    ICMP,
    ICMPV6,
    RAW,
    TCP,
    UDP,
    block,
    decoded,
    icmp,
    ipv4,
    ipv6,
    tcp,
    udp,
)
from redshank.capture.reader import Reader


def test_a_tcp_header_is_read_field_by_field() -> None:
    segment = tcp(b"hello", src_port=51000, dst_port=443, seq=0xFFFFFFFE, ack=7, flags="SAEC", window=512)
    read = decoded([ipv4(segment)], link_type=RAW)[0][0]
    assert (read["src_port"], read["dst_port"], read["seq"], read["ack"]) == (51000, 443, 0xFFFFFFFE, 7)
    assert (read["tcp_flags"], read["window"], read["proto"]) == (0xD2, 512, TCP)
    assert (read["payload_offset"], read["payload_length"], read["payload_captured"]) == (40, 5, 5)


def test_tcp_options_are_no_payload() -> None:
    read = decoded([ipv6(tcp(b"abc", options=bytes(12)))], link_type=RAW)[0][0]
    assert (read["payload_offset"], read["payload_length"]) == (72, 3)


def test_icmp_has_type_and_code_for_ports() -> None:
    frames = [ipv4(icmp(3, 1, b"why"), ICMP), ipv6(icmp(128, 0, b"ping"), ICMPV6)]
    packets, counts = decoded(frames, link_type=RAW, checksums=True)
    assert counts == {}
    assert packets[["src_port", "dst_port", "payload_length", "proto"]].tolist() == [(3, 1, 3, 1), (128, 0, 4, 58)]


def test_any_other_protocol_has_its_payload_right_behind_ip() -> None:
    frames = [ipv4(b"12345678", 132), ipv4(icmp(128), ICMPV6), ipv4(b"", 89)]
    packets, counts = decoded(frames, link_type=RAW)
    assert counts == {}
    assert packets["proto"].tolist() == [132, 58, 89]
    assert packets["payload_offset"].tolist() == [20, 48, 76]
    assert packets["payload_length"].tolist() == [8, 8, 0]
    assert packets["src_port"].tolist() == [0, 0, 0]


def test_a_snap_length_cuts_what_is_captured_and_nothing_else() -> None:
    packet = ipv4(tcp(bytes(1000)))
    for size, captured in ((40, 0), (50, 10), (1040, 1000)):
        given = packet[:size]
        packets, counts = _cut(given, len(packet))
        assert counts == {}
        assert (packets["payload_length"][0], packets["payload_captured"][0]) == (1000, captured)
        assert packets["bad_checksum"][0] == 0


def _cut(given: bytes, wire: int) -> tuple[npt.NDArray[Any], dict[str, int]]:
    reader = Reader(checksums=True)
    frames = replace(block([given], link_type=RAW), length=np.array([wire], np.int64))
    ((_, packets),) = reader.packets(frames)
    return packets, reader.anomalies


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (ipv4(tcp()[:19]), "tcp_truncated"),
        (ipv4(tcp()[:12] + b"\x40" + tcp()[13:]), "tcp_header_length"),
        (ipv4(tcp()[:12] + b"\x60" + tcp()[13:]), "tcp_header_length"),
        (ipv4(udp()[:7], UDP), "udp_truncated"),
        (ipv4(icmp()[:7], ICMP), "icmp_truncated"),
        (ipv6(icmp()[:4], ICMPV6), "icmp_truncated"),
    ],
)
def test_a_broken_transport_header_is_one_count_by_name(packet: bytes, name: str) -> None:
    packets, counts = decoded([packet], link_type=RAW)
    assert counts == {name: 1}
    assert packets["version"][0] == 0


@pytest.mark.parametrize(("length", "payload"), [(0, 12), (7, 12), (21, 13), (65535, 65527), (20, 12), (8, 0), (11, 3)])
def test_the_udp_length_counts_unless_it_cannot_be_one(length: int, payload: int) -> None:
    # As Zeek counts bytes; what is captured never reaches beyond the packet.
    packets, counts = decoded([ipv4(udp(bytes(12), length=length), UDP)], link_type=RAW)
    assert counts == ({} if length == 20 else {"udp_length": 1})
    assert packets["payload_length"][0] == payload
    assert packets["payload_captured"][0] == min(payload, 12)


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (ipv4(tcp(b"abcde")), "tcp_checksum"),
        (ipv6(tcp(b"abcde")), "tcp_checksum"),
        (ipv4(udp(b"abcde"), UDP), "udp_checksum"),
        (ipv6(udp(b"abcde"), UDP), "udp_checksum"),
        (ipv4(icmp(8, 0, b"abcde"), ICMP), "icmp_checksum"),
        (ipv6(icmp(128, 0, b"abcde"), ICMPV6), "icmp_checksum"),
    ],
)
def test_one_flipped_bit_fails_the_checksum(packet: bytes, name: str) -> None:
    flipped = packet[:-1] + bytes([packet[-1] ^ 1])
    packets, counts = decoded([packet, flipped], link_type=RAW, checksums=True)
    assert counts == {name: 1}
    assert packets["bad_checksum"].tolist() == [0, 1]
    assert decoded([flipped], link_type=RAW)[1] == {}


def test_udp_without_a_checksum_is_a_bad_one_in_ipv6_only() -> None:
    given = [ipv4(udp(b"abc"), UDP, checksums=False), ipv6(udp(b"abc"), UDP, checksums=False)]
    packets, counts = decoded(given, link_type=RAW, checksums=True)
    assert (counts, packets["bad_checksum"].tolist()) == ({"udp_checksum": 1}, [0, 1])
    tunnel = ipv6(udp(b"\x08" + bytes(30), dst_port=4789), UDP, checksums=False)
    packets, counts = decoded([tunnel], link_type=RAW, checksums=True)
    assert packets["bad_checksum"].tolist() == [0]


def test_a_packet_that_was_cut_is_not_verified() -> None:
    flipped = ipv4(udp(b"abcdx"), UDP, checksums=False)[:-1] + b"e"
    assert _cut(flipped, len(flipped))[1] == {}  # no checksum at all
    wrong = ipv4(udp(b"abcde"), UDP)[:-1] + b"x"
    assert _cut(wrong, len(wrong))[1] == {"udp_checksum": 1}
    assert _cut(wrong, len(wrong) + 4)[1] == {}
