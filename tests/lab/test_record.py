import asyncio
import gzip
import hashlib
import ipaddress
import itertools
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from redshank.core.errors import ActionError, ConfigError
from redshank.data.place import LEARN, UNSEEN
from redshank.lab import home, record
from redshank.lab.attack import ATTACKS, Episode
from redshank.lab.journal import Row, read
from redshank.lab.network import FOLDER
from redshank.lab.scene import Scene

Key = tuple[str, bytes, int, bytes, int]


def frames(capture: Path) -> Iterator[tuple[float, bytes, int]]:
    """Walk a pcap of ours: little-endian, microseconds, Ethernet."""
    data = gzip.decompress(capture.read_bytes())
    assert data[:4] == bytes.fromhex("d4c3b2a1")
    at = 24
    while at < len(data):
        seconds, micros, captured, length = struct.unpack_from("<IIII", data, at)
        yield seconds + micros / 1e6, data[at + 16 : at + 16 + captured], length
        at += 16 + captured


def key_of(frame: bytes) -> Key | None:
    """Return what a label row is matched by; None for what nobody of the lab starts (ARP, neighbor discovery)."""
    kind = frame[12:14].hex()
    if kind == "0800":
        proto, source, target, at = frame[23], frame[26:30], frame[30:34], 14 + (frame[14] & 15) * 4
    elif kind == "86dd":
        proto, source, target, at = frame[20], frame[22:38], frame[38:54], 54
    else:
        return None
    if proto == 1:
        if frame[at] == 0:
            return ("icmp", target, 8, source, 0)
        return ("icmp", source, frame[at], target, frame[at + 1])
    if proto not in (6, 17):
        return None
    ports = struct.unpack_from("!HH", frame, at)
    return ("tcp" if proto == 6 else "udp", source, ports[0], target, ports[1])


def packed(address: str) -> bytes:

    return ipaddress.ip_address(address).packed


def unmatched(folder: Path) -> tuple[Counter[str], int, list[Row]]:
    """Return flows of the capture without a row by protocol, how many flows there are, and rows without a packet."""
    rows = read(folder / record.LABELS)
    by_key: dict[Key, list[Row]] = {}
    for row in rows:
        key = (row.proto, packed(row.src_ip), row.src_port, packed(row.dst_ip), row.dst_port)
        by_key.setdefault(key, []).append(row)
    seen: set[int] = set()
    strangers: set[Key] = set()
    keys: set[Key] = set()
    for ts, frame, _ in frames(folder / record.CAPTURE):
        found = key_of(frame)
        if found is None:
            continue
        turned = (found[0], found[3], found[4], found[1], found[2])
        known = found if found in by_key or turned not in by_key else turned
        hits = [row for row in by_key.get(known, []) if row.start_s - 0.5 <= ts <= row.end_s + 0.5]
        keys.add(known)
        seen.update(map(id, hits))
        if known not in by_key:
            strangers.add(known)
    return Counter(key[0] for key in strangers), len(keys), [row for row in rows if id(row) not in seen]


def test_without_root_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ActionError, match="needs root to make network namespaces, this is user 1000"):
        record.record(1, tmp_path / "out", 20.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [0.0, 9.9, 901.0, float("nan")])
def test_a_length_out_of_bounds_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ConfigError, match=f"--seconds: {seconds:g} is not between 10 and 900"):
        record.record(1, tmp_path / "out", seconds)


def test_a_fast_home_lives_for_a_day_at_most_and_is_never_attacked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--seconds: 86401 is not between 10 and 86400"):
        record.record(1, tmp_path / "out", 86_401.0, attacks=False, fast=True)
    with pytest.raises(ConfigError, match="--fast: attacks need real time; add --benign, or leave --fast out"):
        record.record(1, tmp_path / "out", 20.0, fast=True)


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ConfigError, match=f"--out: folder '{tmp_path}' holds files that are no recording"):
        record.record(1, tmp_path, 20.0)
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_named_before_the_recording(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ConfigError, match=f"--out: '{tmp_path}/taken' is not a folder"):
        record.record(1, tmp_path / "taken", 20.0)
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.root
def test_a_place_that_cannot_be_written_is_named_before_the_recording() -> None:
    with pytest.raises(ConfigError, match="--out: cannot write to folder '/proc/x'"):
        record.record(1, Path("/proc/x/y"), 20.0)


def test_a_fault_of_an_actor_ends_the_recording(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live(scene: Scene) -> None:
        del scene
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(10)

    monkeypatch.setattr(home, "live", live)
    with pytest.raises(ActionError, match="1 faults of its own, nothing was recorded; .*ZeroDivisionError"):
        asyncio.run(record.play(scene, [], 0.2, 1, lambda _: None))


def test_an_actor_that_fails_is_named(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live(scene: Scene) -> None:
        scene.hosts["hub"].arena.check("192.0.2.1")

    monkeypatch.setattr(home, "live", live)
    with pytest.raises(ActionError, match="nothing was recorded; the first: ActionError: .*'192.0.2.1' is outside"):
        asyncio.run(record.play(scene, [], 2.0, 1, lambda _: None))


def test_attacks_start_when_planned(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live(scene: Scene) -> None:
        del scene
        await asyncio.sleep(10)

    monkeypatch.setattr(home, "live", live)
    said: list[str] = []
    episode = Episode(0.3, "injection", "get", ("sensor1",), "hub", 0.1)
    begin = time.time()
    asyncio.run(record.play(scene, [episode], 1.2, 1, said.append))
    rows = scene.journal.rows()
    assert rows[0].start_s - begin == pytest.approx(0.3, abs=0.25)
    assert {row.family for row in rows} == {"injection"}
    assert said == ["lab: 0 of 1 s, 0 flows started"]


@pytest.mark.root
@pytest.mark.service
def test_a_short_lab_is_recorded_end_to_end(tmp_path: Path) -> None:
    said: list[str] = []
    done = record.record(5, tmp_path / "out", 12.0, said.append)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "capture.pcap.gz",
        "labels.csv.gz",
        "recording.json",
    ]
    assert list(FOLDER.glob(f"rsk{os.getpid()}-*")) == []
    strangers, flows, silent = unmatched(tmp_path / "out")
    assert flows > 100
    assert strangers["tcp"] == strangers["udp"] == 0
    assert len(silent) <= 0.01 * flows
    families = done.about["families"]
    assert {*ATTACKS.names(), "benign"} - set(families) <= {"mitm"}
    assert families["benign"] > 0.5 * flows
    assert "12 s" in said[1]

    # Each frame crosses the capture once. A SYN carries a fresh sequence number: two equal ones so soon are one.
    last: dict[bytes, float] = {}
    twice = 0
    for ts, frame, length in frames(tmp_path / "out" / record.CAPTURE):
        assert length <= 1514
        if frame[12:14] == b"\x08\x00" and frame[23] == 6 and frame[47] & 2:
            twice += ts - last.get(frame, 0.0) < 0.1
            last[frame] = ts
    assert len(last) > 100
    assert twice == 0


@pytest.mark.root
@pytest.mark.service
def test_a_fast_home_is_recorded_with_the_times_that_its_devices_meant(tmp_path: Path) -> None:
    done = record.record(5, tmp_path / "out", 90.0, lambda _: None, attacks=False, fast=True)
    assert done.about["took_s"] < 90  # faster than it lives; a third of it on a machine that does nothing else
    assert set(done.about["families"]) == {"benign"}
    strangers, flows, silent = unmatched(tmp_path / "out")
    assert flows > 1000
    assert strangers["tcp"] == strangers["udp"] == 0
    assert len(silent) <= 0.01 * flows
    times = [ts for ts, _, _ in frames(tmp_path / "out" / record.CAPTURE)]
    # The kernel tells frames that two processors took at once in either order.
    assert min(after - before for before, after in itertools.pairwise(times)) > -0.001
    assert 85 < times[-1] - times[0] < 95
    # One device asks for the time every 4 to 16 s, which is no matter of how fast the machine is.
    rows = [row for row in read(tmp_path / "out" / record.LABELS) if row.activity == "ntp"]
    asked = [row.start_s for row in rows if row.src_ip == rows[0].src_ip]
    gaps = [after - before for before, after in itertools.pairwise(asked)]
    assert all(3.9 < gap < 18 for gap in gaps)


@pytest.mark.root
@pytest.mark.service
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lab_that_is_stopped_leaves_no_namespace_and_no_half_recording(
    tmp_path: Path, number: signal.Signals
) -> None:
    code = "import sys; from redshank.commands import main; sys.argv[0] = 'redshank'; main()"
    argv = [sys.executable, "-c", code, "lab", "record", "--seconds", "60", "-o", str(tmp_path / "out")]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "0 of 60 s" in line:
                break
        assert list(FOLDER.glob(f"rsk{process.pid}-*"))
        time.sleep(1)
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(60) == 130
    assert "Traceback" not in rest
    assert list(FOLDER.glob(f"rsk{process.pid}-*")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", [LEARN, UNSEEN], ids=["learn", "unseen"])
def test_the_recordings_of_the_package_are_whole_and_have_every_family(folder: Path) -> None:
    about = json.loads((folder / record.ABOUT).read_text())
    for name in (record.CAPTURE, record.LABELS):
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == about["sha256"][name]
    rows = read(folder / record.LABELS)
    counts = Counter(row.family for row in rows)
    assert dict(counts) == about["families"]
    assert set(counts) == {*ATTACKS.names(), "benign"}
    assert min(counts.values()) >= 30
    assert 0.6 <= counts["benign"] / len(rows) <= 0.75
    assert sum(1 for _ in frames(folder / record.CAPTURE)) == about["frames"]


@pytest.mark.parametrize("folder", [LEARN, UNSEEN], ids=["learn", "unseen"])
def test_the_labels_of_the_package_are_found_in_its_captures(folder: Path) -> None:
    strangers, flows, silent = unmatched(folder)
    assert strangers["tcp"] == strangers["udp"] == 0
    assert sum(strangers.values()) <= 0.01 * flows
    assert len(silent) <= 0.005 * flows


@pytest.mark.parametrize("folder", [LEARN, UNSEEN], ids=["learn", "unseen"])
def test_addresses_do_not_give_the_label_away(folder: Path) -> None:
    rows = read(folder / record.LABELS)
    about = json.loads((folder / record.ABOUT).read_text())
    device = {address: name for name, addresses in about["addresses"].items() for address in addresses}
    attackers = {device[row.src_ip] for row in rows if row.family not in ("benign", "mitm") and row.src_port != 3}
    assert len(attackers) >= 5
    everyday = Counter(device[row.src_ip] for row in rows if row.family == "benign")
    assert all(everyday[name] >= 30 for name in attackers)
    victims = {device[row.dst_ip] for row in rows if row.family not in ("benign", "mitm")}
    assert len(victims) >= 8


@pytest.mark.parametrize("folder", [LEARN, UNSEEN], ids=["learn", "unseen"])
def test_no_endpoints_are_used_by_two_families_within_a_second(folder: Path) -> None:
    last: dict[tuple[str, str, int, str, int], Row] = {}
    for row in read(folder / record.LABELS):
        key = (row.proto, row.src_ip, row.src_port, row.dst_ip, row.dst_port)
        before = last.get(key)
        assert before is None or before.family == row.family or row.start_s - before.end_s > 1.0
        last[key] = row


def test_the_two_recordings_share_no_address_and_stay_small() -> None:
    addresses = []
    for folder in (LEARN, UNSEEN):
        about = json.loads((folder / record.ABOUT).read_text())
        addresses.append({address for own in about["addresses"].values() for address in own})
    assert not addresses[0] & addresses[1]
    assert sum(file.stat().st_size for folder in (LEARN, UNSEEN) for file in folder.iterdir()) <= 4 * 2**20
