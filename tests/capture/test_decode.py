import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frames import (
    ETHERNET,
    ICMP,
    RAW,
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
    vlan,
)
from redshank.capture.decode import ANOMALIES, HARMLESS, MAX_TUNNELS, PACKET, decode
from redshank.capture.source import Block
from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import RedshankError

LINK_TYPES = (0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 228, 229, 239, 253, 276)
VALID = [
    ethernet(ipv4(tcp(b"GET / HTTP/1.1\r\n", options=bytes(12)))),
    ethernet(ipv6(b"\x11\0\x01\x04\0\0\0\0" + udp(b"marsh"), 0)),
    ethernet(vlan(ipv4(ipv6(tcp(b"inner")), 41), 5), 0x8100),
    ethernet(ipv4(b"\x30\0\x08\0" + bytes(8) + ipv4(icmp(), ICMP), 47)),
    ethernet(b"\x11\0\0\x05\0\x30\0\x21" + ipv4(udp(), UDP), 0x8864),
    ethernet(arp(), 0x0806),
    ipv4(udp(b"raw"), UDP),
    ipv6(b"\x06\0\0\x01\0\0\0\x07" + tcp(), 44),
    b"\x02\0\0\0" + ipv4(tcp()),
    b"\0\0\x0c\0" + bytes(8) + b"\x88\x01" + bytes(24) + bytes.fromhex("aaaa030000000800") + ipv4(tcp()),
]


def _fits(given: Block, packets: np.ndarray, counts: np.ndarray) -> None:
    """Every record says only what its frame can hold, and everything without a record is counted."""
    begin, end = given.offset, given.offset + given.captured
    metered = packets["version"] != 0
    assert set(np.unique(packets["version"])) <= {0, 4, 6}
    assert (packets["ts_ns"] == given.ts_ns).all()
    assert int((~metered).sum()) <= int(counts.sum())
    start, captured = packets["payload_offset"], packets["payload_captured"]
    assert (captured >= 0).all()
    assert (captured <= packets["payload_length"]).all()
    assert (start[metered] >= begin[metered]).all()
    assert ((start + captured)[metered & (captured > 0)] <= end[metered & (captured > 0)]).all()
    assert (packets["ip_length"][metered] >= 20).all()
    assert (packets["payload_length"][metered] < packets["ip_length"][metered]).all()


def _decode(frames: list[bytes], link_type: int, *, longer: int = 0) -> None:
    plain = block(frames, link_type=link_type)
    given = Block(plain.data, plain.offset, plain.captured, plain.length + longer, plain.ts_ns, plain.link_type)
    packets, counts = np.empty(len(frames), PACKET), np.zeros(len(ANOMALIES), np.int64)
    assert decode(given, packets, counts, checksums=True) == len(frames)
    _fits(given, packets, counts)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=12), st.sampled_from(LINK_TYPES), st.sampled_from([0, 1, 70_000]))
def test_random_bytes_are_survived_under_every_link_type(frames: list[bytes], link_type: int, longer: int) -> None:
    _decode(frames, link_type, longer=longer)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 140), st.integers(0, 255)), max_size=6),
    st.integers(0, 140),
    st.sampled_from(LINK_TYPES),
)
def test_mutated_and_cut_frames_are_survived(
    frame: bytes, changes: list[tuple[int, int]], size: int, link_type: int
) -> None:
    changed = bytearray(frame)
    for at, value in changes:
        changed[at % len(changed)] = value
    _decode([bytes(changed), bytes(changed[:size])], link_type, longer=len(changed))


FUZZ = """
import random
import numpy as np
from capture.test_decode import LINK_TYPES, VALID, _decode

chance = random.Random(7)
for _ in range(150):
    frames = []
    for _ in range(40):
        frame = bytearray(chance.choice(VALID) if chance.random() < 0.8 else chance.randbytes(chance.randrange(200)))
        for _ in range(chance.randrange(5)):
            if frame:
                frame[chance.randrange(len(frame))] = chance.randrange(256)
        frames.append(bytes(frame[: chance.randrange(len(frame) + 1)] if chance.random() < 0.3 else frame))
    for frame in frames:  # each alone: a byte behind it is a byte outside the block
        _decode([frame], chance.choice((1, *LINK_TYPES)), longer=chance.choice((0, 3, 5000)))
data = np.zeros(4, np.uint8)
try:
    from redshank.capture.link import u32
    u32(data, 2)
except IndexError:
    print("survived with bounds checks on")
"""


def test_no_byte_outside_a_block_is_ever_read(tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    environment = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(tests),
    }
    done = subprocess.run(
        [sys.executable, "-c", FUZZ], env=environment, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.stdout.strip() == "survived with bounds checks on", done.stderr[-2000:]


def test_each_frame_gives_one_record_in_order() -> None:
    packets, counts = decoded([VALID[5], VALID[0], b"", VALID[1]])
    assert packets["version"].tolist() == [0, 4, 0, 6]
    assert packets["ts_ns"].tolist() == [0, 1_000_000, 2_000_000, 3_000_000]
    assert counts == {"arp": 1, "link_truncated": 1}


def test_a_record_holds_nothing_of_what_was_there_before() -> None:
    packets, _ = decoded([ethernet(arp(), 0x0806)])
    left = [name for name in packets.dtype.names or () if packets[name][0] not in {0, -1}]
    assert left == ["src_mac", "dst_mac"]


def test_tunnels_inside_each_other_are_opened_up_to_a_bound() -> None:
    nested = ipv4(udp(b"egg"), UDP)
    for _ in range(MAX_TUNNELS):
        nested = ipv4(nested, 4)
    read, counts = decoded([nested, ipv4(nested, 4)], link_type=RAW)
    assert read["proto"].tolist() == [UDP, 4]
    assert counts == {"tunnel_too_deep": 1}


def test_a_fragment_of_a_tunnel_is_not_opened() -> None:
    read, counts = decoded([ipv4(ipv4(tcp()), 4, more_fragments=True)], link_type=RAW)
    assert (read["proto"][0], read["fragment"][0], counts) == (4, 1, {})


def test_frames_of_several_link_types_share_a_block() -> None:
    plain = block([ethernet(ipv4(tcp())), ipv4(tcp())])
    mixed = Block(
        plain.data, plain.offset, plain.captured, plain.length, plain.ts_ns, np.array([ETHERNET, RAW], np.int32)
    )
    packets, counts = np.zeros(2, PACKET), np.zeros(len(ANOMALIES), np.int64)
    assert decode(mixed, packets, counts) == 2
    assert packets["dst_port"].tolist() == [80, 80]


def test_a_length_that_no_wire_can_have_does_not_overflow() -> None:
    plain = block([ethernet(ipv4(tcp(), total_length=0))])
    absurd = Block(plain.data, plain.offset, plain.captured, plain.length + 2**40, plain.ts_ns, plain.link_type)
    packets, counts = np.zeros(1, PACKET), np.zeros(len(ANOMALIES), np.int64)
    decode(absurd, packets, counts)
    assert 0 < packets["ip_length"][0] < 2**25


def test_too_few_records_are_refused_before_anything_is_written() -> None:
    given = block([VALID[0], VALID[1]])
    with pytest.raises(ValueError, match="decode: 2 frames need as many packets, not 1"):
        decode(given, np.zeros(1, PACKET), np.zeros(len(ANOMALIES), np.int64))
    with pytest.raises(ValueError, match=f"and {len(ANOMALIES)} counts, not 3"):
        decode(given, np.zeros(2, PACKET), np.zeros(3, np.int64))


@pytest.mark.data
def test_every_capture_we_have_is_survived_in_seconds(data: Path) -> None:
    # Decoded in under two seconds of one core; the bound leaves room for compiling, not for a loop without end.
    seen, refused, began = 0, [], time.process_time()
    packets, counts = np.zeros(8192, PACKET), np.zeros(len(ANOMALIES), np.int64)
    for folder in ("benign-iot", "attacks", "odd", "malformed"):
        for path in sorted((data / "pcaps" / folder).iterdir()):
            if path.is_dir():
                continue
            try:
                for given in Pcap(path).blocks():
                    frames = decode(given, packets, counts, checksums=True)
                    _fits(given, packets[:frames], counts)
                    seen += frames
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
    packets, counts = np.zeros(8192, PACKET), np.zeros(len(ANOMALIES), np.int64)
    (given,) = Pcap(data / "pcaps" / "benign-iot" / name).blocks()
    assert decode(given, packets, counts, checksums=True) == frames
    assert packets["bad_checksum"][:frames].sum() == 0
    assert {ANOMALIES[index] for index in np.flatnonzero(counts)} <= set(HARMLESS)
