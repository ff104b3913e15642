"""Questions about uncertain flows that reach the store by themselves while the service runs.

In: batches with what the model saw in them. Out: questions in the store, for `redshank label` and the console. The one
idea: candidates are gathered in bounded memory as flows come (`active/candidates.py`, as for `redshank ask`), and a few
times a day some of them are chosen (`active/gateway.py`) and written down, beside the judging.

- Bounds: `per_day` questions in any 24 hours, over restarts; an eighth of them in a round, about one an hour; no round
  while `OPEN_DAYS` days' questions wait for an answer; one device at most a fifth, as in `redshank ask`.
- Why each was asked stands in it: the two likeliest classes, that nothing known fits, that chance drew it, or that the
  traffic of its devices has moved: a group that moves brings a round at once, half of it from that group.
- Only a person's answer is a label. Nothing is learnt from these flows before.
"""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from redshank.active.candidates import Candidates, draws
from redshank.active.caps import Rows
from redshank.active.gateway import Choice, choose, margins
from redshank.core.errors import RedshankError
from redshank.core.metrics import LOST, Metrics
from redshank.detect.detector import Detector, Doubles, Floats, Seen, no_flows, seen_of
from redshank.detect.device_groups import DeviceGroups
from redshank.pipeline.beside import Beside
from redshank.store.database import Database
from redshank.store.question import ALERT, Question, flow_values
from redshank.store.queue import DAY_S, Queue

FIRST_S, ROUND_S = 300.0, 3_600.0
"""When the first round begins, and how long after one the next does, by the clock."""
SOONEST_S = 60.0
"""Between a round and the next that drift brings."""
ROUNDS = 8
"""Rounds that a day's questions are enough for."""
OPEN_DAYS = 3
MOST = 2_048
"""Candidates that are kept of the doubtful flows, and of all."""
LOOKED_PER_S, BURST = 2_000, 8_192
"""Rows looked at, drawn from all: to tell whether a flow is like others takes a third as long as judging it."""
DOUBTFUL = 0.5
"""A flow is doubtful whose two likeliest classes are not further apart."""
ROUNDS_LOST = "question_rounds"
STRATEGY = "gateway"
"""How such questions say who chose them."""


@dataclass(frozen=True)
class _Gathered:
    """What a round chooses from."""

    seen: Seen
    doubtful: tuple[pa.RecordBatch, Floats]
    every: tuple[pa.RecordBatch, Floats]
    moved: dict[str, str]


class Asking:
    """The questions of one run.

    Args:
        database: The store.
        detectors: Those of the run; the first that tells classes apart is whom the questions are to help.
        groups: Groups of devices, as drift has them.
        per_day: Questions in 24 hours; 0: none.
        metrics: Counted into: rounds that asked nothing because the store refused, or the end came.
        seed: Of what chance chooses; drawn anew if absent, so that nobody can know what is chosen.
        clock: Gives the time, s since the epoch.
        timer: Gives a time in s that never goes back.
    """

    def __init__(
        self,
        database: Database,
        detectors: Sequence[Detector],
        groups: DeviceGroups,
        per_day: int,
        *,
        metrics: Metrics | None = None,
        seed: int | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue, self._detectors, self._groups, self._per_day = Queue(database), detectors, groups, per_day
        self._metrics = metrics or Metrics()
        self._metrics.expect(LOST, what=ROUNDS_LOST)
        self._seed = secrets.randbits(32) if seed is None else seed
        self._clock, self._timer = clock, timer
        self._beside = Beside("questions")
        self._seen: Seen | None = None
        self._moved: dict[str, str] = {}
        self._told_moved: set[str] = set()
        self._due_s, self._began_s = timer() + FIRST_S, float("-inf")
        self._rng = np.random.default_rng(self._seed)
        self._may, self._looked_s = float(BURST), timer()
        self._begin()

    @property
    def problem(self) -> str:
        """Why the last round asked nothing, in words; "" if it could ask."""
        return self._beside.problem

    def see(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Gather candidates from a batch that was judged just now."""
        del verdicts
        seen = seen_of(self._detectors, flows)
        if not self._per_day or seen is None:
            return
        if self._seen is not None and self._seen.fingerprint != seen.fingerprint:
            self._begin()  # another bundle took over, of other features
        self._seen = seen
        rows = np.flatnonzero(~no_flows(flows))
        rows = rows[self._looked_at(len(rows))]
        if len(rows) < flows.num_rows:
            flows = flows.take(pa.array(rows))
        x = seen.x[rows]
        self._every.add(flows, x)
        doubtful = (margins(seen.p[rows]) <= DOUBTFUL) | seen.unknown[rows]
        if doubtful.any():
            self._doubtful.add(flows.filter(pa.array(doubtful)), x[doubtful])

    def tick(self) -> None:
        """Begin a round if it is time."""
        self._heed_drift()
        if self._timer() < self._due_s or self._beside.busy:
            return
        gathered = self._gathered()
        if gathered is not None and self._beside.begin(lambda: self._attempt(gathered)):
            self._moved = {}
            self._began_s = self._timer()
            self._due_s = self._began_s + ROUND_S
            self._begin()

    def finish(self, within_s: float) -> None:
        """Ask about what is left, within a time in s."""
        self._heed_drift()
        ends_s = time.monotonic() + within_s
        if self._beside.wait(within_s) and (gathered := self._gathered()) is not None:
            self._beside.begin(lambda: self._attempt(gathered))
            self._beside.wait(max(0.0, ends_s - time.monotonic()))
        if self._beside.busy:
            self._metrics.count(LOST, what=ROUNDS_LOST)

    def _begin(self) -> None:
        self._seed += 1
        self._doubtful, self._every = (Candidates(MOST, self._seed) for _ in range(2))

    def _looked_at(self, n: int) -> Rows:
        """Draw the rows of a batch that are looked at: all, unless there were more than LOOKED_PER_S lately."""
        now_s = self._timer()
        self._may = min(BURST, self._may + LOOKED_PER_S * (now_s - self._looked_s))
        self._looked_s = now_s
        some = min(n, int(self._may))
        self._may -= some
        return np.arange(n) if some == n else np.sort(self._rng.permutation(n)[:some])

    def _heed_drift(self) -> None:
        """Note the groups that moved and had not before, and have a round begin for them."""
        moved = {group: str(one) for detector in self._detectors for group, one in detector.moved.items()}
        if new := moved.keys() - self._told_moved:
            self._moved |= {group: moved[group] for group in new}
            self._due_s = min(self._due_s, max(self._timer(), self._began_s + SOONEST_S))
        self._told_moved = set(moved)

    def _gathered(self) -> _Gathered | None:
        if self._seen is None or not self._every.flows_seen:
            return None
        return _Gathered(self._seen, self._doubtful.kept(), self._every.kept(), dict(self._moved))

    def _attempt(self, given: _Gathered) -> None:
        try:
            self._ask(given)
        except RedshankError:
            self._metrics.count(LOST, what=ROUNDS_LOST)
            raise

    def _ask(self, given: _Gathered) -> None:
        """Choose, and write questions down; runs beside the judging.

        Raises:
            RedshankError: If the store or the bundle cannot be used.
        """
        now_s, seen = self._clock(), given.seen
        before = self._queue.questions()
        today = sum(one.strategy == STRATEGY and one.asked_at_s > now_s - DAY_S for one in before)
        room = OPEN_DAYS * self._per_day - self._queue.counts(now_s)["open"]
        size = min(math.ceil(self._per_day / ROUNDS), self._per_day - today, room)
        if size <= 0:
            return
        flows, x, fair = _distinct(given, self._seed, before)
        if not len(x):
            return
        p, unknown = seen.look(x)
        values = flow_values(flows)
        devices = [flow.get("src_ip", "") for flow in values]
        group_of = [self._groups.of(device) for device in devices]
        choice = Choice(
            p,
            unknown,
            fair,
            np.flatnonzero([group in given.moved for group in group_of]),
            devices,
            [f"{flow.get('service') or flow.get('dst_port')}/{flow.get('proto')}" for flow in values],
            [one.device for one in before if one.strategy != ALERT],
        )
        rows, drawn = choose(choice, size, self._seed)
        sure = np.where(np.isfinite(p).all(axis=1, keepdims=True), p, 1 / p.shape[1])
        self._queue.add(
            Question.of_flow(
                values[row],
                x[row],
                sure[row],
                feature_set=seen.feature_set,
                fingerprint=seen.fingerprint,
                classes=seen.classes,
                neighbors=(),
                why=_why(
                    sure[row], seen.classes, given.moved.get(group_of[row]), drawn=row in drawn, unknown=unknown[row]
                ),
                strategy=STRATEGY,
                bundle=seen.bundle,
                bundle_sha256=seen.sha256,
                asked_at_s=now_s,
                place=place,
                at_random=row in drawn,
            )
            for place, row in enumerate(rows.tolist())
        )


def _distinct(given: _Gathered, seed: int, before: Sequence[Question]) -> tuple[pa.RecordBatch, Floats, Rows]:
    """Return all candidates once, without those like flows that were asked about, and which are a fair sample."""
    parts = [part for part in (given.every, given.doubtful) if part[0].num_rows]
    flows, x = pa.concat_batches([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    number = draws(x, seed)
    asked = [one.values for one in before if one.fingerprint == given.seen.fingerprint]
    first = np.unique(number, return_index=True)[1]
    rows = np.sort(first[~np.isin(number[first], draws(np.array(asked), seed))] if asked else first)
    fair = np.flatnonzero(rows < given.every[0].num_rows)
    return flows.take(pa.array(rows)), x[rows], fair


def _why(p: Doubles, classes: Sequence[str], moved: str | None, *, drawn: bool, unknown: bool) -> str:
    """Say what made a flow worth asking about, and who chose it."""
    first, second = np.argsort(-p, kind="stable")[:2].tolist()
    words = [
        *(["drawn at random"] if drawn else []),
        f"{classes[first]} {p[first]:.2f} or {classes[second]} {p[second]:.2f}",
        *(["no class fits it"] if unknown else []),
        *([moved] if moved else []),
    ]
    return f"{'; '.join(words)} (the running service chose it, by what the model says alone)"
