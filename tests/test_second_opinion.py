"""argus and our meter count the same packets and bytes for every pair of endpoints, or a line here says why not.

argus cuts flows otherwise (status intervals, its own timeouts) and counts bytes of the link layer: so all that it and
we report between two endpoints in one direction is added up, and the frames' overhead over IP is added to our bytes.
ICMP is compared by addresses: argus pairs messages otherwise. ARP is no flow here.
"""

import gzip
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from redshank.capture.sources.pcap import Pcap
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

ROOT = Path(__file__).resolve().parents[1]
RECORDINGS = ("learn", "unseen")
NULL, ETHERNET, LINUX_SLL = 0, 1, 113
ARGUS_READS = 60
"""Seconds that argus and ra may take for one capture."""

# Capture: how many keys differ, and why. 0: none.
CAPTURES: dict[str, tuple[int, str]] = {
    "benign-iot/arkime__mqtt_big.pcap": (0, ""),
    "benign-iot/iti__090813_diverse.pcap": (0, ""),
    "benign-iot/ivre__nb6-startup.pcap": (0, ""),
    "benign-iot/ndpi__coap_mqtt.pcap": (0, ""),
    "benign-iot/ndpi__opc-ua.pcap": (0, ""),
    "benign-iot/ndpi__rtsp.pcap": (0, ""),
    "attacks/ndpi__tcp_scan.pcapng": (0, ""),
    "attacks/iot-testbed__blind05_slow_dos_05.pcap": (0, ""),
    "attacks/zeek__sshguess.pcap": (0, ""),
    "attacks/modbus-dataset__moving_two_files_modbus_6RTU.pcap": (0, ""),
    "attacks/slips__test-cc-capture-2.pcap": (0, ""),
    "benign-iot/ndpi__syslog.pcap": (1, "argus does not look into 6in4"),
    "odd/zeek__fragmented-3.pcap": (1, "argus counts five fragments, we (as Zeek) the one datagram that they are"),
    "odd/zeek__http-qinq-0.pcap": (0, ""),
}

Key = tuple[str, str, str, str, str]
Totals = dict[Key, list[int]]


def of_argus(capture: Path, place: Path) -> Totals:
    """Return packets and bytes by source, destination and protocol, as argus counts them."""
    records = place / "argus.out"  # argus loses a record where it writes to a pipe
    records.unlink(missing_ok=True)
    read = ["argus", "-X", "-S", "1000000", "-r", str(capture), "-w", str(records)]
    show = ["ra", "-X", "-r", str(records), "-nn", "-c", ",", "-s"]
    show += ["saddr", "sport", "daddr", "dport", "proto", "spkts", "dpkts", "sbytes", "dbytes"]
    subprocess.run(read, capture_output=True, check=True, timeout=ARGUS_READS)
    lines = subprocess.run(show, capture_output=True, check=True, timeout=ARGUS_READS, text=True).stdout
    totals: Totals = defaultdict(lambda: [0, 0])
    for line in lines.splitlines()[1:]:
        source, source_port, target, target_port, proto, *numbers = line.split(",")
        if proto in {"6", "17", "1", "58"}:
            ports = ("-", "-") if proto in {"1", "58"} else (source_port, target_port)
            packets, back, octets, octets_back = map(int, numbers)
            add(totals, (source, ports[0], target, ports[1], proto), packets, octets)
            add(totals, (target, ports[1], source, ports[0], proto), back, octets_back)
    return totals


def add(totals: Totals, key: Key, packets: int, octets: int) -> None:
    if packets:
        totals[key][0] += packets
        totals[key][1] += octets


def of_ours(capture: Path) -> Totals:
    totals: Totals = defaultdict(lambda: [0, 0])
    columns = ["src_ip", "src_port", "dst_ip", "dst_port", "ip_proto", "src_pkts", "dst_pkts", "src_ip_bytes"]
    for batch in Sensor(Pcap(capture), MeterSettings(seed=1)).batches():
        for row in batch.select([*columns, "dst_ip_bytes", "part"]).to_pylist():
            if row["part"] != "final" or row["ip_proto"] not in {6, 17, 1, 58}:
                continue
            proto = str(row["ip_proto"])
            ports = ("-", "-") if row["ip_proto"] in {1, 58} else (str(row["src_port"]), str(row["dst_port"]))
            add(totals, (row["src_ip"], ports[0], row["dst_ip"], ports[1], proto), row["src_pkts"], row["src_ip_bytes"])
            add(totals, (row["dst_ip"], ports[1], row["src_ip"], ports[0], proto), row["dst_pkts"], row["dst_ip_bytes"])
    for key, octets in overheads(capture):
        if key in totals:
            totals[key][1] += octets
    return totals


def overheads(capture: Path) -> Iterator[tuple[Key, int]]:
    """Give for each frame how much longer argus takes it to be than its IP packet."""
    for block in Pcap(capture).blocks():
        for at, length, link in zip(
            block.offset.tolist(), block.length.tolist(), block.link_type.tolist(), strict=True
        ):
            start, uncounted = {NULL: (4, 4), LINUX_SLL: (16, 16)}.get(link, (14, 0))
            if link == ETHERNET:
                while bytes(block.data[at + start - 2 : at + start]) in {b"\x81\x00", b"\x88\xa8"}:
                    start += 4
                if bytes(block.data[at + start - 2 : at + start]) == b"\x88\x64":  # PPPoE
                    start += 8
            found = ends_and_length(bytes(block.data[at + start : at + start + 88]))
            if found is not None:
                yield found[0], length - uncounted - found[1]


def ends_and_length(ip: bytes) -> tuple[Key, int] | None:
    """Return who sends to whom, and the length, of an IP packet; None for anything else."""
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        proto, place, total = ip[9], (ip[0] & 15) * 4, struct.unpack(">H", ip[2:4])[0]
        ends = ip[12:16], ip[16:20]
    elif len(ip) >= 48 and ip[0] >> 4 == 6:
        proto, place, total = ip[6], 40, 40 + struct.unpack(">H", ip[4:6])[0]
        ends = ip[8:24], ip[24:40]
        if proto == 0:  # hop-by-hop options
            proto, place = ip[40], 48 + 8 * ip[41]
    else:
        return None
    texts = [str(ip_address(end)) for end in ends]
    ports = ["-", "-"]
    if proto in {6, 17} and len(ip) >= place + 4:
        ports = [str(port) for port in struct.unpack(">HH", ip[place : place + 4])]
    return (texts[0], ports[0], texts[1], ports[1], str(proto)), total


def differ(capture: Path, place: Path) -> list[str]:
    argus, mine = of_argus(capture, place), of_ours(capture)
    return [
        f"{' '.join(key)}: argus {argus.get(key)}, ours {mine.get(key)} (packets, bytes)"
        for key in sorted(set(argus) | set(mine))
        if argus.get(key) != mine.get(key)
    ]


needs_argus = pytest.mark.skipif(
    shutil.which("argus") is None or shutil.which("ra") is None, reason="argus is not installed; run `make services`"
)


@needs_argus
@pytest.mark.service
@pytest.mark.parametrize("name", RECORDINGS)
def test_argus_counts_the_same_in_the_labs_recordings(name: str, tmp_path: Path) -> None:
    capture = tmp_path / "capture.pcap"
    packed = ROOT / "src/redshank/lab/recordings" / name / "capture.pcap.gz"
    capture.write_bytes(gzip.decompress(packed.read_bytes()))
    assert differ(capture, tmp_path) == []


@needs_argus
@pytest.mark.service
@pytest.mark.data
@pytest.mark.parametrize("name", CAPTURES)
def test_argus_counts_the_same_in_captures_of_others(name: str, data: Path, tmp_path: Path) -> None:
    expected, why = CAPTURES[name]
    found = differ(data / "pcaps" / name, tmp_path)
    assert len(found) == expected, f"{why or 'not explained'}: {found}"
