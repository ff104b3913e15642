"""How soon a service would tell of the attacks in a recording of the lab, and of what it would tell wrongly.

In: folders of recordings; the embedded one that the default bundle has not seen if none. Out: a table of families
(attacks launched, found, seconds from an attack's first packet to the alert), and how many alerts are about devices
that attack nobody; with the evidence that each --chance asks for (`alerts/suspicion.py`).

The clock is packet time: an alert is told when the last packet has passed of all flows that were told before. That is a
little early (a flow's last row comes when its timeout is over), and leaves out what judging takes.
"""

import argparse
import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.alerts.group import GroupSettings
from redshank.capture.sources.pcap import Pcap
from redshank.core.bundle import Bundle
from redshank.core.records import Alert
from redshank.core.schema import BENIGN
from redshank.data.labels import read_labels
from redshank.data.place import UNSEEN
from redshank.detect.default import default_bundle
from redshank.detect.detectors.classifier import Classifier
from redshank.flows.source import FlowSource
from redshank.flows.sources.sensor import Sensor
from redshank.pipeline.run import run

PAUSE_S = 30.0
"""Without attacks of a family for so long, the device's next one is another launch."""
ROWS = 20
"""Rows judged at once: what a service takes from a quiet wire."""


@dataclass(frozen=True)
class Launch:
    """An attack: who, what, and from when to when by its flows' labels."""

    device: str
    family: str
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class Told:
    """An alert, and the packet time when it was told."""

    alert: Alert
    at_s: float


class Clocked(FlowSource):
    """Another source's rows, a few at a time, and the packet time that they have reached.

    Args:
        source: The other source.
    """

    def __init__(self, source: FlowSource) -> None:
        self._source = source
        self.anomalies, self.packets, self.packet_bytes = source.anomalies, 0, 0
        self.now_s = 0.0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give them."""
        for batch in self._source.batches():
            ends = batch.column("ts").cast(pa.int64()).to_numpy() / 1e9
            ends += batch.column("duration").fill_null(0.0).to_numpy()
            for start in range(0, batch.num_rows, ROWS):
                self.now_s = max(self.now_s, float(ends[start : start + ROWS].max()))
                yield batch.slice(start, ROWS)


def launches(labels: pa.Table) -> list[Launch]:
    """Return the attacks of a recording."""
    found: dict[tuple[str, str], list[Launch]] = {}
    attacks = labels.filter(pc.not_equal(labels["family"], BENIGN)).sort_by("start_s")
    for row in attacks.select(["src_ip", "family", "start_s", "end_s"]).to_pylist():
        own = found.setdefault((row["src_ip"], row["family"]), [])
        begin_s = own.pop().begin_s if own and row["start_s"] < own[-1].end_s + PAUSE_S else row["start_s"]
        own.append(Launch(row["src_ip"], row["family"], begin_s, max(row["end_s"], begin_s)))
    return [launch for own in found.values() for launch in own]


def told(source: FlowSource, grouping: GroupSettings) -> list[Told]:
    """Return what is told of a source's flows."""
    clocked, found = Clocked(source), list[Told]()
    detector = Classifier(Bundle.load(default_bundle()))
    run(clocked, [detector], grouping=grouping, tell=lambda alert: found.append(Told(alert, clocked.now_s)))
    return found


def delay_s(launch: Launch, found: Sequence[Told]) -> float | None:
    """Return how long it took to tell of an attack: NaN if its device's alert was open already, None if never."""
    own = [one for one in found if one.alert.device == launch.device]
    new = [one.at_s - launch.begin_s for one in own if not one.alert.over and one.at_s >= launch.begin_s]
    if new and min(new) <= launch.end_s - launch.begin_s + PAUSE_S:
        return min(new)
    spans = ((one.alert.first_seen_s, one.alert.last_seen_s) for one in own)
    return float("nan") if any(begin <= launch.end_s and end >= launch.begin_s for begin, end in spans) else None


def table(attacks: Sequence[Launch], found: Sequence[Told]) -> list[str]:
    """Return a line for each family, and one for all."""
    lines = []
    delays = {launch: delay_s(launch, found) for launch in attacks}
    for family in (*sorted({launch.family for launch in attacks}), "all"):
        own = [delay for launch, delay in delays.items() if family in {launch.family, "all"}]
        known = np.array([delay for delay in own if delay is not None])
        times = known[~np.isnan(known)]
        median, most = (np.percentile(times, [50, 95])) if len(times) else (np.nan, np.nan)
        lines.append(f"{family:<12} {len(own):>8} {len(known):>6} {median:>9.1f} {most:>7.1f}")
    return lines


def main(words: Sequence[str]) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", nargs="*", type=Path, default=[UNSEEN], help="folders of recordings")
    parser.add_argument("--chance", nargs="*", type=float, default=[1e-6, 1e-7, 1e-8], help="0: any alarm is enough")
    chosen = parser.parse_args(words)
    for chance in chosen.chance:
        attacks, found, wrong = list[Launch](), list[Told](), set[str]()
        for place in chosen.recordings:
            own = launches(read_labels(gzip.decompress((place / "labels.csv.gz").read_bytes())))
            source = Sensor(Pcap(place / "capture.pcap.gz"))
            here = told(source, GroupSettings(early=True, chance=chance or None))
            attackers = {launch.device for launch in own}
            wrong |= {one.alert.id for one in here if one.alert.device not in attackers}
            attacks, found = attacks + own, found + here
        alerts = len({one.alert.id for one in found})
        print(f"chance {chance:g}: {alerts} alerts, {len(wrong)} of them about devices that attack nobody")
        print(f"{'family':<12} {'launched':>8} {'found':>6} {'median s':>9} {'p95 s':>7}")
        print("\n".join(table(attacks, found)))


if __name__ == "__main__":
    main(sys.argv[1:])
