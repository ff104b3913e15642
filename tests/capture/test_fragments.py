import struct
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from frames import RAW, UDP, block, ethernet, ipv4, ipv6, tcp, udp, vlan
from redshank.capture.fragments import DATAGRAMS, JOINED_BYTES, TIMEOUT_NS, empty_table
from redshank.capture.reader import Reader

SECOND = 1_000_000_000
FRAGMENT, DESTINATION, IPIP = 44, 60, 4


def _part4(payload: bytes, at: int, end: int, *, ident: int = 7, proto: int = UDP, last: bool = False) -> bytes:
    return ipv4(payload[at:end], proto, ident=ident, offset=at, more_fragments=not last, checksums=False)


def _part6(payload: bytes, at: int, end: int, *, ident: int = 7, proto: int = UDP, last: bool = False) -> bytes:
    header = struct.pack(">BBHI", proto, 0, at | (not last), ident)
    return ipv6(header + payload[at:end], FRAGMENT, checksums=False)


def _parts(payload: bytes, cuts: list[int], *, version: int = 4, **header: int) -> list[bytes]:
    part = _part4 if version == 4 else _part6
    edges = [0, *cuts, len(payload)]
    return [part(payload, at, end, last=end == len(payload), **header) for at, end in pairwise(edges)]


def _read(
    frames: list[bytes], reader: Reader | None = None, *, ts_ns: list[int] | None = None, link_type: int = RAW
) -> tuple[list[tuple[int, int, int, bytes]], dict[str, int]]:
    """Give time, protocol, IP length and payload of what is metered; and the counts."""
    reader = reader or Reader()
    found = []
    for data, packets in reader.packets(block(frames, ts_ns=ts_ns, link_type=link_type)):
        for packet in packets[packets["version"] != 0]:
            at, size = int(packet["payload_offset"]), int(packet["payload_captured"])
            kept = int(packet["ts_ns"]), int(packet["proto"]), int(packet["ip_length"]), data[at : at + size].tobytes()
            found.append(kept)
    return found, reader.anomalies


CUTS = st.lists(st.integers(1, 40).map(lambda words: 8 * words), unique=True, max_size=6).map(sorted)


@settings(max_examples=examples(60), deadline=None)
@given(st.binary(min_size=330, max_size=400), CUTS, st.sampled_from([4, 6]), st.randoms(use_true_random=False))
def test_fragments_in_any_order_and_more_than_once_give_the_datagram_once(
    body: bytes, cuts: list[int], version: int, chance: object
) -> None:
    whole = udp(body)
    parts = _parts(whole, cuts, version=version)
    order = parts + parts[:-1]
    chance.shuffle(order)  # type: ignore[attr-defined]
    if not cuts:  # with one part only, there is no fragment in IPv4, and none to put together in IPv6
        order = parts
    found, _ = _read(order)
    assert {payload for *_, payload in found} == {body}
    assert {length for _, _, length, _ in found} == {len(whole) + (20 if version == 4 else 40)}
    complete = min(i for i in range(len(order)) if set(parts) <= set(order[: i + 1]))
    assert found[0][0] == complete * 1_000_000


@pytest.mark.parametrize("version", [4, 6])
def test_a_datagram_counts_at_the_time_of_its_last_part_and_the_others_are_counted(version: int) -> None:
    parts = _parts(tcp(bytes(100), flags="S"), [64], version=version, proto=6)
    found, counts = _read(parts, ts_ns=[SECOND, 3 * SECOND])
    assert found == [(3 * SECOND, 6, 120 + (20 if version == 4 else 40), bytes(100))]
    assert counts == {"fragment": 1}


def test_the_header_behind_a_datagram_is_the_first_that_came() -> None:
    payload = udp(bytes(40))
    options = ipv4(payload[:32], UDP, ident=7, more_fragments=True, options=bytes(8))
    found, _ = _read([options, _part4(payload, 32, 48, last=True)])
    assert [length for _, _, length, _ in found] == [20 + 8 + 48]


def test_extension_headers_before_and_behind_the_fragment_header_are_kept() -> None:
    payload = bytes([UDP, 0, 1, 4, 0, 0, 0, 0]) + udp(b"deep" * 10)
    before = bytes([FRAGMENT, 0, 1, 4, 0, 0, 0, 0])
    parts = [
        ipv6(before + struct.pack(">BBHI", DESTINATION, 0, at | more, 9) + payload[at:end], DESTINATION)
        for at, end, more in ((0, 24, 1), (24, 56, 0))
    ]
    for order in (parts, parts[::-1]):
        assert _read(order) == ([(1_000_000, UDP, 40 + 8 + 56, b"deep" * 10)], {"fragment": 1})


def test_where_fragments_overlap_the_first_bytes_stay() -> None:
    payload, evil = udp(b"a" * 64), udp(b"b" * 64)
    frames = [_part4(payload, 0, 40), _part4(evil, 24, 56), _part4(payload, 48, 72, last=True)]
    found, counts = _read(frames)
    assert [body for *_, body in found] == [b"a" * 32 + b"b" * 16 + b"a" * 16]
    assert counts == {"fragment": 2, "fragment_inconsistent": 2}
    same = [_part4(payload, 0, 40), _part4(payload, 24, 56), _part4(payload, 56, 72, last=True)]
    assert _read(same)[1] == {"fragment": 2, "fragment_overlap": 1}


def test_what_contradicts_the_end_of_a_datagram_is_dropped() -> None:
    payload = udp(b"a" * 64)
    end = _part4(payload, 64, 72, last=True)
    wrong = [
        _part4(payload, 40, 48, last=True),
        _part4(payload + bytes(40), 72, 80),
        _part4(payload + b"x", 64, 73, last=True),
    ]
    found, counts = _read([end, *wrong, _part4(payload, 0, 64)])
    assert [body for *_, body in found] == [b"a" * 64]
    assert counts == {"fragment": 4, "fragment_inconsistent": 3}
    assert _read([_part4(payload, 40, 64), _part4(payload, 8, 24, last=True)])[1]["fragment_inconsistent"] == 1


def test_a_datagram_longer_than_ip_allows_is_never_put_together() -> None:
    # The "ping of death": an offset and a length that together pass 65,535.
    whole = bytes(70_000)
    _, counts = _read([_part4(whole, 0, 1000, proto=1), _part4(whole, 65_528, 65_600, proto=1, last=True)])
    assert counts == {"fragment": 2, "fragment_too_large": 1}
    longest = udp(b"x" * (65_535 - 20 - 8))
    found, counts = _read(_parts(longest, list(range(8000, 65_000, 8000))))
    assert [length for _, _, length, _ in found] == [65_535]
    assert found[0][3] == b"x" * (65_535 - 28)


def test_fragments_that_no_host_sends_are_dropped() -> None:
    frames = [ipv4(bytes(9), UDP, more_fragments=True), ipv4(b"", UDP, offset=800)]
    assert _read(frames)[1] == {"fragment": 2, "fragment_length": 2}


def test_two_datagrams_are_told_apart_by_identification_and_addresses() -> None:
    one, two = udp(b"1" * 40), udp(b"2" * 40)
    parts = [*_parts(one, [24], ident=1), *_parts(two, [24], ident=2)]
    found, _ = _read([parts[0], parts[2], parts[3], parts[1]])
    assert [body for *_, body in found] == [b"2" * 40, b"1" * 40]


def test_a_datagram_with_a_part_missing_is_given_up_in_time_and_counted() -> None:
    payload = udp(bytes(40))
    first, last = _parts(payload, [24])
    reader = Reader()
    assert _read([first, last], reader, ts_ns=[0, TIMEOUT_NS + 1])[0] == []
    assert reader.anomalies == {"fragment": 2, "fragment_incomplete": 1}
    reader.finish()
    assert reader.anomalies["fragment_incomplete"] == 2
    reader.finish()
    assert reader.anomalies["fragment_incomplete"] == 2


def test_the_oldest_datagram_goes_when_too_many_are_open() -> None:
    payload = udp(bytes(40))
    firsts = [_parts(payload, [24], ident=ident)[0] for ident in range(DATAGRAMS + 1)]
    rests = [_parts(payload, [24], ident=ident)[1] for ident in (1, 0)]
    reader = Reader()
    found, counts = _read([*firsts, *rests], reader)
    assert len(found) == 1  # the second's; the first was evicted
    assert counts["fragment_evicted"] == 1


def test_a_flood_of_fragments_costs_no_more_than_its_bytes() -> None:
    random = np.random.default_rng(1)
    frames = [
        ipv4(bytes(24), UDP, ident=int(ident), src=f"10.1.{a}.{b}", more_fragments=True)
        for ident, a, b in random.integers(0, 256, (4000, 3))
    ]
    reader = Reader()
    _read(frames[:10], reader)
    before = sum(array.nbytes for array in empty_table())
    began = time.process_time()
    _, counts = _read(frames, reader)
    assert time.process_time() - began < 1.0  # 4 ms when measured; the bound is for a loaded machine
    assert counts["fragment_evicted"] > 3000
    assert sum(array.nbytes for array in reader._table) == before


def test_a_fragment_inside_a_tunnel_is_put_together_behind_its_carrier() -> None:
    payload = udp(b"in" * 30)
    inner = _parts(payload, [32])
    frames = [ethernet(vlan(ipv4(part, IPIP), 5), 0x8100) for part in inner]
    reader = Reader()
    ((_, first),) = [(data, packets.copy()) for data, packets in reader.packets(block(frames[:1]))]
    assert first["carrier"].tolist() == [1]
    ((data, packets),) = reader.packets(block(frames[1:]))
    assert packets["depth"].tolist() == [0, 1]
    assert packets["vlan"].tolist() == [5, -1]
    at = int(packets["payload_offset"][1])
    assert data[at : at + 60].tobytes() == b"in" * 30


def test_a_tunnel_inside_a_datagram_is_opened_when_it_is_whole() -> None:
    inner = ipv4(udp(b"egg" * 20), UDP, src="172.16.0.1")
    vxlan = udp(bytes([8, 0, 0, 0, 0, 0, 1, 0]) + ethernet(inner), dst_port=4789)
    frames = [ethernet(part, src="02:00:00:00:00:0c") for part in _parts(vxlan, [48])]
    reader = Reader()
    ((_, packets),) = reader.packets(block(frames))
    packets = packets[packets["version"] != 0]
    assert packets[["proto", "depth", "carrier"]].tolist() == [(UDP, 0, 2), (UDP, 1, 0)]
    assert (packets["src_mac"] & 0xFF).tolist() == [0x0C, 1]
    assert packets["payload_length"].tolist() == [len(vxlan) - 8, 60]


def test_a_fragment_of_a_fragment_is_given_up() -> None:
    nested = struct.pack(">BBHI", UDP, 0, 1, 8) + udp(bytes(40))
    found, counts = _read(_parts(nested, [24], version=6, proto=FRAGMENT))
    assert (found, counts) == ([], {"fragment": 1, "ipv6_extensions": 1})


def test_unfragmentable_headers_beyond_any_reason_are_not_kept() -> None:
    chain = bytes([DESTINATION, 15]) + bytes(126)
    parts = [
        ipv6(
            chain * 2 + bytes([FRAGMENT, 0]) + bytes(6) + struct.pack(">BBHI", UDP, 0, at | more, 9) + bytes(24),
            DESTINATION,
        )
        for at, more in ((0, 1), (24, 0))
    ]
    assert _read(parts) == ([], {"fragment": 2, "fragment_too_large": 2})


def test_the_checksum_of_a_datagram_is_verified_when_it_is_whole() -> None:
    whole = ipv4(udp(b"abc" * 20), UDP)[20:]
    for body, expected in ((whole, {"fragment": 1}), (whole[:-1] + b"x", {"fragment": 1, "udp_checksum": 1})):
        found, counts = _read(_parts(body, [32]), Reader(checksums=True))
        assert (len(found), counts) == (1, expected)


def test_a_whole_datagram_fits_where_it_is_written() -> None:
    assert JOINED_BYTES >= 65_535 + 40
