"""How far known traffic lies from what the bundles that ship learnt, and how often drift is told where nothing changed.

In: labelled datasets; homes that nobody attacks, as `bench/day.py` lives them. Out: the first look at each dataset and
the first comparison, with each bundle's reference; of homes how many are beyond the bound, with three references:

- a bundle's: to it the homes are new, as a site's network is;
- one made of a home's first half, compared with its second half: every event is false;
- the same, compared with the second half of the other homes: networks of the same make.

The four blocks of a comparison are spread over an hour; the first four of a service follow each other, and are looked
at as one: both are tried, with each block once. What is compared is what a detector hands to its `Drift`. Comparisons
with one reference are not independent, though Clopper-Pearson's interval takes them as if they were; so pairs count as
well.

    python bench/drift.py --folder out/day
"""

import argparse
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.capture.sources.pcap import Pcap
from redshank.core.bundle import Bundle
from redshank.core.schema import BENIGN
from redshank.data.dataset import read
from redshank.detect.default import ANOMALY, default_bundle
from redshank.detect.detectors.anomaly import Anomaly
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.drift import BLOCKS, Compared, Drift, Moved
from redshank.detect.reference import Doubles, Filling, Longs, Reference, coded, compare, compare_as_one, reference_of
from redshank.features.feature_set import FEATURE_SETS, Column
from redshank.flows.sources.sensor import Sensor
from redshank.lab.record import ABOUT, CAPTURE
from redshank.learn.measures import clopper_pearson
from redshank.report.summary import Row, Section, show

ROWS = 1_000
FIRST = 20_000
"""Benign rows of a large dataset."""
SHOWN = 3
IN_A_ROW, SPREAD = "in a row", "spread"
ALPHA = 0.001
"""What a service asks for."""
ALWAYS_S = 1e9


@dataclass(frozen=True)
class Traffic:
    """What a detector hands to its drift: rows of its columns, p-values, devices and packet times in ns."""

    x: npt.NDArray[np.float32]
    p: Doubles
    devices: pa.Array
    ts_ns: Longs

    def __getitem__(self, rows: slice) -> "Traffic":
        """Return a stretch of it."""
        return Traffic(self.x[rows], self.p[rows], self.devices[rows], self.ts_ns[rows])


class Gathering(Drift):
    """Keeps what is handed to it, and compares nothing."""

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self._parts: list[Traffic] = []

    def take(self, x: npt.NDArray[np.float32], p: Doubles, devices: pa.Array, ts_ns: Longs) -> list[Moved]:
        """Keep flows."""
        self._parts.append(Traffic(x, p, devices, ts_ns))
        return []

    def gathered(self) -> Traffic:
        """Return all."""
        x, p, ts_ns = (np.concatenate([getattr(one, name) for one in self._parts]) for name in ("x", "p", "ts_ns"))
        return Traffic(x, p, pa.concat_arrays([one.devices for one in self._parts]), ts_ns)


@dataclass(frozen=True)
class Side:
    """A detector with the bundle that ships, what that learnt from, and its columns."""

    name: str
    detector: Classifier | Anomaly
    learnt: Reference
    columns: tuple[Column, ...]

    def gathered(self, batches: Iterable[pa.RecordBatch]) -> Traffic:
        """Return what the detector would compare of some flows."""
        self.detector.drift = keeps = Gathering(self.learnt)
        for batch in batches:
            for begin in range(0, batch.num_rows, ROWS):
                self.detector.judge(batch.slice(begin, ROWS))
        return keeps.gathered()

    def reference(self, traffic: Traffic) -> Reference:
        """Return a reference of other traffic than the bundle's."""
        return reference_of(traffic.x, traffic.p, traffic.devices, self.columns)


def sides() -> list[Side]:
    """Return the detectors that look for drift."""
    made = []
    for name, folder in (("classifier", default_bundle()), ("anomaly", ANOMALY)):
        bundle = Bundle.load(folder)
        detector = Classifier(bundle) if name == "classifier" else Anomaly(bundle)
        columns = FEATURE_SETS.find(bundle.manifest.feature_set).columns
        learnt = Reference.from_dict(bundle.manifest.calibration["reference"], columns)
        made.append(Side(name, detector, learnt, columns))
    return made


def compared(known: Reference, traffic: Traffic) -> tuple[list[Compared], list[Moved]]:
    """Return the comparisons of traffic with a reference, one after another, and the events among them."""
    drift = Drift(known, alpha=ALPHA, every_s=0.0, horizon_s=ALWAYS_S)
    found, events = list[Compared](), list[Moved]()
    for begin in range(0, len(traffic.p), ROWS):
        some = traffic[begin : begin + ROWS]
        events += drift.take(some.x, some.p, some.devices, some.ts_ns)
        found += drift.compared()
    return found, events


def datasets() -> Iterator[tuple[str, pa.RecordBatch]]:
    """Give what is known, by name."""
    for name, home in (("lab/unseen", None), ("lab/homes", "seed-21")):
        found = read(name)
        rows = np.ones(len(found.family), np.bool_) if home is None else found.capture == home
        told = home or name
        yield f"{told}, benign", found.flows.filter(pa.array(rows & (found.family == BENIGN)))
        yield f"{told}, its attacks with them", found.flows.filter(pa.array(rows))
    for name in ("ton_iot", "unsw_nb15"):
        found = read(name)
        benign = np.flatnonzero(found.family == BENIGN)[:FIRST]
        yield f"{name}, the first {len(benign):,} benign flows", found.flows.take(pa.array(benign))


def blocks(known: Reference, traffic: Traffic) -> Longs:
    """Return the blocks that traffic fills, one after another, as a detector's `Drift` fills them.

    Shape:
        returns: [b, bins].
    """
    names, which = coded(traffic.devices)
    filling, found, at = Filling(known), [], 0
    while at < len(traffic.p):
        some = slice(at, at + ROWS)
        at += filling.take(traffic.x[some], traffic.p[some], names, which[some])
        if filling.full:
            found.append(filling.emptied())
    return np.array(found)


def rate(flows: str, reference: str, side: Side, pairs: Iterable[tuple[Reference, Traffic]]) -> Iterator[Row]:
    """Give how many comparisons are beyond the bound, and of how many pairs, as two rows: blocks in a row, and spread.

    In a row, four blocks are looked at as one; spread, the four of a comparison are as far apart as the traffic allows.
    Each block is in one of them.
    """
    filled = [(known, blocks(known, traffic)) for known, traffic in pairs]
    for way in (IN_A_ROW, SPREAD):
        p, rng, pairs_beyond, moved = list[float](), np.random.default_rng(0), 0, Counter[str]()
        for known, found in filled:
            count = len(found) // BLOCKS
            places = np.arange(count * BLOCKS)
            which = places.reshape(count, BLOCKS) if way == IN_A_ROW else places.reshape(BLOCKS, count).T
            new = [found[four] for four in which]
            told = [compare_as_one(known, b, ALPHA) if way == IN_A_ROW else compare(known, b, rng, ALPHA) for b in new]
            p += [p_value for p_value, *_ in told]
            pairs_beyond += any(p_value <= ALPHA for p_value, *_ in told)
            moved.update(name for *_, names in told for name in names)
        beyond = sum(one <= ALPHA for one in p)
        low, high = clopper_pearson(beyond, len(p)) or (0.0, 1.0)
        yield {
            "flows": flows,
            "reference": reference,
            "detector": side.name,
            "blocks": way,
            "comparisons": len(p),
            "beyond": beyond,
            "low": low,
            "high": high,
            "pairs": len(filled),
            "pairs_beyond": pairs_beyond,
            "median_p": float(np.median(p)) if p else None,
            "moved_most_often": ", ".join(f"{name} ({count})" for name, count in moved.most_common(SHOWN)) or None,
        }


def first(flows: str, side: Side, traffic: Traffic) -> Row:
    """Return what the first look and the first comparison with a bundle's reference say, as a row of the table."""
    found, events = compared(side.learnt, traffic)
    begin = blocks(side.learnt, traffic)[:BLOCKS]
    return {
        "flows": flows,
        "detector": side.name,
        "look_p": compare_as_one(side.learnt, begin)[0] if len(begin) == BLOCKS else None,
        "first_p": found[0].p_value if found else None,
        "comparisons": len(found),
        "beyond": sum(one.moved for one in found),
        "moved_most": events[0].most if events else None,
    }


def rates(side: Side, homes: Sequence[Traffic]) -> Iterator[Row]:
    """Compare homes with the bundle's reference, with their own and with each other's; rows of the table."""
    yield from rate("homes", "the bundle's", side, ((side.learnt, home) for home in homes))
    half = [len(home.p) // 2 for home in homes]
    own = [side.reference(home[:end]) for home, end in zip(homes, half, strict=True)]
    later = [home[end:] for home, end in zip(homes, half, strict=True)]
    yield from rate("second half", "of the same home's first", side, zip(own, later, strict=True))
    pairs = ((known, home) for (at, known), (place, home) in product(enumerate(own), enumerate(later)) if at != place)
    yield from rate("second half", "of another home's first", side, pairs)


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("out/day"), help="where bench/day.py keeps homes")
    parser.add_argument("--seeds", type=int, nargs="+", help="which of them; all that are there if absent")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # events are in the table
    judging = sides()
    known = [first(name, side, side.gathered([flows])) for name, flows in datasets() for side in judging]
    told = [Section("Datasets, with what the bundle learnt", known)]
    homes = sorted(path.parent for path in asked.folder.glob(f"*/{ABOUT}"))
    chosen = [home for home in homes if not asked.seeds or int(home.name) in asked.seeds]
    for side in judging if chosen else ():
        traffic = [side.gathered(Sensor(Pcap(home / CAPTURE)).batches()) for home in chosen]
        told.append(Section(f"{len(chosen)} homes that nobody attacks, {side.name}", list(rates(side, traffic))))
    show("Drift", told, as_json=asked.json)


if __name__ == "__main__":
    main()
