import struct

import pytest

from frames import RAW, UDP, decoded, ethernet, ipv4, ipv6, tcp, udp
from redshank.capture.internet import MAX_EXTENSIONS

HOP, ROUTING, FRAGMENT, AH, NONE, DESTINATION = 0, 43, 44, 51, 59, 60


def _extension(upper: int, *, words: int = 0) -> bytes:
    """An extension header of 8 + 8 * words bytes, filled with padding options."""
    return bytes([upper, words, 1, 4 + 8 * words]) + bytes(4 + 8 * words)


def test_an_ipv4_header_is_read_field_by_field() -> None:
    # The header of Wikipedia's page "Internet checksum": 192.168.0.1 to 192.168.0.199, UDP, 115 bytes.
    packet = bytes.fromhex("450000730000400040 11b861c0a80001c0a800c7".replace(" ", "")) + udp(bytes(87))
    read = decoded([packet], link_type=RAW)[0][0]
    assert (read["version"], read["proto"], read["ip_length"], read["fragment"]) == (4, 17, 115, 0)
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
        (b"\x11\x02\x00\x01" + bytes(20), ROUTING),
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
    assert (read["proto"], read["fragment"], read["dst_port"], read["payload_length"]) == (17, 0, 53, 4)
    assert read["payload_offset"] == 40 + len(headers) + 8


def test_ipv4_fragments_are_told_apart() -> None:
    whole = udp(bytes(1600))
    packets, counts = decoded(
        [
            ipv4(whole[:800], UDP, more_fragments=True),
            ipv4(whole[800:1600], UDP, offset=800, more_fragments=True),
            ipv4(whole[1600:], UDP, offset=1600),
        ],
        link_type=RAW,
        checksums=True,
    )
    assert counts == {}
    assert packets["fragment"].tolist() == [1, 2, 2]
    assert packets["dst_port"].tolist() == [53, 0, 0]
    assert packets["payload_length"].tolist() == [792, 800, 8]
    assert packets["proto"].tolist() == [17, 17, 17]


def test_ipv6_fragments_are_told_apart() -> None:
    first = struct.pack(">BBHI", UDP, 0, 1, 7) + udp(bytes(32), length=48)
    later = struct.pack(">BBHI", UDP, 0, 40, 7) + bytes(8)
    packets, counts = decoded([ipv6(first, FRAGMENT), ipv6(later, FRAGMENT)], link_type=RAW, checksums=True)
    assert counts == {}
    assert packets["fragment"].tolist() == [1, 2]
    assert packets["dst_port"].tolist() == [53, 0]
    assert packets["payload_length"].tolist() == [32, 8]


def test_a_total_length_of_zero_is_taken_from_the_frame() -> None:
    # Segmentation offload: the kernel hands the card one large packet whose length does not fit or is not set.
    big4 = ethernet(ipv4(tcp(bytes(3000)), total_length=0))
    big6 = ethernet(ipv6(tcp(bytes(3000)), payload_length=0))
    packets, counts = decoded([big4, big6], checksums=True)
    assert counts == {"ip_length_zero": 2}
    assert packets["ip_length"].tolist() == [3040, 3060]
    assert packets["payload_length"].tolist() == [3000, 3000]


def test_a_small_ipv6_packet_without_payload_stays_without() -> None:
    assert decoded([ethernet(ipv6(tcp(), payload_length=0))])[1] == {"tcp_truncated": 1}


def test_the_header_checksum_is_verified_only_on_request() -> None:
    wrong = ipv4(udp(), UDP)
    wrong = wrong[:10] + b"\xbe\xef" + wrong[12:]
    assert decoded([wrong], link_type=RAW)[1] == {}
    packets, counts = decoded([wrong], link_type=RAW, checksums=True)
    assert counts == {"ipv4_checksum": 1}
    assert (packets["bad_checksum"][0], packets["version"][0]) == (1, 4)


def test_a_packet_that_still_has_to_be_routed_is_not_verified() -> None:
    # The checksum covers the final address, which stands in the routing header (RFC 8200, section 8.1).
    packet = ipv6(b"\x11\x02\x00\x01" + bytes(20) + udp(b"x"), ROUTING)
    wrong = packet[:-3] + b"\x12\x34" + packet[-1:]
    packets, counts = decoded([wrong], link_type=RAW, checksums=True)
    assert (counts, packets["bad_checksum"][0]) == ({}, 0)
