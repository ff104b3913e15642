"""Flows of alerts kept with their features, so that a person who calls an alert false labels what it rests on.

In: batches that were judged, then the alerts that were recorded. Out: examples in the store (`store/examples.py`). The
one idea: features exist only while a batch is judged, and most alerts are told with the batch that has their evidence;
so the batch that was judged last is there whole until the next, and an alert names those of its flows that it has. For
alerts that rest on more, flows that may become evidence are remembered for a while, of each batch the first and the
strongest of each device and family, as an alert chooses them (`alerts/gathered.py`).

- Bounds: the last batch, and of those before `MOST_ROWS` flows in all, `BATCH_ROWS` of a batch, the oldest batch goes
  first; `MOST_WAITING` alerts wait for the store, the oldest give way. Alerts that are told with no flow that is there
  are counted.
- Nothing is done for a flow that is neither an alarm nor unknown; the store is written beside the judging.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.active.candidates import draws
from redshank.core.errors import RedshankError
from redshank.core.metrics import LOST, Metrics
from redshank.core.records import Alert
from redshank.detect.detector import Detector, Doubles, Floats, Seen, no_flows, seen_of
from redshank.flows.ended import ended
from redshank.pipeline.beside import Beside
from redshank.store.database import Database
from redshank.store.examples import MOST, Examples
from redshank.store.question import ALERT, IDENTITY, Question, flow_values, same_flow

MOST_ROWS = 2_048
"""Flows that are remembered, beside those of the last batch."""
BATCH_ROWS = 64
"""Of one batch: of a flood from many devices those that come first."""
STRONGEST = 10
"""Of one device and family in a batch: as many as an alert tells."""
MOST_WAITING = 4_096
"""Alerts that wait for the store: what a flood from forged addresses makes between two ticks."""
MOST_TOLD = 4_096
"""Alerts that go on of which it is remembered which examples they have."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Judged:
    """A whole batch: what the model saw of it, the rows that may be evidence, and all rows' scores."""

    seen: Seen
    rows: Rows
    score: Doubles

    def named(self, uids: set[str]) -> "_Batch | None":
        """Keep the rows of some flows; None if it has none of them."""
        own = self.seen.flows.column("uid").take(pa.array(self.rows))
        there = pc.is_in(own, pa.array(sorted(uids), pa.string())).to_numpy(zero_copy_only=False)
        return _Batch.of(self, self.rows[there]) if there.any() else None


@dataclass(frozen=True)
class _Batch:
    """Some flows of a batch, what the model saw of them, their scores, and the number that `draws` gives each."""

    flows: pa.RecordBatch
    x: Floats
    p: Doubles
    score: Doubles
    number: npt.NDArray[np.uint64]
    about: dict[str, Any]

    @classmethod
    def of(cls, judged: _Judged, rows: Rows) -> Self:
        """Keep some rows, and nothing that holds the others, or the model, in memory."""
        seen = judged.seen
        about = {name: getattr(seen, name) for name in ("classes", "feature_set", "fingerprint", "bundle")}
        about["bundle_sha256"] = seen.sha256
        x = seen.x[rows]
        return cls(seen.flows.take(pa.array(rows)), x, seen.p[rows], judged.score[rows], draws(x, 0), about)

    @cached_property
    def names(self) -> list[dict[str, Any]]:
        """What tells which flow each is, as `same_flow` reads it."""
        return flow_values(self.flows.select(IDENTITY))

    @cached_property
    def values(self) -> list[dict[str, Any]]:
        """The flows as questions have them; of most batches nobody asks for them."""
        return flow_values(self.flows)


_Row = tuple[_Batch, int]


class Remembering:
    """The examples of one run.

    Args:
        database: The store.
        detectors: Those of the run; the first that tells classes apart is whom labels are to help.
        metrics: Counted into.
        clock: Gives the time, s since the epoch.
    """

    def __init__(
        self,
        database: Database,
        detectors: Sequence[Detector],
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._examples, self._detectors, self._metrics, self._clock = Examples(database), detectors, metrics, clock
        self._beside = Beside("examples")
        self._last: _Judged | None = None
        self._batches: deque[_Batch] = deque()
        self._rows = 0
        self._of: dict[str, _Row] = {}
        self._had: OrderedDict[str, set[int]] = OrderedDict()
        self._waiting: OrderedDict[str, list[_Row]] = OrderedDict()
        self._writing: dict[str, list[_Row]] = {}

    @property
    def problem(self) -> str:
        """Why the last ones are not in the store, in words; "" if they are."""
        return self._beside.problem

    @property
    def remembered(self) -> int:
        """Flows that are remembered."""
        return self._rows

    def see(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Take note of a batch that was judged just now, and remember what of it may become evidence."""
        self._last = None
        # What is unknown is evidence by its flow's last row.
        unknown = pc.and_kleene(verdicts.column("unknown"), ended(flows))
        loud = pc.or_kleene(verdicts.column("alarm"), unknown).fill_null(False)
        if not loud.true_count or (seen := seen_of(self._detectors, flows)) is None:
            return
        rows = np.flatnonzero(loud.to_numpy(zero_copy_only=False) & ~no_flows(flows)).astype(np.int64)
        if not len(rows):
            return
        score = verdicts.column("score").fill_null(0.0).to_numpy(zero_copy_only=False)
        self._last = _Judged(seen, rows, score)
        batch = _Batch.of(self._last, _likely(flows, verdicts, rows))
        self._batches.append(batch)
        self._rows += len(batch.number)
        for row, uid in enumerate(batch.flows.column("uid").to_pylist()):
            # Of a flow that goes on the first row is the one that raised the alarm.
            if uid and uid not in self._of:
                self._of[uid] = (batch, row)
        while self._rows > MOST_ROWS:
            self._forget(self._batches.popleft())

    def told(self, alerts: Sequence[Alert]) -> None:
        """Take note of alerts that are in the store, and of those of their flows that are there."""
        last = self._named(alerts)
        for alert in alerts:
            had = self._had.pop(alert.id, set())
            found = self._found(alert, had, last)
            if found:
                self._waiting.setdefault(alert.id, []).extend(found)
            elif not had:
                self._metrics.count("redshank_examples_total", outcome="none")
            if not alert.over:
                self._had[alert.id] = had
            if len(self._waiting) > MOST_WAITING // 2:
                self.tick()
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
                self._metrics.count("redshank_examples_total", outcome="shed")
        while len(self._had) > MOST_TOLD:
            self._had.popitem(last=False)

    def tick(self) -> None:
        """Have what waits written, unless something is being written; what the store refused is tried again."""
        if self._beside.busy:
            return
        if not self._writing:
            self._writing, self._waiting = dict(self._waiting), OrderedDict()
        if self._writing:
            self._beside.begin(self._write)

    def finish(self, within_s: float) -> None:
        """Write what is left, within a time in s."""
        ends_s = time.monotonic() + within_s
        while self._beside.wait(max(0.0, ends_s - time.monotonic())) and (self._writing or self._waiting):
            self.tick()
            if not self._beside.wait(max(0.0, ends_s - time.monotonic())) or self._writing:  # too slow, or refused
                break
        left = sum(len(rows) for waiting in (self._writing, self._waiting) for rows in list(waiting.values()))
        self._metrics.count(LOST, left, what="examples")

    def _named(self, alerts: Sequence[Alert]) -> dict[str, list[_Row]]:
        """Return the rows of the last batch that alerts, which have not all their examples, name, by uid."""
        wanted = {
            flow.uid
            for alert in alerts
            if len(self._had.get(alert.id, ())) < MOST
            for flow in alert.evidence
            if flow.uid
        }
        found: dict[str, list[_Row]] = {}
        if wanted and self._last and (batch := self._last.named(wanted)):
            for row, uid in enumerate(batch.flows.column("uid").to_pylist()):
                found.setdefault(uid, []).append((batch, row))
        return found

    def _found(self, alert: Alert, had: set[int], last: Mapping[str, Sequence[_Row]]) -> list[_Row]:
        """Return flows of an alert's evidence that look like none that it had, the strongest first; add their looks."""
        found = []
        for flow in sorted(alert.evidence, key=lambda one: -one.score):
            if len(had) >= MOST:
                break
            rows = [*last.get(flow.uid, ()), *([self._of[flow.uid]] if flow.uid in self._of else [])]
            same = [(batch, at) for batch, at in rows if same_flow(batch.names[at], flow)]
            # Of a flow that goes on the row that is the evidence, if it is there.
            one = next((row for row in same if row[0].score[row[1]] == flow.score), next(iter(same), None))
            if one is not None and (look := int(one[0].number[one[1]])) not in had:
                had.add(look)
                found.append(one)
        return found

    def _forget(self, batch: _Batch) -> None:
        self._rows -= len(batch.number)
        for uid in batch.flows.column("uid").to_pylist():
            if uid in self._of and self._of[uid][0] is batch:
                del self._of[uid]

    def _write(self) -> None:
        """Write flows down as the questions that they would be; runs beside the judging.

        Raises:
            StoreError: If the store cannot be written.
        """
        now_s = self._clock()
        written, self._writing = self._writing, {}
        try:
            kept = self._examples.keep(
                (alert, _question(alert, row, now_s)) for alert, rows in written.items() for row in rows
            )
        except RedshankError:
            self._writing = written
            raise
        self._metrics.count("redshank_examples_total", kept, outcome="kept")


def _likely(flows: pa.RecordBatch, verdicts: pa.RecordBatch, rows: Rows) -> Rows:
    """Return those of some rows that an alert is likely to have as evidence, in their order."""
    some = pa.array(rows)
    who = [
        column.take(some).fill_null("").dictionary_encode().indices.to_numpy()
        for column in (flows.column("src_ip"), verdicts.column("family"))
    ]
    group = np.unique(np.stack(who), axis=1, return_inverse=True)[1].reshape(-1)
    score = verdicts.column("score").take(some).fill_null(0.0).to_numpy(zero_copy_only=False)
    first = np.zeros(len(rows), np.bool_)
    first[np.unique(group, return_index=True)[1]] = True
    # Of each group the first, then the strongest, of equals the earliest.
    order = np.lexsort((rows, -score, ~first, group))
    sizes = np.bincount(group)
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # If there is not room for all, each group's first comes before any group's second.
    useful = np.lexsort((rows, place))[: min(BATCH_ROWS, int((place <= STRONGEST).sum()))]
    return np.sort(rows[useful])


def _question(alert: str, row: _Row, now_s: float) -> Question:
    batch, at = row
    p = batch.p[at]
    return Question.of_flow(
        batch.values[at],
        batch.x[at],
        p if np.isfinite(p).all() else np.full(len(p), 1 / len(p)),
        neighbors=(),
        why=f"nobody was asked: it is evidence of alert {alert}, which was called a false alarm",
        strategy=ALERT,
        asked_at_s=now_s,
        place=0,
        wanted=0,
        **batch.about,
    )
