"""What fuzzing calls, and what must hold afterwards.

In: cases, each a dictionary of bytes (as hex) and numbers. Out: nothing, or an exception: an error that a kernel or
the product raises, or an AssertionError that says which promise was broken.
frames: link layers to flows, all of the sensor. files: capture files. flows: first bytes of flows, by every
service. logs: records of other tools. talk: the meter beside the reference meter of the tests. rows: FLOW rows of any
value, written and read back.
"""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from mutations import mutated
from pyarrow import parquet

from redshank.capture.packet import CARRIES
from redshank.capture.reader import Reader
from redshank.capture.source import Block, PacketSource
from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW
from redshank.flows.meter import MeterSettings
from redshank.flows.metering.conn_state import STATES
from redshank.flows.service import NAMES, NONE, STREAM, Fields, Recognizer, find
from redshank.flows.source import FLOW_SOURCES
from redshank.flows.sources.sensor import Sensor
from redshank.flows.write import write

Case = dict[str, Any]
Seeds = list[Case]

LINKS = (0, 1, 1, 1, 1, 9, 12, 101, 104, 105, 107, 108, 113, 127, 195, 228, 229, 276, 65535)
STEPS_NS = (0, 1, 1_000, 10**6, 10**6, 10**6, 10**9, 11 * 10**9, 10**11, -(10**6), -(10**12))
HISTORY = "SHFRIDAQCGTWXshfriadqcgtwx^"
CHUNK = 97
"""Frames of a block when a capture is read once more, cut otherwise."""


class Frames(PacketSource):
    """Cases as frames of blocks of some length."""

    def __init__(self, cases: Seeds, size: int) -> None:
        self.anomalies: dict[str, int] = {}
        self._cases = cases
        self._size = size

    def blocks(self) -> Iterator[Block]:
        """Give the frames."""
        for start in range(0, len(self._cases), self._size):
            some = self._cases[start : start + self._size]
            contents = [bytes.fromhex(case["hex"]) for case in some]
            captured = np.array([len(content) for content in contents], np.int32)
            yield Block(
                data=np.frombuffer(b"".join(contents), np.uint8).copy(),  # writable, as from a source
                offset=np.cumsum(captured, dtype=np.int64) - captured,
                captured=captured,
                length=np.array([case["wire"] for case in some], np.int64),
                ts_ns=np.array([case["ts_ns"] for case in some], np.int64),
                link_type=np.array([case["link"] for case in some], np.int32),
            )


def make_frames(draw: random.Random, seeds: Seeds, count: int) -> Seeds:
    """Make spoiled frames of all link layers, at all times."""
    by_link: dict[int, list[bytes]] = {}
    for seed in seeds:
        by_link.setdefault(seed["link"], []).append(bytes.fromhex(seed["hex"]))
    links = [seed["link"] for seed in seeds]
    everything = [content for contents in by_link.values() for content in contents]
    now, cases = draw.choice((0, 10**18, 2**62)), []
    for _ in range(count):
        link = draw.choice(links)
        kind = draw.random()
        content = mutated(draw, by_link[link] if kind < 0.9 else everything) if kind < 0.98 else draw.randbytes(90)
        now += draw.choice(STEPS_NS) if draw.random() < 0.1 else 1000
        wire = len(content) + (0 if draw.random() < 0.9 else draw.choice((-9, 1, 60, 1500, 2**31, -(2**40))))
        link = link if draw.random() < 0.98 else draw.choice(LINKS)
        cases.append({"link": link, "hex": content.hex(), "wire": wire, "ts_ns": max(min(now, 2**63 - 1), -(2**62))})
    return cases


def try_frames(cases: Seeds) -> None:
    """Read and meter frames: nothing is lost uncounted, and rows make sense."""
    for case in cases:
        case.setdefault("wire", len(case["hex"]) // 2)
        case.setdefault("ts_ns", 10**18)
    checksums = len(cases) % 2 == 1
    reader, metered, bad = Reader(checksums=checksums), 0, 0
    for block in Frames(cases, 8192).blocks():
        for data, packets in reader.packets(block):
            metered_here = (packets["version"] != 0) & (packets["carrier"] != CARRIES)
            metered += int(metered_here.sum())
            bad += int((metered_here & (packets["bad_checksum"] != 0)).sum())
            _check_packets(data, packets)
    counted = sum(reader.anomalies.values())
    reader.finish()
    assert counted + metered >= len(cases), f"{len(cases)} frames: {metered} packets, {counted} counted"
    settings = MeterSettings(capacity=64, seed=1, checksums=checksums)
    sensor = Sensor(Frames(cases, 8192), settings)
    rows = pa.Table.from_batches(list(sensor.batches()) or [], schema=None) if cases else None
    if rows is None or not rows.num_rows:
        assert metered == 0
        return
    final = check_rows(rows)
    total = int(pc.sum(final["src_pkts"]).as_py() + pc.sum(final["dst_pkts"]).as_py())
    assert total == metered - (bad if checksums else 0), f"{metered} packets of {bad} bad, {total} in rows"
    if len(cases) > CHUNK and int(cases[0]["hex"][:8] or "0", 16) % 4 == 0:
        again = pa.Table.from_batches(list(Sensor(Frames(cases, CHUNK), settings).batches()))
        assert _sorted(again).equals(_sorted(rows)), "rows depend on how frames are cut into blocks"


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in ("uid", "part", "src_pkts", "dst_pkts", "duration")])


def _check_packets(data: npt.NDArray[np.uint8], packets: npt.NDArray[Any]) -> None:
    some = packets[packets["version"] != 0]
    assert (some["payload_captured"] >= 0).all()
    assert (some["payload_captured"] <= some["payload_length"]).all(), "more captured than there is"
    ends = some["payload_offset"].astype(np.int64) + some["payload_captured"]
    assert (some["payload_offset"] >= 0).all()
    assert (ends <= len(data)).all(), "a payload outside its data"
    assert np.isin(some["version"], (4, 6)).all()
    deeper = np.flatnonzero(packets["depth"] > 0)
    for at in deeper.tolist():
        before = packets[:at]
        carrier = before[before["depth"] == packets["depth"][at] - 1][-1:]
        assert len(carrier), "a packet inside of no tunnel"
        assert carrier["carrier"][0], "a packet inside of one that carries nothing"


def check_rows(rows: pa.Table) -> pa.Table:
    """Check what must hold for all rows; return the final ones."""
    column = {name: rows[name].to_pylist() for name in ("uid", "part", "history", "conn_state", "first_sizes_bytes")}
    numbers = {
        name: rows[name].to_numpy(zero_copy_only=False)
        for name in ("src_pkts", "dst_pkts", "duration", "burst_max_pkts", "burst_count", "missed_bytes")
    }
    packets = numbers["src_pkts"] + numbers["dst_pkts"]
    assert (packets >= 0).all()
    assert (numbers["missed_bytes"] >= 0).all()
    assert not (numbers["duration"] <= 0).any(), "a duration that is not positive is null"
    assert not (numbers["burst_max_pkts"] > packets).any()
    assert not (numbers["burst_count"] > packets).any()
    assert rows["duration"].is_null().equals(rows["src_bytes"].is_null())
    assert set(column["conn_state"]) <= set(STATES)
    assert set("".join(text or "" for text in column["history"])) <= set(HISTORY)
    for sizes, count in zip(column["first_sizes_bytes"], packets.tolist(), strict=True):
        assert len(sizes or []) == min(count, 16), f"{len(sizes or [])} first sizes of {count} packets"
    for side in ("src", "dst"):
        for what in ("size", "gap"):
            unit = "bytes" if what == "size" else "s"
            least, mean, most, spread = (
                rows[f"{side}_{what}_{name}_{unit}"].to_numpy(zero_copy_only=False)
                for name in ("min", "mean", "max", "std")
            )
            near = 1e-9 * np.abs(most) + 1e-9
            assert not ((least > mean + near) | (mean > most + near)).any(), f"{side} {what}: min, mean, max"
            assert not (spread > most - least + near).any(), f"{side} {what}: std"
            assert not (spread < 0).any()
    seen: dict[str, int] = {}
    for uid, part, count in zip(column["uid"], column["part"], packets.tolist(), strict=True):
        # Two flows of one tuple that begin in the same nanosecond have one name: the second follows the first's end.
        assert count >= seen.get(uid, 0), f"{uid}: fewer packets than before"
        seen[uid] = count if part == "interim" else -1
    assert set(seen.values()) <= {-1}, "a flow without a final row"
    return rows.filter(pc.equal(rows["part"], "final"))


def make_files(draw: random.Random, seeds: Seeds, count: int) -> Seeds:
    """Make spoiled capture files."""
    contents = [bytes.fromhex(seed["hex"]) for seed in seeds]
    plain = [gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content for content in contents]
    cases = []
    for _ in range(count):
        content = mutated(draw, contents if draw.random() < 0.3 else plain)
        cases.append({"hex": (gzip.compress(content, 1, mtime=0) if draw.random() < 0.1 else content).hex()})
    return cases


def try_files(cases: Seeds) -> None:
    """Read capture files: frames, or one of our errors; never a frame outside its data."""
    with TemporaryDirectory() as place:
        path = Path(place) / "capture"
        for case in cases:
            path.write_bytes(bytes.fromhex(case["hex"]))
            try:
                for block in Pcap(path).blocks():
                    assert len(block.offset) == len(block.captured) == len(block.ts_ns) == len(block.link_type)
                    assert (block.offset >= 0).all()
                    assert (block.captured >= 0).all()
                    assert (block.offset + block.captured <= len(block.data)).all(), "a frame outside its data"
            except (ConfigError, SourceError):
                pass


def make_flows(draw: random.Random, seeds: Seeds, count: int) -> Seeds:
    """Make spoiled first bytes of flows."""
    sides = [bytes.fromhex(seed[side]) for seed in seeds for side in ("client", "server")]
    cases = []
    for _ in range(count):
        seed = draw.choice(seeds)
        said = [bytes.fromhex(seed[side]) for side in ("client", "server")]
        for side in range(2):
            kind = draw.random()
            if kind < 0.7:
                said[side] = mutated(draw, [said[side]])
            elif kind < 0.8:
                said[side] = mutated(draw, sides)
            elif kind < 0.85:
                said[side] = draw.randbytes(int(draw.expovariate(0.02)))
        if draw.random() < 0.1:
            said.reverse()
        port = seed["port"] if draw.random() < 0.9 else draw.choice((0, 53, 443, 5353, 65535))
        proto = seed["proto"] if draw.random() < 0.95 else draw.choice((6, 17, 1))
        cases.append({"proto": proto, "port": port, "client": said[0].hex(), "server": said[1].hex()})
    return cases


def try_flows(cases: Seeds) -> None:
    """Recognize and read flows by every service; the answer does not depend on bytes that are not theirs."""
    answers = [_services_of(cases, filler) for filler in (0, 255)]
    assert answers[0] == answers[1], "a service read bytes of another flow"


def _services_of(cases: Seeds, filler: int) -> tuple[Any, ...]:
    gap = bytes([filler]) * 16
    parts, place = [gap], len(gap)
    streams = np.zeros(len(cases), STREAM)
    for k, case in enumerate(cases):
        client, server = bytes.fromhex(case["client"]), bytes.fromhex(case["server"])
        ends = place + len(client), place + len(client) + len(gap)
        streams[k] = (place, ends[0], ends[1], ends[1] + len(server), case["proto"], 40000, case["port"])
        parts += [client, gap, server, gap]
        place = ends[1] + len(server) + len(gap)
    data = np.frombuffer(b"".join(parts), np.uint8).copy()
    recognizer = Recognizer()
    bits = recognizer.look(data, streams)
    columns = recognizer.fields(data, streams, bits)
    every = []
    for number, name in enumerate(NAMES):
        service = find(name)
        found = np.zeros(len(cases), np.uint8)
        service.recognize(data, streams, np.arange(len(cases)), found)
        assert set(found.tolist()) <= {0, 1}
        hinted = bits >> np.uint64(number) & np.uint64(1)
        assert not (hinted > found).any(), f"{name}: recognized in a batch, not alone"
        every.append(found.tobytes())
        if service.read is not None and found.any():
            read = Fields(service).columns(data, streams, np.flatnonzero(found))
            columns |= {f"{name} {key}": value for key, value in read.items()}
    for value in columns.values():
        value.validate(full=True)
        assert not (pa.types.is_int64(value.type) and pc.any(pc.equal(value, NONE)).as_py())
    return bits.tobytes(), every, {name: value.to_pylist() for name, value in sorted(columns.items())}


def make_talk(draw: random.Random, seeds: Seeds, count: int) -> Seeds:  # noqa: ARG001  as all targets
    """Make numbers of random talks."""
    return [{"seed": draw.getrandbits(40)} for _ in range(count)]


def try_talk(cases: Seeds) -> None:
    """Meter random traffic, and have the reference meter of the tests do the same: the same rows."""
    from flows.test_reference import HOW, differences, fast, slow  # noqa: PLC0415  only here the tests are needed
    from traffic import Stage, random_acts  # noqa: PLC0415  as above

    for case in cases:
        number = case["seed"]
        packets = Stage(number % 7).play(random_acts(number, most=80))
        found = differences(fast(packets, HOW[number % 3], 1 + number % 60), slow(packets, HOW[number % 3]))
        assert not found, f"random_acts({number}, most=80): {found[:3]}"


def make_logs(draw: random.Random, seeds: Seeds, count: int) -> Seeds:
    """Make spoiled records of other tools."""
    by_kind: dict[str, list[bytes]] = {}
    for seed in seeds:
        if seed["kind"] in FLOW_SOURCES.names():
            by_kind.setdefault(seed["kind"], []).append(bytes.fromhex(seed["hex"]))
    return [{"kind": kind, "hex": mutated(draw, by_kind[kind]).hex()} for kind in draw.choices(list(by_kind), k=count)]


def try_logs(cases: Seeds) -> None:
    """Read records of other tools: rows, or one of our errors."""
    with TemporaryDirectory() as place:
        for case in cases:
            path = Path(place) / "records.log"
            path.write_bytes(bytes.fromhex(case["hex"]))
            try:
                for batch in FLOW_SOURCES.find(case["kind"])(path).batches():  # type: ignore[call-arg]
                    batch.validate(full=True)
            except (ConfigError, SourceError):
                pass


def make_rows(draw: random.Random, seeds: Seeds, count: int) -> Seeds:  # noqa: ARG001  as all targets
    """Make numbers of random rows: how many, how many of them differ, where they are cut into batches."""
    return [
        {
            "seed": draw.getrandbits(32),
            "rows": draw.choice((0, 1, 2, 9, 64, 700)),
            "distinct": draw.choice((1, 2, 5, 100)),
            "cut": draw.random(),
        }
        for _ in range(count)
    ]


def try_rows(cases: Seeds) -> None:
    """Write FLOW rows and read them back: Parquet gives the same values, lines of text as many rows."""
    with TemporaryDirectory() as place:
        for case in cases:
            batches = _rows(case)
            given = pa.Table.from_batches(batches)
            for form in ("parquet", "jsonl", "csv", "zeek"):
                path = Path(place) / f"flows.{form}"
                assert write(batches, form, path) in ({len(given)} if form != "zeek" else range(len(given) + 1))
            found = parquet.read_table(Path(place) / "flows.parquet", schema=FLOW)
            for name in FLOW.names:
                assert _said(found[name]) == _said(given[name]), f"parquet: {name} differs"
            lines = (Path(place) / "flows.jsonl").read_bytes().splitlines()
            assert len([json.loads(line) for line in lines]) == len(given)
            with (Path(place) / "flows.csv").open(newline="", encoding="utf-8") as file:
                cells = [len(line) for line in csv.reader(file)]
            assert set(cells) <= {len(FLOW)}
            assert len(cells) == len(given) + 1 or not cells, f"csv: {len(cells)} lines of {len(given)} rows"


def _said(column: pa.ChunkedArray) -> str:
    """Return the values of a column as text, in which NaN is as good as NaN."""
    return repr((column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist())


def _rows(case: Case) -> list[pa.RecordBatch]:
    """Draw rows, repeat them at random, null out some columns, and cut them in two."""
    from random_flows import random_flows  # noqa: PLC0415  only here the tests are needed

    chance = np.random.default_rng(case["seed"])
    some = random_flows(case["distinct"], case["seed"])
    rows = some.take(pa.array(np.sort(chance.integers(0, case["distinct"], case["rows"]))))
    empty = chance.random(len(FLOW)) < 0.2
    columns = [
        pa.nulls(len(rows), column.type) if null else column for column, null in zip(rows.columns, empty, strict=True)
    ]
    rows = pa.RecordBatch.from_arrays(columns, schema=FLOW)
    at = int(case["cut"] * len(rows))
    return [rows.slice(0, at), rows.slice(at)]


@dataclass(frozen=True)
class Target:
    """What can be fuzzed.

    Args:
        make: Makes cases, of chance and seeds.
        run: Tries them; raises if something is wrong.
        batch: Cases at a time.
        share: Of a campaign.
    """

    make: Callable[[random.Random, Seeds, int], Seeds]
    run: Callable[[Seeds], None]
    batch: int
    share: float


TARGETS = {
    "frames": Target(make_frames, try_frames, 1000, 0.795),
    "flows": Target(make_flows, try_flows, 500, 0.155),
    "files": Target(make_files, try_files, 250, 0.035),
    "logs": Target(make_logs, try_logs, 50, 0.005),
    "talk": Target(make_talk, try_talk, 20, 0.005),
    "rows": Target(make_rows, try_rows, 20, 0.005),
}
