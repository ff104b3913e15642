"""What the flows of one device, family and window have in common, as it grows.

In: rows of flows and their verdicts. Out: an Alert that tells of them. The one idea: everything that an alert tells is
kept ready in bounded space, so that it can be told at any row, and growing row by row or all at once is the same.
"""

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.alerts.asset import Assets
from redshank.alerts.severity import SIGNATURES, WIDE_TARGETS, measure, severity
from redshank.alerts.techniques import techniques
from redshank.core.records import Alert, Evidence
from redshank.detect.reasons import subject, techniques_of

NS_PER_S = 1_000_000_000
# Packet times are what a capture says; centuries of slack keep sums of them inside int64.
FARTHEST_NS = 1 << 62
EVIDENCE_COLUMNS = ("uid", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "community_id", "src_mac")
DOMAIN_COLUMNS = ("dns_query", "ssl_server_name", "http_host")
FLOW_COLUMNS = (*EVIDENCE_COLUMNS, *DOMAIN_COLUMNS)
VERDICT_COLUMNS = ("score", "p_value", "family", "bundle", "detector", "rules", "reasons", "alarm")
"""What of FLOW and VERDICT an alert is made of."""
FEW = 8
MOST_WORDS = 256
"""Different rules, and subjects of reasons, counted per group."""
FEATURES = 3
"""Reasons from values of flows that an alert has a place for, however many rules it tells of."""
MOST_WINDOWS = 1_000
"""Windows of an alert's span that are tried when another process's alert is taken over."""
_NO_FEATURE = re.compile(r"(\w+: )?(nearest$|p\()")


class Rows:
    """Flows that belong to some group, column by column.

    Args:
        flows, verdicts: FLOW and VERDICT rows.
        ts: Their times, ns.
    """

    def __init__(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch, ts: npt.NDArray[np.int64]) -> None:
        self._columns = {name: _values(flows.column(name)) for name in EVIDENCE_COLUMNS}
        self._columns["domain"] = _values(pc.coalesce(*(flows.column(name) for name in DOMAIN_COLUMNS)))
        self.ts = ts
        self.score: npt.NDArray[np.float64] = verdicts.column("score").fill_null(0.0).to_numpy(zero_copy_only=False)
        p_value = verdicts.column("p_value").to_numpy(zero_copy_only=False)
        self._p_values: list[float | None] = [None if np.isnan(p) else p for p in p_value.tolist()]
        self.targets: list[str] = [text or "" for text in self._columns["dst_ip"]]
        self.detectors: list[str] = _values(verdicts.column("detector").fill_null(""))
        self.rules, reasons = _lists(verdicts.column("rules")), _lists(verdicts.column("reasons"))
        about = {text: subject(text) for text in set(chain.from_iterable(reasons))}
        self.reasons = [[(about[text], text) for text in texts] for texts in reasons]
        """What each reason is about, and the reason."""
        self._same: dict[Any, Any] = {}

    def evidence(self, row: int) -> Evidence:
        """Return a flow as evidence; what stands in many rows is kept once."""
        flow = {name: self._same.setdefault(value := values[row], value) for name, values in self._columns.items()}
        texts = {name: flow[name] or "" for name in ("uid", "src_ip", "dst_ip", "proto")}
        ts_s, score = int(self.ts[row]) / NS_PER_S, float(self.score[row])
        return Evidence(**{**flow, **texts, "p_value": self._p_values[row]}, ts_s=ts_s, score=score)


def _lists(column: pa.ListArray) -> list[list[str]]:
    texts: list[str] = pc.list_flatten(column).to_pylist()
    ends = np.cumsum(pc.list_value_length(column).fill_null(0).to_numpy()).tolist()
    return [texts[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _values(column: pa.Array) -> list[Any]:
    # Through numpy: Arrow's own to_pylist takes more than twice as long.
    if not pa.types.is_integer(column.type):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    return [None if value < 0 else value for value in column.fill_null(-1).to_numpy().tolist()]


@dataclass(frozen=True, slots=True)
class Told:
    """What must be known of an alert that was told, so that it is told again when there is news."""

    count: int
    severity: str
    detectors: tuple[str, ...]


@dataclass(slots=True)
class Room:
    """Places for targets that groups share; each has some for itself beside.

    Args:
        left: How many are free.
        missed: Flows whose target was not counted for want of room.
    """

    left: int
    missed: int = 0


@dataclass(slots=True)
class Gathered:
    """The flows of one device, family and window.

    Args:
        device, family, start_ns: What they have in common; `start_ns` is where the window begins.
        bundle: The bundle that judged the first.
        assets: What devices are worth.
        shown: Targets, rules and flows of evidence that an alert tells; reasons too, but each rule told and some
            features have theirs however many that are.
        most_targets: Distinct targets counted.
        room: Where those find room that are more than an alert shows or its severity asks for.
        told: How often it was told.
    """

    device: str
    family: str
    start_ns: int
    bundle: str
    assets: Assets
    shown: int
    most_targets: int
    room: Room
    told: int = 0
    proven: bool = False
    count: int = 0
    alarms: int = 0
    last_told: Told | None = None
    detectors: set[str] = field(default_factory=set)
    _asset: int = 0
    _least_targets: int = 0
    _first_ns: int = FARTHEST_NS
    _last_ns: int = -FARTHEST_NS
    _score: float = 0.0
    _targets: Counter[str] = field(default_factory=Counter)
    _rules: Counter[str] = field(default_factory=Counter)
    _subjects: Counter[str] = field(default_factory=Counter)
    # By subject: the reason of the strongest flow that has one, with its score; of equals the first stays.
    _reasons: dict[str, tuple[float, str]] = field(default_factory=dict)
    _first: Evidence | None = None
    # A heap of (score, -order, flow): the weakest on top, of equals the latest.
    _strongest: list[tuple[float, int, Evidence]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look up what the device is worth."""
        self._asset = self.assets.value(self.device)

    def go_on(self, told: Alert) -> None:
        """Begin where another process stopped.

        What it did not tell is lost: targets beyond those shown count again if they are seen again, but the alert never
        says fewer than it said.

        Args:
            told: The latest revision that it told of the same device, family and window.
        """
        self.proven = True
        self.note(told)
        self.count, self.detectors, self._score = told.count, set(told.detectors), told.score
        self._first_ns, self._last_ns = (round(at_s * NS_PER_S) for at_s in (told.first_seen_s, told.last_seen_s))
        self._targets, self._least_targets = Counter(told.targets), told.target_count
        self.room.left -= self._shared()
        self._rules = Counter(told.rules)
        self._say((told.score, [(subject(text), text) for text in told.reasons]))
        self._asset = max(self._asset, *map(self.assets.value, told.targets or ("",)))
        if told.evidence:
            self._first = told.evidence[0]
            self._strongest = [(flow.score, -place, flow) for place, flow in enumerate(told.evidence)]
            heapq.heapify(self._strongest)

    def grow(self, rows: Rows, own: npt.NDArray[np.intp], alarms: int) -> None:
        """Take in some rows.

        Args:
            rows: Where they stand.
            own: Which they are, one or more, in order.
            alarms: How many of them are alarms.
        """
        scores, times = rows.score[own], rows.ts[own]
        strongest = np.argsort(-scores, kind="stable")[: self.shown].tolist()
        self._first = self._first or rows.evidence(int(own[0]))
        for at in strongest:
            full = len(self._strongest) >= self.shown
            if full and scores[at] <= self._strongest[0][0]:  # of equals the first stays, and the next are weaker
                break
            flow = rows.evidence(int(own[at])) if self.count + at else self._first
            item = (float(scores[at]), -(self.count + at), flow)
            (heapq.heappushpop if full else heapq.heappush)(self._strongest, item)
        places = own.tolist()
        self._aim([rows.targets[row] for row in places])
        _count(self._rules, list(chain.from_iterable(rows.rules[row] for row in places)), MOST_WORDS)
        self._say(*zip(scores.tolist(), (rows.reasons[row] for row in places), strict=True))
        for detectors in {rows.detectors[row] for row in places}:
            self.detectors.update(detectors.split(","))
        self.count += len(own)
        self.alarms += alarms
        self._score = max(self._score, float(scores.max()))
        self._first_ns = min(self._first_ns, int(times.min()))
        self._last_ns = max(self._last_ns, int(times.max()))

    def _aim(self, targets: Sequence[str]) -> None:
        """Take in targets; one that is not counted is still what it is worth."""
        shared, own = self._shared(), max(self.shown, WIDE_TARGETS)
        new, left_out = _count(self._targets, targets, min(self.most_targets, own + shared + max(self.room.left, 0)))
        for target in chain(new, left_out):
            self._asset = max(self._asset, self.assets.value(target))
        self.room.left -= self._shared() - shared
        if len(self._targets) < self.most_targets:
            self.room.missed += sum(left_out.values())

    def _shared(self) -> int:
        """Return how many places of the room it takes."""
        return max(0, len(self._targets) - max(self.shown, WIDE_TARGETS))

    def leave(self) -> None:
        """Give back its places; it grows no more."""
        self.room.left += self._shared()

    def note(self, told: Alert) -> None:
        """Note that it was told so; the alert itself is not kept."""
        self.told, self.last_told = told.revision + 1, Told(told.count, told.severity, told.detectors)

    def severity(self) -> str:
        """Rate it."""
        return severity(
            self.family,
            score=self._score,
            count=self.count,
            targets=self._spread(),
            asset=self._asset,
            detectors=self.detectors - {""},
        )

    def _spread(self) -> int:
        return max(len(self._targets), self._least_targets)

    def alert(self, *, over: bool) -> Alert:
        """Return the alert that tells of it now.

        Args:
            over: Whether nothing will follow.
        """
        targets, rules = _ranked(self._targets, self.shown), _ranked(self._rules, self.shown)
        assert self._first is not None
        strongest = [item[2] for item in sorted(self._strongest, key=lambda item: (-item[0], -item[1]))]
        evidence = [self._first, *(item for item in strongest if item != self._first)][: self.shown]
        return Alert(
            id=fingerprint(self.device, self.family, self.start_ns),
            device=self.device,
            family=self.family,
            severity=self.severity(),
            first_seen_s=self._first_ns / NS_PER_S,
            last_seen_s=self._last_ns / NS_PER_S,
            count=self.count,
            score=self._score,
            targets=targets,
            target_count=self._spread(),
            measure=measure(self.family, self.device, targets, self._spread()),
            bundle=self.bundle,
            evidence=tuple(evidence),
            detectors=tuple(sorted(self.detectors - {""})),
            rules=rules,
            reasons=self._told(rules),
            techniques=techniques(self.family, self._tags(rules)),
            revision=self.told,
            over=over,
        )

    def _say(self, *flows: tuple[float, Sequence[tuple[str, str]]]) -> None:
        """Take in the reasons of flows, each with its score."""
        for score, reasons in flows:
            for about, text in reasons:
                strongest = self._reasons.get(about)
                if strongest is None and len(self._reasons) >= MOST_WORDS:
                    continue
                self._subjects[about] += 1
                if strongest is None or score > strongest[0]:
                    self._reasons[about] = (score, text)

    def _told(self, rules: Sequence[str]) -> tuple[str, ...]:
        """Return the reasons that are told: no kind takes another's place, however often it is said."""
        ranked = _ranked(self._subjects, MOST_WORDS)
        rule = {about: about.removeprefix(f"{SIGNATURES}: ") for about in ranked}
        features = [about for about in ranked if rule[about] not in self._rules and not _NO_FEATURE.match(about)]
        kept = {about for about in ranked if rule[about] in rules}
        kept.update([about for about in ranked if about.endswith("nearest")][:1])
        kept.update(features[: min(FEATURES, self.shown)])
        kept.update([about for about in ranked if about not in kept][: max(self.shown - len(kept), 0)])
        return tuple(self._reasons[about][1] for about in ranked if about in kept)

    def _tags(self, rules: Sequence[str]) -> Iterator[str]:
        for rule in rules:
            for about in (f"{SIGNATURES}: {rule}", rule):
                if about in self._reasons:
                    yield from techniques_of(self._reasons[about][1])


def fingerprint(device: str, family: str, start_ns: int) -> str:
    """Return the id of the alert of a device and family in the window that begins at `start_ns`."""
    return hashlib.sha256(f"{device}\n{family}\n{start_ns}".encode()).hexdigest()[:16]


def window_of(alert: Alert, window_ns: int) -> int | None:
    """Return when the window of an alert begins, in ns; None: it was of another length than `window_ns`."""
    first, last = (round(at_s * NS_PER_S) // window_ns * window_ns for at_s in (alert.first_seen_s, alert.last_seen_s))
    # A long flow that ended late counts in a window after the one that it began in.
    for start in range(first, min(last, first + MOST_WINDOWS * window_ns) + 2 * window_ns, window_ns):
        if fingerprint(alert.device, alert.family, start) == alert.id:
            return start
    return None


def _count(counter: Counter[str], texts: Sequence[str], most: int) -> tuple[list[str], Counter[str]]:
    """Count texts, of new ones only so many that there are `most` in all; return those that are new, and the rest."""
    new: list[str] = []
    left_out = Counter[str]()
    # Most groups grow row by row, and to make a Counter takes longer than to count a few.
    for text, count in Counter(texts).items() if len(texts) > FEW else zip(texts, repeat(1)):
        if text in counter:
            counter[text] += count
        elif len(counter) < most:
            counter[text] = count
            new.append(text)
        else:
            left_out[text] += count
    return new, left_out


def _ranked(counter: Counter[str], shown: int) -> tuple[str, ...]:
    return tuple(text for text, _ in sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:shown])
