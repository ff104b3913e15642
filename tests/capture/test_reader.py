import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from frames import ICMP, UDP, arp, block, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan
from redshank.capture.decode import RECORDS
from redshank.capture.packet import HARMLESS, METERED_CARRIER
from redshank.capture.reader import STRETCH, Reader
from redshank.capture.source import Block
from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import RedshankError

LINK_TYPES = (0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 166, 204, 228, 229, 239, 253, 276)
INNER = ethernet(ipv4(tcp(b"inner")))
FRAGMENTED = udp(bytes(range(64)))
VALID = [
    ethernet(ipv4(tcp(b"GET / HTTP/1.1\r\n", options=bytes(12)))),
    ethernet(ipv6(b"\x11\0\x01\x04\0\0\0\0" + udp(b"marsh"), 0)),
    ethernet(vlan(ipv4(ipv6(tcp(b"inner")), 41), 5), 0x8100),
    ethernet(ipv4(b"\x30\0\x08\0" + bytes(8) + ipv4(icmp(), ICMP), 47)),
    ethernet(b"\x11\0\0\x05\0\x30\0\x21" + ipv4(udp(), UDP), 0x8864),
    ethernet(arp(), 0x0806),
    ethernet(ipv4(udp(b"\x08\0\0\0\0\0\1\0" + INNER, dst_port=4789), UDP)),
    ethernet(ipv4(udp(b"\0\0\x65\x58\0\0\1\0" + INNER, dst_port=6081), UDP)),
    ethernet(ipv4(udp(b"\x34\xff\0\x40\0\0\0\1\0\0\0\x85\1\0\0\0" + ipv4(udp(), UDP), dst_port=2152), UDP)),
    ethernet(ipv4(udp(b"\0\1\2\2abcd" + bytes(17) + ipv6(tcp(), src="2001::1"), dst_port=3544), UDP)),
    ethernet(ipv4(udp(b"\0\0\x08\0" + ipv4(tcp()), dst_port=4754), UDP)),
    ethernet(ipv4(FRAGMENTED[:32], UDP, more_fragments=True)),
    ethernet(ipv4(FRAGMENTED[32:], UDP, offset=32)),
    ethernet(ipv6(b"\x11\0\0\x01\0\0\0\7" + FRAGMENTED[:32], 44)),
    ethernet(ipv6(b"\x11\0\0\x20\0\0\0\7" + FRAGMENTED[32:], 44)),
    ethernet(ipv4(ipv4(FRAGMENTED[32:], UDP, offset=32), 4)),
    ipv4(udp(b"raw"), UDP),
    ipv6(b"\x06\0\0\x01\0\0\0\x07" + tcp(), 44),
    b"\x02\0\0\0" + ipv4(tcp()),
    b"\x88\0\0\0"
    + bytes(20)
    + b"\x80\0"
    + (bytes(12) + b"\0\x30" + bytes.fromhex("aaaa030000000800") + ipv4(tcp())) * 2,
    b"\0\0\x0c\0" + bytes(8) + b"\x88\x01" + bytes(24) + bytes.fromhex("aaaa030000000800") + ipv4(tcp()),
]


def _records(reader: Reader, given: Block) -> list[tuple[Any, ...]]:
    """Give what the records say, with the payload in place of where it lies."""
    found = []
    for data, packets in reader.packets(given):
        for packet in packets:
            at, size = int(packet["payload_offset"]), int(packet["payload_captured"])
            kept = [packet[name].item() for name in packets.dtype.names or () if name != "payload_offset"]
            found.append((*kept, data[at : at + size].tobytes()))
    return found


def _fits(data: npt.NDArray[np.uint8], packets: npt.NDArray[Any]) -> None:
    """Every record says only what its data can hold."""
    metered = packets["version"] != 0
    assert set(np.unique(packets["version"])) <= {0, 4, 6}
    start, captured = packets["payload_offset"], packets["payload_captured"]
    assert (captured >= 0).all()
    assert (captured <= packets["payload_length"]).all()
    assert (start >= 0).all()
    assert ((start + captured)[captured > 0] <= len(data)).all()
    assert (packets["payload_length"][metered] < 2**25).all()
    assert (packets["ip_length"] >= 0).all()
    steps = np.diff(packets["depth"].astype(int), prepend=0)
    assert (steps <= 1).all()  # whatever is inside a tunnel comes right behind it
    assert (packets["carrier"][:-1][steps[1:] == 1] != 0).all()
    inside = np.append(steps[1:] == 1, False)
    assert inside[packets["carrier"] == METERED_CARRIER].all()


def _survive(frames: list[bytes], link_type: int, *, longer: int = 0) -> None:
    reader = Reader(checksums=longer == 1)
    plain = block(frames, link_type=link_type)
    given = replace(plain, length=plain.length + longer)
    seen = outermost = 0
    for data, packets in reader.packets(given):
        _fits(data, packets)
        seen += len(packets)
        outermost += int((packets["depth"] == 0).sum())
    assert outermost >= len(frames)
    assert reader.counts.min() >= 0
    reader.finish()


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=12), st.sampled_from(LINK_TYPES), st.sampled_from([0, 1, 70_000]))
def test_random_bytes_are_survived_under_every_link_type(frames: list[bytes], link_type: int, longer: int) -> None:
    _survive(frames, link_type, longer=longer)


MUTATED = st.tuples(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 160), st.integers(0, 255)), max_size=5),
    st.integers(0, 180),
)


def _mutated(frame: bytes, changes: list[tuple[int, int]], size: int) -> bytes:
    changed = bytearray(frame)
    for at, value in changes:
        changed[at % len(changed)] = value
    return bytes(changed[: size or None])


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(MUTATED, min_size=1, max_size=8), st.sampled_from((1, 1, 1, *LINK_TYPES)), st.sampled_from([0, 1, 5000])
)
def test_mutated_and_cut_frames_are_survived(
    frames: list[tuple[bytes, list[tuple[int, int]], int]], link_type: int, longer: int
) -> None:
    _survive([_mutated(*frame) for frame in frames], link_type, longer=longer)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(MUTATED, min_size=2, max_size=40), st.integers(1, 39), st.booleans())
def test_nothing_depends_on_how_frames_are_cut_into_blocks(
    frames: list[tuple[bytes, list[tuple[int, int]], int]],
    cut: int,
    checksums: bool,  # noqa: FBT001  from hypothesis
) -> None:
    bytes_ = [_mutated(*frame) for frame in frames]
    times = [number * 1000 for number in range(len(bytes_))]
    whole = Reader(checksums=checksums)
    expected = _records(whole, block(bytes_, ts_ns=times))
    parts = Reader(checksums=checksums)
    found = [
        record
        for piece in (slice(cut), slice(cut, None))
        for record in _records(parts, block(bytes_[piece], ts_ns=times[piece]))
    ]
    assert found == expected
    assert parts.anomalies == whole.anomalies


def test_frames_come_in_order_and_in_stretches_that_point_into_their_data() -> None:
    frames = [ethernet(ipv4(udp(b"%06d" % number), UDP)) for number in range(STRETCH + 10)]
    reader = Reader()
    sizes, bodies = [], []
    for data, packets in reader.packets(block(frames)):
        sizes.append(len(packets))
        bodies += [data[at : at + 6].tobytes() for at in packets["payload_offset"]]
    assert sizes == [STRETCH, 10]
    assert bodies == [b"%06d" % number for number in range(STRETCH + 10)]


def test_the_records_of_a_frame_are_never_in_two_stretches() -> None:
    tunnel = ethernet(ipv4(udp(b"\x08\0\0\0\0\0\1\0" + INNER, dst_port=4789), UDP))
    plain = ethernet(ipv4(tcp()))
    frames = [plain] * (STRETCH - 1) + [tunnel] * STRETCH
    sizes = [len(packets) for _, packets in Reader().packets(block(frames))]
    assert sum(sizes) == STRETCH - 1 + 2 * STRETCH
    assert sizes[0] == STRETCH + 1
    assert max(sizes) <= STRETCH + RECORDS


def test_fragments_cost_stretches_of_their_own_only_while_they_come() -> None:
    plain, one, two = ethernet(ipv4(tcp(b"plain"))), *VALID[11:13]
    reader = Reader()
    given = block([plain] * 100 + [one, plain, two] + [plain] * 200)
    stretches = [(data is given.data, len(packets)) for data, packets in reader.packets(given)]
    assert [inside for inside, _ in stretches] == [True, False, True]
    assert sum(count for _, count in stretches) == 303
    assert stretches[1][1] < 64
    assert reader.anomalies == {"fragment": 1}


def test_many_datagrams_share_a_stretch() -> None:
    pairs = [VALID[11], VALID[12]] * 1000
    sizes = [len(packets) for _, packets in Reader().packets(block(pairs))]
    assert len(sizes) < 20
    assert sum(sizes) == 2000


def test_a_frame_larger_than_the_work_space_is_read_in_place_and_cut_with_a_fragment_in_it() -> None:
    large = ethernet(ipv4(tcp(bytes(3000)))) + bytes(200_000)
    fragment = VALID[11] + bytes(200_000)
    reader = Reader()
    given = block([VALID[11], large, fragment, VALID[12]])
    found = _records(reader, given)
    assert [record[7] for record in found] == [0, 4, 0, 4]
    assert len(found[1][-1]) == 3000
    assert reader.anomalies == {"fragment": 2, "fragment_overlap": 1}


def test_the_vlan_of_the_network_card_is_the_outermost() -> None:
    frames = block([ethernet(vlan(ipv4(tcp()), 7), 0x8100), ethernet(ipv4(tcp())), VALID[6], VALID[11], VALID[12]])
    reader = Reader()
    vlans = []
    for _, packets in reader.packets(replace(frames, vlan=np.array([5, -1, 9, 3, 3], np.int32))):
        vlans += packets["vlan"].tolist()
    assert vlans == [5, -1, 9, -1, 3, 3]


def test_what_was_counted_before_a_fragment_is_found_is_counted_once() -> None:
    inner = ipv4(FRAGMENTED[:32], UDP, more_fragments=True)
    vxlan = udp(b"\x08\0\0\0\0\0\1\0" + ethernet(inner), dst_port=4789, length=70)
    reader = Reader()
    list(reader.packets(block([ethernet(ipv4(vxlan, UDP, checksums=False))])))
    assert reader.anomalies == {"udp_length": 1, "fragment": 1}


def test_a_block_too_long_for_its_places_is_refused() -> None:
    given = block([b""])
    huge = np.broadcast_to(np.zeros(1, np.uint8), 2**31 + 1)
    with pytest.raises(ValueError, match="a block of 2147483649 bytes; at most 2147483648"):
        list(Reader().packets(replace(given, data=huge)))


def test_an_empty_block_gives_nothing() -> None:
    assert list(Reader().packets(block([]))) == []


@pytest.mark.data
def test_every_capture_we_have_is_survived_in_seconds(data: Path) -> None:
    # Read in under two seconds of one core; the bound leaves room for compiling, not for a loop without end.
    seen, refused, began = 0, [], time.process_time()
    for folder in ("benign-iot", "attacks", "odd", "malformed"):
        for path in sorted((data / "pcaps" / folder).iterdir()):
            if path.is_dir():
                continue
            reader = Reader(checksums=seen % 2 == 1)
            try:
                for given in Pcap(path).blocks():
                    for where, packets in reader.packets(given):
                        _fits(where, packets)
                    seen += len(given.offset)
            except RedshankError as error:
                refused.append((path.name, len(str(error).splitlines())))
    assert [name for name, _ in refused] == [
        "pcpp__pcapng-example.pcapng.zst",
        "pcpp__solaris.snoop",
        "lfs-pointer-named.pcap",
        "libpcap__linktype-reserved-field-not-zero.pcap",
        "libpcap__pcap-invalid-version-1.pcap",
        "libpcap__pcapng-invalid-vers-1.pcapng",
    ]
    assert {lines for _, lines in refused} == {1}
    assert seen > 100_000
    assert time.process_time() - began < 60


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "frames"),
    [("icsnpp__dnp3_example.pcap", 834), ("ndpi__upnp.pcap", 14), ("ndpi__syslog.pcap", 94), ("zeek__mdns.pcap", 24)],
)
def test_checksums_of_real_devices_are_right(data: Path, name: str, frames: int) -> None:
    # The README beside the captures has the number of frames; TCP, UDP, IPv4 and IPv6 are all among them.
    reader = Reader(checksums=True)
    ((_, packets),) = reader.packets(next(Pcap(data / "pcaps" / "benign-iot" / name).blocks()))
    assert (packets["depth"] == 0).sum() == frames
    assert packets["bad_checksum"].sum() == 0
    assert set(reader.anomalies) <= set(HARMLESS)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "lengths", "counted"),
    [
        # As tshark puts them together: the lengths of all that is metered, and what stays incomplete.
        ("odd/pcpp__frag_with_padding.pcap", [9429], {"fragment": 7}),
        ("odd/pcpp__ip6_fragments.pcap", [781, 1492, 1043, 826], {"fragment": 32, "udp_length": 4}),
        ("odd/zeek__fragmented-3.pcap", [], {"fragment": 5, "fragment_incomplete": 1}),
        ("odd/zeek__ipv6-fragmented-dns.pcap", [121, 371, 122, 122, 3278], {"fragment": 3, "fragment_incomplete": 1}),
        ("odd/zeek__6in6in6.pcap", [132, 92, 52], {}),
    ],
)
def test_fragments_and_tunnels_of_real_captures(
    data: Path, name: str, lengths: list[int], counted: dict[str, int]
) -> None:
    reader = Reader()
    found = []
    for part in Pcap(data / "pcaps" / name).blocks():
        for _, packets in reader.packets(part):
            found += packets["ip_length"][packets["version"] != 0].tolist()
    reader.finish()
    assert (found, reader.anomalies) == (lengths, counted)
