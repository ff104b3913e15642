import struct
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
    arp,
    block,
    decoded,
    ethernet,
    icmp,
    ipv4,
    ipv6,
    tcp,
    udp,
)
from redshank.capture.decode import ANOMALIES, PACKET, decode

GRE, IPIP, SIX_IN_FOUR = 47, 4, 41
INNER = ipv4(udp(b"egg"), UDP, src="172.16.0.1", dst="172.16.0.2")


def _gre(kind: int, payload: bytes, *, flags: int = 0, options: bytes = b"") -> bytes:
    return struct.pack(">HH", flags, kind) + options + payload


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
    frames = block([given], link_type=RAW)
    packets, counts = np.zeros(1, PACKET), np.zeros(len(ANOMALIES), np.int64)
    decode(replace(frames, length=np.array([wire], np.int64)), packets, counts, checksums=True)
    return packets, {name: int(count) for name, count in zip(ANOMALIES, counts, strict=True) if count}


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


@pytest.mark.parametrize(("length", "payload"), [(0, 12), (7, 12), (21, 12), (20, 12), (8, 0), (11, 3)])
def test_a_udp_length_that_cannot_be_is_replaced_by_the_ip_length(length: int, payload: int) -> None:
    packets, counts = decoded([ipv4(udp(bytes(12), length=length), UDP)], link_type=RAW)
    assert counts == ({} if 8 <= length <= 20 else {"udp_length": 1})
    assert packets["payload_length"][0] == payload


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


def test_udp_without_a_checksum_is_no_bad_one() -> None:
    packets, counts = decoded([ipv4(udp(b"abc"), UDP, checksums=False)], link_type=RAW, checksums=True)
    assert (counts, packets["bad_checksum"][0]) == ({}, 0)


@pytest.mark.parametrize(
    ("proto", "payload"),
    [
        (IPIP, INNER),
        (SIX_IN_FOUR, ipv6(udp(b"egg"), UDP)),
        (GRE, _gre(0x0800, INNER)),
        (GRE, _gre(0x86DD, ipv6(udp(b"egg"), UDP))),
        (GRE, _gre(0x0800, INNER, flags=0xB000, options=bytes(12))),
        (GRE, _gre(0x6558, ethernet(INNER))),
        (GRE, _gre(0x8847, b"\x00\x01\x01\x40" + INNER)),
        (GRE, _gre(0x880B, b"\xff\x03\0\x21" + INNER, flags=0x3081, options=bytes(12))),
        (GRE, _gre(0x88BE, ethernet(INNER))),
        (GRE, _gre(0x88BE, bytes(8) + ethernet(INNER), flags=0x1000, options=bytes(4))),
        (GRE, _gre(0x22EB, bytes(12) + ethernet(INNER), flags=0x1000, options=bytes(4))),
        (GRE, _gre(0x22EB, bytes(11) + b"\x01" + bytes(8) + ethernet(INNER), flags=0x1000, options=bytes(4))),
    ],
)
def test_what_a_tunnel_carries_is_decoded(proto: int, payload: bytes) -> None:
    packets, counts = decoded([ethernet(ipv4(payload, proto)).ljust(90, b"\0")], checksums=True)
    read = packets[0]
    assert counts == {}
    assert (read["proto"], read["dst_port"], read["payload_length"]) == (UDP, 53, 3)
    assert read["src_lo"] in {0xAC100001, 1}
    assert read["ip_length"] in {31, 51}


@pytest.mark.parametrize(
    ("payload", "counted"),
    [
        (_gre(0x0800, INNER, flags=0x4000), {}),
        (_gre(0x1234, b"x"), {}),
        (_gre(0x880B, b"", flags=0x2081, options=bytes(8)), {}),
        (b"\0\0\x08", {"tunnel_truncated": 1}),
        (_gre(0x0800, b"", flags=0x2000), {"tunnel_truncated": 1}),
        (_gre(0x22EB, bytes(11)), {"tunnel_truncated": 1}),
        (_gre(0x0800, b""), {"tunnel_truncated": 1}),
    ],
)
def test_a_tunnel_that_cannot_be_opened_is_metered_itself(payload: bytes, counted: dict[str, int]) -> None:
    packets, counts = decoded([ipv4(payload, GRE)], link_type=RAW)
    assert counts == counted
    assert (packets["version"][0], packets["proto"][0]) == (4, GRE)
    assert packets["payload_length"][0] == len(payload)


def test_a_tunnel_that_carries_no_ip_is_counted_as_what_it_carries() -> None:
    packets, counts = decoded([ipv4(_gre(0x6558, ethernet(arp(), 0x0806)), GRE)], link_type=RAW)
    assert (counts, packets["version"][0]) == ({"arp": 1}, 0)


def test_an_inner_packet_may_not_reach_beyond_the_outer_one() -> None:
    outer = ipv4(ipv4(udp(bytes(9)), UDP), IPIP, total_length=56)
    assert decoded([outer], link_type=RAW)[1] == {"ip_longer_than_frame": 1}
