import struct
from ipaddress import IPv6Address

import pytest

from frames import RAW, UDP, WIFI, arp, decoded, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan
from redshank.capture.packet import CARRIES, METERED_CARRIER, PLAIN

GRE, IPIP, SIX_IN_FOUR = 47, 4, 41
INNER = ipv4(udp(b"egg"), UDP, src="172.16.0.1", dst="172.16.0.2")
INNER6 = ipv6(udp(b"egg"), UDP, src="2001::1", dst="fd00::2")
BUBBLE = ipv6(b"", 59, src="2001::1", dst="fd00::2")
SNAP = bytes.fromhex("aaaa030000000800")
WIFI_HEADER = b"\x08\0\0\0" + bytes(20)


def _gre(kind: int, payload: bytes, *, flags: int = 0, options: bytes = b"") -> bytes:
    return struct.pack(">HH", flags, kind) + options + payload


def _vxlan(payload: bytes, flags: int = 8) -> bytes:
    return bytes([flags, 0, 0, 0, 0, 0, 7, 0]) + payload


def _geneve(kind: int, payload: bytes, *, options: bytes = b"", version: int = 0) -> bytes:
    return struct.pack(">BBHI", version << 6 | len(options) // 4, 0, kind, 7 << 8) + options + payload


def _gtp(payload: bytes, *, flags: int = 0x30, kind: int = 255, options: bytes = b"") -> bytes:
    return struct.pack(">BBHI", flags, kind, len(options) + len(payload), 9) + options + payload


def _ayiya(payload: bytes, kind: int = 41, operation: int = 0x11) -> bytes:
    return bytes([0x40, 0x52, operation, kind, 0, 0, 0, 1]) + bytes(16 + 20) + payload


ORIGIN = b"\0\0\x12\x34\x0a\0\0\1"
AUTHENTICATION = b"\0\1\2\3" + b"id" + b"sig" + bytes(9)


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
        (GRE, _gre(0x8200, WIFI_HEADER + SNAP + INNER)),
        (GRE, _gre(0x9000, WIFI_HEADER + SNAP + INNER)),
    ],
)
def test_a_tunnel_between_addresses_carries_a_packet_and_is_none_itself(proto: int, payload: bytes) -> None:
    packets, counts = decoded([ethernet(ipv4(payload, proto)).ljust(90, b"\0")], checksums=True)
    outer, inner = packets
    assert counts == {}
    assert (outer["proto"], outer["carrier"], outer["depth"], outer["src_lo"]) == (proto, CARRIES, 0, 0x0A000001)
    assert (inner["proto"], inner["dst_port"], inner["payload_length"]) == (UDP, 53, 3)
    assert (inner["carrier"], inner["depth"], inner["ts_ns"]) == (PLAIN, 1, outer["ts_ns"])
    assert inner["src_lo"] in {0xAC100001, 1}
    assert inner["ip_length"] in {31, 51}


OVER_UDP = [
    pytest.param(4789, _vxlan(ethernet(INNER)), id="vxlan"),
    pytest.param(6081, _geneve(0x6558, ethernet(INNER)), id="geneve"),
    pytest.param(6081, _geneve(0x0800, INNER, options=bytes(12)), id="geneve-ip-options"),
    pytest.param(2152, _gtp(INNER), id="gtp"),
    pytest.param(2123, _gtp(INNER6, flags=0x32, options=b"\0\1\0\0"), id="gtp-sequence"),
    pytest.param(2152, _gtp(INNER, flags=0x34, options=b"\0\0\0\x85\1\x10\x09\x85\2" + bytes(7)), id="gtp-extensions"),
    pytest.param(5072, _ayiya(INNER6), id="ayiya"),
    pytest.param(9999, _ayiya(INNER, 4), id="ayiya-any-port"),
    pytest.param(3544, INNER6, id="teredo"),
    pytest.param(3544, ORIGIN + ipv6(udp(b"egg"), UDP), id="teredo-origin"),
    pytest.param(9999, INNER6, id="teredo-any-port"),
    pytest.param(9999, ipv6(udp(b"egg"), UDP, dst="2001::2"), id="teredo-target"),
    pytest.param(9999, ORIGIN + ipv6(udp(b"egg"), UDP), id="teredo-origin-any-port"),
    pytest.param(9999, AUTHENTICATION + ORIGIN + ipv6(udp(b"egg"), UDP), id="teredo-authentication-any-port"),
]


@pytest.mark.parametrize(("port", "payload"), OVER_UDP)
@pytest.mark.parametrize("answer", [False, True])
def test_a_tunnel_over_udp_is_metered_and_carries_a_packet(port: int, payload: bytes, answer: bool) -> None:  # noqa: FBT001  parametrized
    ports = {"src_port": port, "dst_port": 40000} if answer else {"src_port": 40000, "dst_port": port}
    packets, counts = decoded([ethernet(ipv4(udp(payload, **ports), UDP))], checksums=True)
    outer, inner = packets
    assert counts == {}
    assert (outer["proto"], outer["carrier"], outer["depth"]) == (UDP, METERED_CARRIER, 0)
    assert (outer["src_port"], outer["dst_port"]) == (ports["src_port"], ports["dst_port"])
    assert outer["payload_length"] == len(payload)
    assert (inner["proto"], inner["dst_port"], inner["payload_length"]) == (UDP, 53, 3)
    assert (inner["carrier"], inner["depth"]) == (PLAIN, 1)


@pytest.mark.parametrize(("port", "payload"), OVER_UDP)
def test_a_tunnel_over_udp_cut_anywhere_leaves_the_datagram(port: int, payload: bytes) -> None:
    cuts = [ipv4(udp(payload[:size], dst_port=port), UDP) for size in range(len(payload) - 31)]
    packets, _ = decoded(cuts, link_type=RAW)
    outer = packets[packets["depth"] == 0]
    assert outer["payload_length"].tolist() == list(range(len(cuts)))
    assert not packets["depth"].any() or set(outer["carrier"]) == {PLAIN, METERED_CARRIER}


@pytest.mark.parametrize(
    ("port", "payload"),
    [
        (4789, _vxlan(ethernet(INNER), flags=0)),
        (6081, _geneve(0x6558, ethernet(INNER), version=1)),
        (6081, _geneve(0x8847, b"\0\1\1\x40" + INNER)),
        (2152, _gtp(INNER, flags=0x50)),
        (2152, _gtp(INNER, flags=0x20)),
        (2152, _gtp(INNER, kind=1)),
        (2152, _gtp(INNER + b"x")),
        (2152, _gtp(INNER, flags=0x34, options=b"\0\0\0\x85\0\x10\x09\0")),
        (2152, _gtp(INNER, flags=0x34, options=b"\0\0\0\x85" + b"\1\0\0\x85" * 9)),
        (5072, _ayiya(INNER6, operation=0x12)),
        (5072, _ayiya(INNER6, kind=17)),
        (3544, INNER6 + b"x"),
        (3544, ORIGIN + ORIGIN + INNER6),
        (3544, INNER),
        (9999, ipv6(udp(b"egg"), UDP)),
        (9999, ipv6(udp(b"egg"), UDP, src="2001:0:ffff::")[:39]),
        (9999, b"\0\1" + bytes(60)),
        (53, _vxlan(ethernet(INNER))),
    ],
)
def test_what_does_not_look_like_the_tunnel_of_its_port_is_left_alone(port: int, payload: bytes) -> None:
    packets, counts = decoded(
        [ipv4(udp(payload, src_port=6081 if port == 53 else 40000, dst_port=port), UDP)], link_type=RAW
    )
    assert (len(packets), counts, packets["carrier"][0]) == (1, {}, PLAIN)


def test_gre_over_udp_is_a_datagram_and_a_tunnel_between_its_addresses() -> None:
    # In Zeek, too, the inner flow's tunnel is the one between the addresses, not the UDP flow.
    packets, counts = decoded([ethernet(ipv4(udp(_gre(0x0800, INNER), dst_port=4754), UDP))])
    assert counts == {}
    assert packets["proto"].tolist() == [UDP, GRE, UDP]
    assert packets["carrier"].tolist() == [PLAIN, CARRIES, PLAIN]
    assert packets["depth"].tolist() == [0, 0, 1]
    assert packets["src_lo"].tolist() == [0x0A000001, 0x0A000001, 0xAC100001]


def test_link_addresses_and_vlan_belong_to_the_layer_around_the_packet() -> None:
    deep = ethernet(vlan(INNER, 42), 0x8100, src="02:00:00:00:00:0a")
    frames = [
        ethernet(vlan(ipv4(udp(_vxlan(deep), dst_port=4789), UDP), 7), 0x8100),
        ethernet(vlan(ipv4(INNER, IPIP), 7), 0x8100),
    ]
    packets, _ = decoded(frames)
    assert packets["vlan"].tolist() == [7, 42, 7, -1]
    assert (packets["src_mac"] & 0xFF).tolist() == [1, 0x0A, 1, 0]


def test_teredo_bubbles_are_no_packets_even_with_bytes_behind_their_end() -> None:
    for bubble in (BUBBLE, BUBBLE + b"extra"):
        packets, counts = decoded([ipv4(udp(bubble, dst_port=3544), UDP)], link_type=RAW)
        assert (len(packets), counts, packets["carrier"][0]) == (1, {"ipv6_no_next_header": 1}, PLAIN)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (_gre(0x0800, INNER, flags=0x4000), "not_ip"),
        (_gre(0x0800, INNER, flags=0x0002), "not_ip"),
        (_gre(0x0800, INNER, flags=0x0040), "not_ip"),
        (_gre(0x1234, b"x"), "not_ip"),
        (_gre(0x880B, b"", flags=0x2081, options=bytes(8)), "not_ip"),
        (_gre(0x880B, INNER, flags=0x1000), "not_ip"),
        (b"\0\0\x08", "tunnel_truncated"),
        (_gre(0x0800, b"", flags=0x2000), "tunnel_truncated"),
        (_gre(0x22EB, bytes(11)), "tunnel_truncated"),
        (_gre(0x0800, b""), "tunnel_truncated"),
        (_gre(0x6558, ethernet(arp(), 0x0806)), "arp"),
        (_gre(0x0800, ipv4(tcp()[:8])), "tcp_truncated"),
    ],
)
def test_gre_without_a_packet_for_us_is_counted_and_no_flow(payload: bytes, name: str) -> None:
    packets, counts = decoded([ipv4(payload, GRE)], link_type=RAW)
    assert counts == {name: 1}
    assert packets["carrier"].tolist() == [CARRIES]


def test_a_datagram_with_a_bad_checksum_is_not_opened() -> None:
    wrong = ipv4(udp(_vxlan(ethernet(INNER)), dst_port=4789), UDP)
    wrong = wrong[:-1] + bytes([wrong[-1] ^ 1])
    assert len(decoded([wrong], link_type=RAW, checksums=True)[0]) == 1
    assert len(decoded([wrong], link_type=RAW)[0]) == 2


def test_an_inner_packet_may_not_reach_beyond_the_outer_one() -> None:
    outer = ipv4(ipv4(udp(bytes(9)), UDP), IPIP, total_length=56)
    assert decoded([outer], link_type=RAW)[1] == {"ip_longer_than_frame": 1}


def test_a_tunnel_in_a_tunnel_is_inside_the_nearest_record_before_it() -> None:
    teredo = udp(ipv6(icmp(128), 58, src=str(IPv6Address("2001::1"))), dst_port=3544)
    packets, counts = decoded([ethernet(ipv4(udp(_gtp(ipv4(teredo, UDP)), dst_port=2152), UDP))])
    assert (counts, packets["proto"].tolist()) == ({}, [UDP, UDP, 58])
    assert packets["depth"].tolist() == [0, 1, 2]
    assert packets["carrier"].tolist() == [METERED_CARRIER, METERED_CARRIER, PLAIN]


def test_an_aggregate_inside_a_tunnel_is_not_taken_apart() -> None:
    aggregate = b"\x88\0\0\0" + bytes(20) + b"\x80\0" + bytes(40)
    packets, counts = decoded([ipv4(_gre(0x8200, aggregate), GRE)], link_type=RAW)
    assert (len(packets), counts) == (1, {"not_ip": 1})
    assert decoded([aggregate], link_type=WIFI)[1]  # it is taken apart as a frame
