import gzip
import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from frames import ICMP, TCP, UDP, ethernet, icmp, ipv4, pcap, tcp, udp
from redshank.core.errors import SourceError
from redshank.core.schema import FLOW
from redshank.data.datasets.lab import CAPTURE, LABELS, RECORDING, Lab
from redshank.data.labels import LABEL_TYPES
from redshank.data.place import HOMES

EPOCH_S = 1_760_000_000
DEVICE, BROKER, ATTACKER = "10.77.0.5", "10.77.0.2", "10.77.0.66"


def frame(at_s: float, transport: bytes, proto: int, src: str, dst: str) -> tuple[int, bytes]:
    return (EPOCH_S * 10**9 + round(at_s * 1e6) * 1000, ethernet(ipv4(transport, proto, src=src, dst=dst)))


FRAMES = [
    frame(1.0, udp(b"reading 21.5", src_port=5683, dst_port=5683), UDP, DEVICE, BROKER),
    frame(1.1, udp(b"ok", src_port=5683, dst_port=5683), UDP, BROKER, DEVICE),
    frame(2.0, tcp(src_port=40000, dst_port=22, flags="S"), TCP, ATTACKER, BROKER),
    frame(2.1, tcp(src_port=22, dst_port=40000, flags="RA", ack=1001), TCP, BROKER, ATTACKER),
    frame(3.0, icmp(8, 0, b"ping"), ICMP, ATTACKER, BROKER),
    frame(3.1, icmp(0, 0, b"ping"), ICMP, BROKER, ATTACKER),
    frame(4.0, udp(b"hello", src_port=5353, dst_port=5353), UDP, DEVICE, "224.0.0.251"),
]
ROWS = [
    (1.0, 1.2, "udp", DEVICE, 5683, BROKER, 5683, "benign", "coap reading"),
    (2.0, 2.2, "tcp", ATTACKER, 40000, BROKER, 22, "scanning", "port scan"),
    (2.9, 3.2, "icmp", ATTACKER, 8, BROKER, 0, "dos", "ping flood"),
    (9.0, 9.1, "tcp", ATTACKER, 40000, BROKER, 22, "password", "never on the wire"),
]


def labels(rows: list[tuple[object, ...]]) -> bytes:
    lines = [",".join(LABEL_TYPES)]
    for start_s, end_s, *rest in rows:
        assert isinstance(start_s, float)
        assert isinstance(end_s, float)
        lines.append(",".join([f"{EPOCH_S + start_s:.6f}", f"{EPOCH_S + end_s:.6f}", *map(str, rest)]))
    return ("\n".join(lines) + "\n").encode()


def example(place: Path) -> Lab:
    """Write a recording of four flows and four labels into the folder `place`."""
    (place / CAPTURE).write_bytes(gzip.compress(pcap(FRAMES)))
    (place / LABELS).write_bytes(gzip.compress(labels(list(ROWS))))
    digests = {name: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in (CAPTURE, LABELS)}
    (place / RECORDING).write_text(json.dumps({"seed": 1, "sha256": digests}))
    return Lab()


def family_by_flow(place: Path) -> dict[tuple[str, int], str]:
    read = example(place).load(place)
    flows = read.flows
    names = zip(flows.column("proto").to_pylist(), flows.column("dst_port").to_pylist(), strict=True)
    return dict(zip(names, read.family.tolist(), strict=True))


def test_flows_of_the_capture_take_the_families_of_the_labels(tmp_path: Path) -> None:
    assert family_by_flow(tmp_path) == {
        ("udp", 5683): "benign",
        ("tcp", 22): "scanning",
        ("icmp", 0): "dos",
        ("udp", 5353): "benign",
    }


def test_flows_without_a_label_and_labels_without_a_flow_are_counted(tmp_path: Path) -> None:
    notes = example(tmp_path).load(tmp_path).notes
    assert notes[0] == "4 flows, 1 without a label (benign background)"
    assert notes[1] == "1 of 4 labels have no flow"
    assert notes[2] == "files as recording.json says"


def test_the_flows_are_those_of_our_sensor(tmp_path: Path) -> None:
    read = example(tmp_path).load(tmp_path)
    assert read.flows.schema == FLOW
    assert set(read.flows.column("part").to_pylist()) == {"final"}
    assert Counter(read.flows.column("conn_state").to_pylist()) == {"SF": 1, "REJ": 1, "OTH": 1, "S0": 1}
    assert read.raw is None


def test_the_hash_is_of_both_files_content(tmp_path: Path) -> None:
    read = example(tmp_path).load(tmp_path)
    assert read.sha256 == hashlib.sha256(pcap(FRAMES) + labels(list(ROWS))).hexdigest()


def test_a_capture_without_a_flow_is_an_empty_dataset(tmp_path: Path) -> None:
    example(tmp_path)
    (tmp_path / RECORDING).unlink()
    (tmp_path / CAPTURE).write_bytes(gzip.compress(pcap([])))
    read = Lab().load(tmp_path)
    assert len(read.flows) == len(read.family) == 0
    assert read.notes[0] == "0 flows, 0 without a label (benign background)"


def test_oddities_of_the_capture_are_in_the_notes(tmp_path: Path) -> None:
    example(tmp_path)
    (tmp_path / RECORDING).unlink()
    (tmp_path / CAPTURE).write_bytes(gzip.compress(pcap([*FRAMES, (FRAMES[-1][0], FRAMES[0][1][:20])])))
    notes = Lab().load(tmp_path).notes
    assert notes[2] == "no recording.json: the files are as found"
    assert notes[3].startswith("anomalies in the capture: ")
    assert notes[3].endswith(" 1")


@pytest.mark.parametrize("name", [CAPTURE, LABELS])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    example(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(SourceError, match=f"lab: folder '{tmp_path}' holds no {name}; a recording has {CAPTURE} and"):
        Lab().load(tmp_path)


@pytest.mark.parametrize("name", [CAPTURE, LABELS])
def test_a_file_that_was_changed_is_refused(tmp_path: Path, name: str) -> None:
    example(tmp_path)
    content = gzip.decompress((tmp_path / name).read_bytes())
    (tmp_path / name).write_bytes(gzip.compress(content + b"\n"))
    found = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()[:12]
    with pytest.raises(SourceError, match=f"lab: {name} has sha256 {found}..., recording.json says "):
        Lab().load(tmp_path)


@pytest.mark.parametrize("name", [CAPTURE, LABELS])
@pytest.mark.parametrize("damage", ["cut", "plain"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, damage: str) -> None:
    example(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-12] if damage == "cut" else gzip.decompress(content))
    with pytest.raises(SourceError, match=f"lab: cannot read '.*{name}' .*; record or fetch it again"):
        Lab().load(tmp_path)


@pytest.mark.parametrize("about", ["not json", "[]", "{}", '{"sha256": {"capture.pcap.gz": "00"}}', '{"sha256": 3}'])
def test_a_recording_json_without_hashes_is_refused(tmp_path: Path, about: str) -> None:
    example(tmp_path)
    (tmp_path / RECORDING).write_text(about)
    with pytest.raises(SourceError, match="lab: '.*recording.json' does not give the sha256 of capture.pcap.gz and"):
        Lab().load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (labels([(1.0, 1.2, "udp", DEVICE, 1, BROKER, 2, "worm", "x")]), "lab: labels.csv.gz has family 'worm'"),
        (b"start_s,end_s\n1,2\n", "first missing: 'proto'"),
    ],
)
def test_labels_that_are_not_the_labs_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    example(tmp_path)
    (tmp_path / RECORDING).unlink()
    (tmp_path / LABELS).write_bytes(gzip.compress(content))
    with pytest.raises(SourceError, match=message):
        Lab().load(tmp_path)


def test_more_homes_travel_as_flows(tmp_path: Path) -> None:
    homes = Lab("homes").load(HOMES)
    assert homes.name == "lab/homes"
    assert homes.notes[-1] == "files as recording.json says"
    assert homes.capture is not None
    assert set(homes.family[homes.capture == "seed-33"].tolist()) == set(Lab.families)
    shutil.copytree(HOMES, tmp_path / "homes")
    (tmp_path / "homes" / "seed-33.parquet").write_bytes((HOMES / "seed-21.parquet").read_bytes())
    with pytest.raises(SourceError, match="lab: seed-33.parquet has sha256 .* it was changed or damaged"):
        Lab("homes").load(tmp_path / "homes")
