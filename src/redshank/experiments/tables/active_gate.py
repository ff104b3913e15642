"""Whether a good model is ever replaced by a worse one, and whether better ones pass: simulated rounds of the gate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from redshank.active.caps import Rows
from redshank.active.decision import ALL, Decision
from redshank.active.paired import FPR, Pair, Said
from redshank.active.promote import CANARIES, REGRESSION, decide
from redshank.data.parts import Part, Parts, joined
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, facts_of, grid
from redshank.experiments.glance import Glance, Named, glance
from redshank.experiments.measure import Data, train_and_judge
from redshank.experiments.wording import told
from redshank.learn import measures
from redshank.learn.compare import Figure
from redshank.learn.model import MODELS, Classes, Model
from redshank.learn.table import Table, TableRow

TABLE, SIZES = "Challengers of each kind", "What frozen labels buy"
FROZEN = (300, 1000, 3000, 10_000)
LEAST, MOST = 200, 1500
"""Labels of a champion, drawn evenly on a logarithmic scale."""
KINDS: dict[str, tuple[int, str]] = {
    "same data, other seed": (2, "neutral"),
    "fewer labels": (1, "worse"),
    "wrong labels": (1, "worse"),
    "a family called benign": (2, "poisoned"),
    "more labels": (4, "better"),
}
"""Rounds of each kind in a seed."""
FEWER, WRONG, MORE = (0.4, 0.8), (0.1, 0.3), (1.5, 4.0)
"""The share of the champion's labels; the share of labels that are wrong; how many times as many. Drawn evenly."""
GAIN = 0.01
TREES = 50
CANARY_ROWS, SURE = 20, 0.9
ROUNDS, GAINED, REAL, QUIET = "rounds", "true gain", "true gains of 1 point", "and no more false alarms"
PROMOTED, PASSED, PASSED_QUIET = "promoted", "true gains promoted", "and no more false alarms promoted"
SHOWN, LOST_FROZEN, LOST_TRUTH, WORST = "gain shown", "lower frozen metric", "lower true metric", "largest true fall"
BY = ("macro_f1", "fpr", "past labels", "canaries")
"""What a reason of the gate speaks of."""
KEPT = tuple(f"true gains kept out by {name}" for name in BY)
AT = (PROMOTED, PASSED, PASSED_QUIET, SHOWN, LOST_FROZEN, LOST_TRUTH, WORST, *KEPT)


def _at(name: str, frozen: int) -> str:
    return f"{name} at {frozen}"


@dataclass(frozen=True)
class _Round:
    """A champion, a challenger, and the difference on rows that nobody else looks at."""

    champion: Model
    challenger: Model
    labels: Rows
    gain: float
    alarms: float


class ActiveGate(Experiment):
    """The gate against challengers of five kinds."""

    title: ClassVar[str] = "The gate for new models on ToN_IoT"
    what: ClassVar[str] = (
        "Which challengers the gate lets through: neutral, worse, poisoned and really better ones, by the number of "
        "frozen labels that it decides on."
    )
    asks: ClassVar[str] = "Is a good model ever replaced by a worse one?"
    columns: ClassVar[tuple[str, ...]] = ("macro_f1", ROUNDS, GAINED, *(_at(PROMOTED, size) for size in FROZEN))
    best_first: ClassVar[bool] = False
    notes: ClassVar[tuple[str, ...]] = (
        (
            f"A round is a champion, a random forest of {TREES} trees on {LEAST} to {MOST:,} labels drawn at random "
            "from the pool, and a challenger: the same labels with another seed; 40 to 80 % of the labels; 10 to 30 % "
            "of them wrong; half as many more, but one family called benign in all of them; 1.5 to 4 times as many. "
            "Ten rounds a seed, four of them with more labels."
        ),
        (
            "Frozen rows are drawn from the validation and calibration parts, on which nothing is trained. The truth "
            "is the test part: what is gained there is the true gain. The gate sees the frozen rows, the champion's "
            f"labels as past labels, and {CANARY_ROWS} attacks that the champion is sure of as canaries."
        ),
        (
            "The gate promotes if macro-F1 on the frozen rows is higher beyond the one-sided 95 % interval of a paired "
            "bootstrap, the false-alarm rate rises by half a point at most and no rise is shown, no canary is lost, "
            "and past labels do not get wrong more than by chance. “gain shown” counts rounds that pass by macro-F1 "
            "alone."
        ),
        (
            "A frozen label is a label that nobody may train on: that is its cost. Truth has noise too: a true gain of "
            "1 point on the test part is known to within about half a point."
        ),
        f"{', '.join(BESIDE[:-1])} and {BESIDE[-1]} are trained on every label of the pool, with one seed, for scale.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        each = [
            Cell(
                "ton_iot",
                "random_forest",
                task="family",
                settings={"trees": TREES},
                options={"kind": kind, "rounds": rounds, "frozen": list(FROZEN)},
                table=TABLE,
                row=kind,
            )
            for kind, (rounds, _) in KINDS.items()
        ]
        beside = [Cell("ton_iot", model, task="family", table=TABLE, row=model) for model in BESIDE]
        return [cell for cell in grid(seeds, [*each, *beside]) if cell.seed == 0 or cell.model not in BESIDE]

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Play the rounds of a kind."""
        if cell.model in BESIDE:
            return train_and_judge(cell, data)
        parts = data.parts(cell)
        spare = joined([parts.validation, parts.calibration])
        figures: dict[str, float | None] = {_at(name, size): 0.0 for size in FROZEN for name in AT}
        figures |= dict.fromkeys((ROUNDS, REAL, QUIET), 0.0)
        champions, gains = [], []
        for number in range(cell.options["rounds"]):
            rng = np.random.default_rng([cell.seed, list(KINDS).index(cell.options["kind"]), number])
            one = _play(cell, parts, rng)
            champions.append(_macro_f1(one.champion, parts.test))
            gains.append(one.gain)
            real, quiet = one.gain >= GAIN, one.gain >= GAIN and one.alarms <= 0
            _count(figures, **{ROUNDS: True, REAL: real, QUIET: quiet})
            order = rng.permutation(len(spare)).astype(np.int64)
            canaries = _canaries(one.champion, spare.take(order[max(FROZEN) :]))
            for size in FROZEN:
                held = {
                    "frozen": spare.take(order[:size]),
                    REGRESSION: parts.train.take(one.labels),
                    CANARIES: canaries,
                }
                decision = decide(
                    one.champion.predict_proba,
                    one.challenger.predict_proba,
                    held,
                    classes=parts.classes,
                    seed=int(rng.integers(2**31)),
                )
                _count(figures, **{_at(name, size): hit for name, hit in _hits(decision, one, real, quiet).items()})
                if decision.promote:
                    worst = _at(WORST, size)
                    figures[worst] = max(figures[worst] or 0.0, -one.gain)
        figures |= {"macro_f1": float(np.mean(champions)), GAINED: float(np.mean(gains))}
        return Outcome(figures, rows={"pool": len(parts.train), "spare": len(spare), "test": len(parts.test)})

    def published(self) -> tuple[str, ...]:
        """See `Experiment.published`."""
        return ("macro_f1", ROUNDS, GAINED, REAL, QUIET, *(_at(name, size) for size in FROZEN for name in AT))

    def tables(self, results: Results) -> list[Table]:
        """See `Experiment.tables`."""
        if not results.tables:
            return []
        rows = []
        for name in dict.fromkeys(run.cell.row for run in results.of(table=TABLE)):
            figures = {column: results.figure(column, row=name) for column in ("macro_f1", GAINED)}
            if name in KINDS:
                counts = {column: _sum(results, column, name) for column in self.columns if column not in figures}
                figures |= {column: Figure(count) for column, count in counts.items()}
            runs = results.of(row=name)
            rows.append(TableRow(name, figures, len(runs), sum(run.seconds for run in runs) / len(runs)))
        by_size = [
            TableRow(
                f"{size:,} frozen labels",
                {
                    REAL: _share(results, size, PASSED, REAL),
                    QUIET: _share(results, size, PASSED_QUIET, QUIET),
                    **{
                        name: Figure(_sum(results, _at(name, size)))
                        for name in (PROMOTED, SHOWN, LOST_FROZEN, LOST_TRUTH)
                    },
                    WORST: Figure(_worst(results, size)),
                },
            )
            for size in FROZEN
        ]
        facts = facts_of(results, TABLE)
        return [
            Table(TABLE, self.columns, tuple(rows), facts),
            Table(SIZES, (REAL, QUIET, PROMOTED, SHOWN, LOST_FROZEN, LOST_TRUTH, WORST), tuple(by_size), facts),
        ]

    def words(self, results: Results) -> list[str]:
        """Say what passed and what did not."""
        rounds = _sum(results, ROUNDS)
        if not rounds:
            return []
        said = []
        for size in FROZEN:
            promoted, fell, frozen = (_sum(results, _at(name, size)) for name in (PROMOTED, LOST_TRUTH, LOST_FROZEN))
            share = _share(results, size, PASSED, REAL)
            text = f"{size:,} frozen labels: of {rounds:,.0f} challengers {promoted:,.0f} were promoted"
            if share.mean is not None:
                text += f", among them {told(share)} of those whose true gain is 1 point or more"
            said.append(
                f"{text}; {frozen:.0f} promotions lowered the frozen metric, {fell:.0f} the true one, by "
                f"{100 * _worst(results, size):.2f} points at most."
            )
        bad = [kind for kind, (_, what) in KINDS.items() if what == "poisoned"]
        let = [_sum(results, _at(PROMOTED, size), kind) for kind in bad for size in FROZEN]
        said.append(f"Poisoned challengers that were promoted, with any number of frozen labels: {sum(let):.0f}.")
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        tables = self.tables(results)
        if not tables:
            return None
        seen = glance(tables[0], "macro_f1", where="champions' macro-F1")
        size = FROZEN[-1]
        share = _share(results, size, PASSED, REAL)
        if seen is None:
            return None
        fell = _sum(results, _at(LOST_FROZEN, size))
        passed = f"; {told(share)} of true gains of 1 point pass" if share.mean is not None else ""
        meaning = f"With {size:,} frozen labels {fell:.0f} promotions lower the frozen metric{passed}."
        best = seen.best or Named("", Figure(None))
        return Glance(seen.measure, best, seen.trees, seen.lookup, meaning, seen.where)


def _play(cell: Cell, parts: Parts, rng: np.random.Generator) -> _Round:
    """Train a champion and a challenger of the cell's kind."""
    pool, kind = parts.train, cell.options["kind"]
    labels = round(float(np.exp(rng.uniform(np.log(LEAST), np.log(MOST)))))
    order = rng.permutation(len(pool)).astype(np.int64)
    seeds = rng.integers(2**31, size=2).tolist()
    own = order[:labels]
    y = pool.y[own]
    if kind == "fewer labels":
        own = own[: round(labels * rng.uniform(*FEWER))]
        y = pool.y[own]
    elif kind == "wrong labels":
        wrong = rng.random(labels) < rng.uniform(*WRONG)
        y = np.where(wrong, (y + rng.integers(1, len(parts.classes), labels)) % len(parts.classes), y)
    elif kind == "a family called benign":
        own = order[: round(labels * MORE[0])]
        y = pool.y[own]
        y = np.where(y == rng.choice(np.unique(y[y > 0])), 0, y)
    elif kind == "more labels":
        own = order[: round(labels * rng.uniform(*MORE))]
        y = pool.y[own]
    champion = _trained(cell, parts, order[:labels], pool.y[order[:labels]], seeds[0])
    challenger = _trained(cell, parts, own, y, seeds[1])
    gain, alarms = _true_gain(champion, challenger, parts)
    return _Round(champion, challenger, order[:labels], gain, alarms)


def _trained(cell: Cell, parts: Parts, rows: Rows, y: Classes, seed: int) -> Model:
    model: Model = MODELS.find(cell.model)(**cell.settings, seed=seed)
    model.fit(parts.train.x[rows], y, columns=parts.columns, n_classes=len(parts.classes))
    return model


def _true_gain(champion: Model, challenger: Model, parts: Parts) -> tuple[float, float]:
    """Return what a challenger gains on the test part: macro-F1, and false-alarm rate."""
    both = [Said.of(model.predict_proba(parts.test.x)) for model in (champion, challenger)]
    pair = Pair(parts.test.y, both[0], both[1], len(parts.classes))
    found = []
    for name in ("macro_f1", FPR):
        old, new = pair.values(name)
        assert old is not None
        assert new is not None
        found.append(new - old)
    return found[0], found[1]


def _macro_f1(model: Model, part: Part) -> float:
    p = model.predict_proba(part.x)
    value = measures.macro_f1(measures.confusion(part.y, p.argmax(axis=1), np.ones(len(part)), p.shape[1]))
    assert value is not None
    return value


def _canaries(champion: Model, spare: Part) -> Part:
    """Return attacks that a champion is sure of."""
    sure = np.flatnonzero((spare.y > 0) & (champion.predict_proba(spare.x)[:, 0] < 1 - SURE))
    return spare.take(sure[:CANARY_ROWS].astype(np.int64))


def _hits(decision: Decision, one: _Round, real: bool, quiet: bool) -> dict[str, bool]:  # noqa: FBT001  counted by name
    metric = decision.of(ALL, "macro_f1")
    assert metric is not None
    assert metric.difference is not None
    assert metric.low is not None
    return {
        PROMOTED: decision.promote,
        PASSED: decision.promote and real,
        PASSED_QUIET: decision.promote and quiet,
        SHOWN: metric.difference > 0 and metric.low > 0,
        LOST_FROZEN: decision.promote and metric.difference < 0,
        LOST_TRUTH: decision.promote and one.gain < 0,
        **{
            name: real and not decision.promote and any(by in reason for reason in decision.reasons)
            for name, by in zip(KEPT, BY, strict=True)
        },
    }


def _count(figures: dict[str, float | None], **hits: bool) -> None:
    for name, hit in hits.items():
        figures[name] = (figures[name] or 0.0) + hit


def _each(results: Results, name: str, kind: str | None) -> Iterator[float]:
    for run in results.of(table=TABLE) if kind is None else results.of(table=TABLE, row=kind):
        value = run.outcome.figures.get(name) if run.outcome and run.cell.row in KINDS else None
        if value is not None:
            yield value


def _sum(results: Results, name: str, kind: str | None = None) -> float:
    return sum(_each(results, name, kind))


def _worst(results: Results, size: int) -> float:
    return max(_each(results, _at(WORST, size), None), default=0.0)


def _share(results: Results, size: int, passed: str, of: str) -> Figure:
    count, rounds = round(_sum(results, _at(passed, size))), round(_sum(results, of))
    low, high = measures.clopper_pearson(min(count, rounds), rounds) or (None, None)
    return Figure(measures.ratio(count, rounds), low, high)
