import struct
from dataclasses import replace
from ipaddress import IPv6Address

import numpy as np
import pytest

from frames import RAW, UDP, block, decoded, ethernet, ipv4, ipv6, tcp, udp
from redshank.capture.internet import MAX_EXTENSIONS
from redshank.capture.reader import Reader

HOP, ROUTING, FRAGMENT, AH, NONE, DESTINATION = 0, 43, 44, 51, 59, 60


def _extension(upper: int, *, words: int = 0) -> bytes:
    """An extension header of 8 + 8 * words bytes, filled with padding options."""
    return bytes([upper, words, 1, 4 + 8 * words]) + bytes(4 + 8 * words)


def test_an_ipv4_header_is_read_field_by_field() -> None:
    # The header of Wikipedia's page "Internet checksum": 192.168.0.1 to 192.168.0.199, UDP, 115 bytes.
    packet = bytes.fromhex("450000730000400040 11b861c0a80001c0a800c7".replace(" ", "")) + udp(bytes(87))
    read = decoded([packet], link_type=RAW)[0][0]
    assert (read["version"], read["proto"], read["ip_length"]) == (4, 17, 115)
    assert (read["src_hi"], read["src_lo"], read["dst_hi"], read["dst_lo"]) == (0, 0xC0A80001, 0, 0xC0A800C7)


def test_ipv6_addresses_are_two_big_endian_halves() -> None:
    read = decoded([ipv6(udp(), UDP, src="2001:db8::1:2", dst="ff02::fb")], link_type=RAW)[0][0]
    assert (read["src_hi"], read["src_lo"]) == (0x20010DB800000000, 0x10002)
    assert (read["dst_hi"], read["dst_lo"]) == (0xFF02000000000000, 0xFB)
    assert (read["version"], read["ip_length"]) == (6, 48)


def test_options_move_the_transport_header() -> None:
    read = decoded([ipv4(udp(b"abc"), UDP, options=b"\x94\x04\0\0")], link_type=RAW)[0][0]
    assert (read["payload_offset"], read["payload_length"], read["src_port"]) == (32, 3, 40000)


def test_ethernet_padding_never_counts_as_payload() -> None:
    packets, counts = decoded([ethernet(ipv4(tcp())).ljust(60, b"\xff"), ethernet(ipv4(udp(b"a"), UDP)) + bytes(17)])
    assert packets["payload_length"].tolist() == [0, 1]
    assert packets["payload_captured"].tolist() == [0, 1]
    assert counts == {}


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (ipv4(udp(), UDP)[:19], "ipv4_truncated"),
        (ipv4(udp(), UDP, options=bytes(8), total_length=24), "ipv4_header_length"),
        (b"\x44" + ipv4(udp(), UDP)[1:], "ipv4_header_length"),
        (ipv4(udp(), UDP, total_length=29), "ip_longer_than_frame"),
        (ipv6(udp(), UDP)[:39], "ipv6_truncated"),
        (ipv6(udp(), UDP, payload_length=9), "ip_longer_than_frame"),
        (ipv6(b"", NONE), "ipv6_no_next_header"),
        (ipv6(_extension(UDP)[:7], HOP), "ipv6_extensions"),
        (ipv6(_extension(UDP, words=1)[:8], DESTINATION), "ipv6_extensions"),
        (ipv6(_extension(HOP) * (MAX_EXTENSIONS + 1) + udp(), HOP), "ipv6_extensions"),
        (b"\x50" + ipv4(udp(), UDP)[1:], "ip_version"),
    ],
)
def test_a_broken_ip_header_is_one_count_by_name(packet: bytes, name: str) -> None:
    packets, counts = decoded([packet], link_type=RAW)
    assert counts == {name: 1}
    assert packets["version"][0] == 0


@pytest.mark.parametrize(
    ("headers", "first"),
    [
        (_extension(UDP), HOP),
        (_extension(DESTINATION) + _extension(UDP, words=2), HOP),
        (b"\x11\x02\x00\x00" + bytes(20), ROUTING),
        (b"\x11\x04" + bytes(22), AH),
        (b"\x11\0\0\0\0\0\0\x07", FRAGMENT),  # atomic: no fragment at all (RFC 6946)
        (_extension(UDP) * 1, DESTINATION),
        (_extension(DESTINATION) * (MAX_EXTENSIONS - 1) + _extension(UDP), DESTINATION),
    ],
)
def test_the_transport_is_found_behind_extension_headers(headers: bytes, first: int) -> None:
    packets, counts = decoded([ipv6(headers + udp(b"deep"), first)], link_type=RAW)
    read = packets[0]
    assert counts == {}
    assert (read["proto"], read["dst_port"], read["payload_length"]) == (17, 53, 4)
    assert read["payload_offset"] == 40 + len(headers) + 8


def test_what_is_no_fragment_counts_as_if_its_header_was_not_there() -> None:
    # As in Zeek, which puts even these "together" (RFC 6946).
    packets, _ = decoded([ipv6(b"\x11\0\0\0\0\0\0\x07" + udp(b"deep"), FRAGMENT)], link_type=RAW)
    assert packets["ip_length"][0] == 52


@pytest.mark.parametrize(
    ("upper", "name"), [(50, "ipv6_encrypted"), (135, "ipv6_mobility"), (59, "ipv6_no_next_header")]
)
def test_ipv6_without_a_transport_is_counted_as_what_it_is(upper: int, name: str) -> None:
    packets, counts = decoded([ipv6(_extension(upper) + bytes(16), DESTINATION)], link_type=RAW)
    assert (counts, packets["version"][0]) == ({name: 1}, 0)


@pytest.mark.parametrize(
    ("kind", "left", "addresses", "last"),
    [(0, 1, 2, True), (0, 0, 2, False), (2, 1, 1, True), (2, 1, 2, False), (3, 1, 2, False), (0, 1, 0, False)],
)
def test_a_routing_header_has_the_last_destination(kind: int, left: int, addresses: int, last: bool) -> None:  # noqa: FBT001  parametrized
    route = b"".join(IPv6Address(f"fd00::{number}").packed for number in range(7, 7 + addresses))
    header = bytes([UDP, 2 * addresses, kind, left, 0, 0, 0, 0]) + route
    end = f"fd00::{6 + addresses}" if last else "fd00::2"
    checked = ipv6(udp(b"x"), UDP, dst=end)[40:]
    packet = ipv6(header + checked, ROUTING)
    packets, counts = decoded([packet], link_type=RAW, checksums=True)
    assert packets["dst_lo"][0] == int(IPv6Address(end)) & (1 << 64) - 1
    assert (counts, packets["bad_checksum"][0]) == ({}, 0)


def test_a_mobile_node_speaks_from_its_home() -> None:
    home = IPv6Address("fd00::abcd")
    options = bytes([UDP, 2, 0, 1, 0, 201, 16]) + home.packed + bytes(1)
    checked = ipv6(udp(b"x"), UDP, src=str(home))[40:]
    packets, counts = decoded([ipv6(options + checked, DESTINATION)], link_type=RAW, checksums=True)
    assert (counts, packets["src_lo"][0]) == ({}, 0xABCD)


@pytest.mark.parametrize("first", [4, 6])
def test_a_fragment_that_was_cut_is_metered_if_it_is_the_first(first: int) -> None:
    whole = udp(bytes(1600))
    if first == 4:
        parts = [
            ipv4(whole[:800], UDP, more_fragments=True),
            ipv4(whole[800:1600], UDP, offset=800, more_fragments=True),
        ]
    else:
        parts = [
            ipv6(struct.pack(">BBHI", UDP, 0, at | 1, 7) + whole[at : at + 800], FRAGMENT, checksums=False)
            for at in (0, 800)
        ]
    frames = block([part[:200] for part in parts], link_type=RAW)
    reader = Reader(checksums=True)
    ((_, packets),) = reader.packets(replace(frames, length=np.full(2, len(parts[0]), np.int64)))
    assert packets["version"].tolist() == [first, 0]
    assert packets["dst_port"].tolist() == [53, 0]
    assert packets["ip_length"][0] == len(parts[0])
    assert reader.anomalies["fragment_cut"] == 2


def test_a_total_length_of_zero_is_taken_from_the_frame() -> None:
    # Segmentation offload: the kernel hands the card one large packet whose length does not fit or is not set. Zeek
    # counts what the header says, and the payload by the frame.
    big4 = ethernet(ipv4(tcp(bytes(3000)), total_length=0))
    big6 = ethernet(ipv6(tcp(bytes(3000)), payload_length=0))
    packets, counts = decoded([big4, big6])
    assert counts == {"ip_length_zero": 2}
    assert packets["ip_length"].tolist() == [0, 40]
    assert packets["payload_length"].tolist() == [3000, 3000]


def test_a_total_length_of_zero_is_dropped_where_checksums_count() -> None:
    packets, counts = decoded([ethernet(ipv4(tcp(bytes(3000)), total_length=0))], checksums=True)
    assert (counts, packets["version"][0]) == ({"ip_length_zero": 1}, 0)


def test_a_small_ipv6_packet_without_payload_stays_without() -> None:
    assert decoded([ethernet(ipv6(tcp(), payload_length=0))])[1] == {"tcp_truncated": 1}


def test_a_packet_with_a_wrong_header_checksum_is_dropped_on_request() -> None:
    wrong = ipv4(udp(), UDP)
    wrong = wrong[:10] + b"\xbe\xef" + wrong[12:]
    packets, counts = decoded([wrong], link_type=RAW)
    assert (counts, packets["version"][0]) == ({}, 4)
    packets, counts = decoded([wrong], link_type=RAW, checksums=True)
    assert (counts, packets["version"][0]) == ({"ipv4_checksum": 1}, 0)


def test_a_packet_on_a_route_that_we_cannot_read_is_not_verified() -> None:
    # The checksum covers the final address, which stands in the routing header (RFC 8200, section 8.1).
    packet = ipv6(b"\x11\x02\x04\x01" + bytes(20) + udp(b"x"), ROUTING)
    wrong = packet[:-3] + b"\x12\x34" + packet[-1:]
    packets, counts = decoded([wrong], link_type=RAW, checksums=True)
    assert (counts, packets["bad_checksum"][0]) == ({}, 0)
