import struct

import pytest

from frames import (
    DST_MAC,
    ETHERNET,
    LINUX_SLL,
    LINUX_SLL2,
    LOOP,
    NULL,
    PPP,
    RADIOTAP,
    RAW,
    SRC_MAC,
    WIFI,
    arp,
    decoded,
    ethernet,
    ipv4,
    ipv6,
    mac,
    udp,
    vlan,
)
from redshank.capture.decode import MAX_SUBFRAMES
from redshank.capture.link import MAX_LAYERS

V4 = ipv4(udp(b"marsh"), 17)
V6 = ipv6(udp(b"marsh"), 17)
SRC, DST = int.from_bytes(mac(SRC_MAC), "big"), int.from_bytes(mac(DST_MAC), "big")
SNAP = bytes.fromhex("aaaa03000000")


def _sll(protocol: int, payload: bytes) -> bytes:
    return struct.pack(">HHH", 0, 1, 6) + mac(SRC_MAC) + b"\0\0" + struct.pack(">H", protocol) + payload


def _sll2(protocol: int, payload: bytes) -> bytes:
    return struct.pack(">HHIHBB", protocol, 0, 3, 1, 0, 6) + mac(SRC_MAC) + b"\0\0" + payload


def _wifi(payload: bytes, *, control: int = 0x08, flags: int = 0) -> bytes:
    return bytes([control, flags, 0, 0]) + mac(DST_MAC) + mac(SRC_MAC) + mac("02:00:00:00:00:03") + b"\0\0" + payload


def _radiotap(flags: int, *, more: bool = False) -> bytes:
    """A header with a timestamp and flags; `more`: with a second word of presence bits."""
    present = struct.pack("<I", 0x80000003) + bytes(4) if more else struct.pack("<I", 3)
    body = present + bytes(0 if len(present) == 4 else 4) + bytes(8) + bytes([flags, 0])
    return struct.pack("<BBH", 0, 0, 4 + len(body)) + body


IN_THE_CLEAR = [
    pytest.param(ETHERNET, ethernet(V4), id="ethernet"),
    pytest.param(ETHERNET, ethernet(V6), id="ethernet-ipv6"),
    pytest.param(ETHERNET, ethernet(SNAP + b"\x08\0" + V4, 8 + len(V4)), id="802.3-snap"),
    pytest.param(ETHERNET, ethernet(b"\x06\x06\x03" + V4, 3 + len(V4)), id="802.3-ip"),
    pytest.param(
        ETHERNET, ethernet(b"\x11\0\0\x05" + struct.pack(">H", 2 + len(V4)) + b"\0\x21" + V4, 0x8864), id="pppoe"
    ),
    pytest.param(ETHERNET, ethernet(b"\x00\x06\x40\x40" + b"\x00\x01\x01\x40" + V4, 0x8847), id="mpls-two-labels"),
    pytest.param(ETHERNET, ethernet(b"\x00\x01\x01\x40" + b"\0\0\0\0" + ethernet(V4), 0x8847), id="mpls-pseudowire"),
    pytest.param(ETHERNET, ethernet(b"\x00\x40" + ethernet(V4), 0x8903), id="fabric-path"),
    pytest.param(ETHERNET, ethernet(b"\x80\x01\0\0\x08\0" + V4, 0x8926), id="vn-tag"),
    pytest.param(LINUX_SLL, _sll(0x0800, V4), id="linux-cooked"),
    pytest.param(LINUX_SLL, _sll(4, SNAP + b"\x86\xdd" + V6), id="linux-cooked-llc"),
    pytest.param(LINUX_SLL2, _sll2(0x86DD, V6), id="linux-cooked-2"),
    *(pytest.param(kind, V4, id=f"raw-{kind}") for kind in (12, 14, RAW, 228)),
    pytest.param(229, V6, id="raw-229"),
    pytest.param(NULL, b"\x02\0\0\0" + V4, id="null-little-endian"),
    pytest.param(NULL, b"\0\0\0\x02" + V4, id="null-big-endian"),
    pytest.param(LOOP, b"\0\0\0\x18" + V6, id="loop"),
    pytest.param(LOOP, b"\x1e\0\0\0" + V6, id="loop-little-endian"),
    pytest.param(PPP, b"\xff\x03\0\x21" + V4, id="ppp"),
    pytest.param(PPP, b"\x21" + V4, id="ppp-short-protocol"),
    pytest.param(PPP, b"\0\x57" + V6, id="ppp-no-address"),
    pytest.param(PPP, b"\xff\x03\x02\x81" + b"\x00\x01\x01\x40" + V4, id="ppp-mpls"),
    pytest.param(50, b"\x0f\0\x08\0" + V4, id="ppp-cisco-hdlc"),
    pytest.param(51, b"\x11\0\0\x05\0\x30\0\x21" + V4, id="pppoe-alone"),
    pytest.param(166, b"\x01\x03\0\x21" + V4, id="ppp-pppd"),
    pytest.param(204, b"\x01\xff\x03\0\x21" + V4, id="ppp-with-direction"),
    pytest.param(104, b"\x0f\0\x08\0" + V4, id="cisco-hdlc"),
    pytest.param(WIFI, _wifi(SNAP + b"\x08\0" + V4), id="802.11"),
    pytest.param(WIFI, _wifi(b"\0\0" + SNAP + b"\x08\0" + V4, control=0x88), id="802.11-qos"),
    pytest.param(
        RADIOTAP, _radiotap(0x20) + _wifi(b"\0\0\0\0" + SNAP + b"\x08\0" + V4, control=0x88), id="radiotap-padded"
    ),
    pytest.param(RADIOTAP, b"\0\0\x0c\0" + bytes(8) + _wifi(SNAP + b"\x08\0" + V4), id="radiotap"),
    pytest.param(239, b"\x02\0\0\0" + b"\x05\0\x0a\0\0\0\0\0" + struct.pack("<HH", 4 + len(V4), 9) + V4, id="nflog"),
]


@pytest.mark.parametrize(("link_type", "frame"), IN_THE_CLEAR)
def test_ip_is_found_behind_its_link_layer(link_type: int, frame: bytes) -> None:
    packets, counts = decoded([frame], link_type=link_type, checksums=True)
    packet = packets[0]
    assert counts == {}
    assert packet["version"] in {4, 6}
    assert (packet["src_port"], packet["dst_port"], packet["payload_length"]) == (40000, 53, 5)
    assert frame[packet["payload_offset"] :] == b"marsh"


@pytest.mark.parametrize(("link_type", "frame"), IN_THE_CLEAR)
def test_a_link_layer_cut_anywhere_is_one_count_and_nothing_else(link_type: int, frame: bytes) -> None:
    cuts = [frame[:size] for size in range(len(frame) - len(V4))]
    packets, counts = decoded(cuts, link_type=link_type)
    assert not packets["version"].any()
    assert sum(counts.values()) == len(cuts)


def test_addresses_of_the_link_layer_are_kept() -> None:
    packets, _ = decoded([ethernet(V4)])
    assert (packets["src_mac"][0], packets["dst_mac"][0]) == (SRC, DST)
    packets, _ = decoded([_sll(0x0800, V4)], link_type=LINUX_SLL)
    assert (packets["src_mac"][0], packets["dst_mac"][0]) == (SRC, 0)


@pytest.mark.parametrize(("flags", "src", "dst"), [(0, 2, 1), (1, 2, 3), (2, 3, 1), (3, 4, 3)])
def test_802_11_addresses_depend_on_the_direction(flags: int, src: int, dst: int) -> None:
    # IEEE 802.11 table 9-30: the roles of addresses 1 to 4 by "to DS" (1) and "from DS" (2).
    addresses = b"".join(bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3))
    fourth = bytes([2, 0, 0, 0, 0, 4]) if flags == 3 else b""
    frame = bytes([0x08, flags, 0, 0]) + addresses + b"\0\0" + fourth + SNAP + b"\x08\0" + V4
    packets, counts = decoded([frame], link_type=WIFI)
    assert counts == {}
    assert (packets["src_mac"][0] & 0xFF, packets["dst_mac"][0] & 0xFF) == (src, dst)


def test_the_outermost_vlan_is_kept() -> None:
    tagged = ethernet(vlan(vlan(V4, 0xE000 | 7), 100, 0x8100), 0x88A8)
    packets, counts = decoded([tagged, ethernet(vlan(V4, 7), 0x8100), ethernet(vlan(V4, 9), 0x9100), ethernet(V4)])
    assert packets["vlan"].tolist() == [100, 7, 9, -1]
    assert counts == {}


def test_tags_without_end_are_given_up() -> None:
    deep = V4
    for _ in range(MAX_LAYERS + 1):
        deep = vlan(deep, 1, 0x8100)
    assert decoded([ethernet(deep, 0x8100)])[1] == {"link_too_deep": 1}


def test_frames_without_ip_are_counted_as_what_they_are() -> None:
    frames = [ethernet(arp(), 0x0806), ethernet(b"x" * 46, 0x88CC), ethernet(b"\x42\x42\x03" + bytes(43), 38)]
    packets, counts = decoded(frames)
    assert counts == {"arp": 1, "not_ip": 2}
    assert packets["version"].tolist() == [0, 0, 0]
    assert packets["src_mac"].tolist() == [SRC] * 3


def test_encrypted_802_11_frames_and_acknowledgments_are_not_opened() -> None:
    frames = [
        _wifi(SNAP + b"\x08\0" + V4, flags=0x40),
        b"\xd4\0\0\0" + mac(DST_MAC),  # an acknowledgment, 10 bytes
    ]
    assert decoded(frames, link_type=WIFI)[1] == {"not_ip": 2}


def _aggregate(*payloads: bytes) -> bytes:
    parts = []
    for number, payload in enumerate(payloads):
        part = (
            bytes([2, 0, 0, 0, 1, number]) + bytes([2, 0, 0, 0, 2, number]) + struct.pack(">H", len(payload)) + payload
        )
        parts.append(part + bytes(-len(part) % 4 if number < len(payloads) - 1 else 0))
    return _wifi(b"\x80\0" + b"".join(parts), control=0x88)


def test_each_packet_of_an_802_11_aggregate_is_a_record_with_its_own_addresses() -> None:
    odd = ipv4(udp(b"seven"), 17)
    frame = _aggregate(SNAP + b"\x08\0" + V4, SNAP + b"\x08\x06" + arp(), SNAP + b"\x08\0" + odd)
    packets, counts = decoded([frame], link_type=WIFI, checksums=True)
    assert counts == {"arp": 1}
    assert packets["version"].tolist() == [4, 0, 4]
    assert [frame[at:][:5] for at in packets["payload_offset"][[0, 2]]] == [b"marsh", b"seven"]
    assert [hex(value) for value in packets["src_mac"]] == ["0x20000000200", "0x20000000201", "0x20000000202"]
    assert packets["dst_mac"][2] == 0x20000000102


def test_a_cut_aggregate_gives_what_is_there() -> None:
    frame = _aggregate(SNAP + b"\x08\0" + V4, SNAP + b"\x08\0" + V4)
    for cut in range(1, len(V4) + 22):
        packets, counts = decoded([frame[:-cut]], link_type=WIFI)
        assert packets["version"].tolist() == [4, 0]
        assert counts == {"link_truncated": 1}
    assert decoded([_aggregate(b"")], link_type=WIFI)[1] == {"link_truncated": 1}


def test_an_aggregate_of_more_packets_than_anybody_sends_is_read_up_to_a_bound() -> None:
    packets, counts = decoded([_aggregate(*[SNAP + b"\x08\0" + V4] * (MAX_SUBFRAMES + 9))], link_type=WIFI)
    assert (len(packets), counts) == (MAX_SUBFRAMES, {})


@pytest.mark.parametrize("more", [False, True])
def test_a_check_sequence_that_radiotap_tells_of_is_no_packet(more: bool) -> None:  # noqa: FBT001  parametrized
    frame = _aggregate(SNAP + b"\x08\0" + V4) + b"\xde\xad\xbe\xef"
    packets, counts = decoded([_radiotap(0x10, more=more) + frame], link_type=RADIOTAP)
    assert (packets["version"].tolist(), counts) == ([4], {})
    assert decoded([_radiotap(0) + frame], link_type=RADIOTAP)[1] == {"link_truncated": 1}


def test_a_link_type_that_we_cannot_read_is_counted() -> None:
    assert decoded([b"\0" * 60], link_type=253)[1] == {"link_type_unknown": 1}


def test_a_payload_that_is_neither_version_is_counted() -> None:
    assert decoded([ethernet(b"\x75" + bytes(45), 0x0800)])[1] == {"ip_version": 1}
