import numpy as np

from frames import ETHERNET, RAW, UDP, arp, block, decoded, ethernet, ipv4, ipv6, tcp, udp
from redshank.capture.decode import MAX_TUNNELS, RECORDS, STOPPED, decode_frame
from redshank.capture.fragments import empty_table
from redshank.capture.packet import ANOMALIES, PACKET
from redshank.capture.reader import Reader
from redshank.capture.source import Block


def test_each_frame_gives_one_record_in_order() -> None:
    frames = [ethernet(arp(), 0x0806), ethernet(ipv4(tcp())), b"", ethernet(ipv6(udp(), UDP))]
    packets, counts = decoded(frames)
    assert packets["version"].tolist() == [0, 4, 0, 6]
    assert packets["ts_ns"].tolist() == [0, 1_000_000, 2_000_000, 3_000_000]
    assert counts == {"arp": 1, "link_truncated": 1}


def test_a_record_holds_nothing_of_what_was_there_before() -> None:
    packets, _ = decoded([ethernet(arp(), 0x0806), ethernet(ipv4(b"", 89))])
    assert {name for name in packets.dtype.names or () if packets[name][0] not in {0, -1}} == {"src_mac", "dst_mac"}
    left = {name for name in packets.dtype.names or () if packets[name][1] not in {0, -1}}
    assert left - {"src_mac", "dst_mac"} == {
        *("ts_ns", "src_lo", "dst_lo", "version", "proto", "ip_length", "payload_offset"),
    }


def test_tunnels_inside_each_other_are_opened_up_to_a_bound() -> None:
    nested = ipv4(udp(b"egg"), UDP)
    for _ in range(MAX_TUNNELS):
        nested = ipv4(nested, 4)
    read, counts = decoded([nested], link_type=RAW)
    assert (read["proto"].tolist(), counts) == ([4] * MAX_TUNNELS + [UDP], {})
    assert read["depth"].tolist() == list(range(MAX_TUNNELS + 1))
    read, counts = decoded([ipv4(nested, 4)], link_type=RAW)
    assert (read["proto"].tolist(), counts) == ([4] * (MAX_TUNNELS + 1), {"tunnel_too_deep": 1})
    assert set(read["carrier"]) == {1}


def test_a_tunnel_over_udp_that_is_too_deep_is_a_datagram_like_any() -> None:
    nested = ipv4(udp(b"egg"), UDP)
    for _ in range(MAX_TUNNELS + 1):
        nested = ipv4(udp(bytes([8, 0, 0, 0, 0, 0, 1, 0]) + ethernet(nested), dst_port=4789), UDP)
    read, counts = decoded([nested], link_type=RAW)
    assert (read["carrier"].tolist(), counts) == ([2] * MAX_TUNNELS + [0], {"tunnel_too_deep": 1})


def test_frames_of_several_link_types_share_a_block() -> None:
    plain = block([ethernet(ipv4(tcp())), ipv4(tcp())])
    kinds = np.array([ETHERNET, RAW], np.int32)
    mixed = Block(plain.data, plain.offset, plain.captured, plain.length, plain.ts_ns, kinds)
    ((_, packets),) = Reader().packets(mixed)
    assert packets["dst_port"].tolist() == [80, 80]


def test_a_length_that_no_wire_can_have_does_not_overflow() -> None:
    plain = block([ethernet(ipv4(tcp(), total_length=0))])
    absurd = Block(plain.data, plain.offset, plain.captured, plain.length + 2**40, plain.ts_ns, plain.link_type)
    ((_, packets),) = Reader().packets(absurd)
    assert 0 < packets["payload_length"][0] < 2**25


def test_a_fragment_stops_where_it_may_not_be_put_together() -> None:
    frame = np.frombuffer(ethernet(ipv4(udp(bytes(16)), UDP, more_fragments=True)), np.uint8).copy()
    packets, counts = np.zeros(RECORDS, PACKET), np.zeros(len(ANOMALIES), np.int64)
    size = len(frame)
    given = decode_frame(frame, 0, size, size, 0, ETHERNET, -1, packets, 0, counts, False, -1, -1, empty_table())
    assert given[0] == STOPPED
