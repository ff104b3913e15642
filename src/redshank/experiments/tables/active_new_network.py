"""A new network: a model that learnt ToN_IoT meets another one, and an analyst answers a few questions there.

In: pool and test are apart in time, or in captures. Out: AUC and achieved false alarms after some local labels, beside
labels drawn at random. The one idea: what a site asks is how much twenty answers are worth, and a pool that shares its
minutes with the test flatters them.
"""

from collections.abc import Collection, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from redshank.active.query import Landscape, choose
from redshank.active.strategy import STRATEGIES
from redshank.data.parts import Part, Parts
from redshank.detect import calibrate
from redshank.detect.calibrate import attack_score
from redshank.experiments.captures import MALWARE
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.curves import CONTROL, FEW, LEAD, RIVAL, bootstrapped, of_seeds
from redshank.experiments.experiment import BESIDE, Experiment, Results
from redshank.experiments.glance import LOOKUP, TREES, Glance, Named
from redshank.experiments.measure import Data, alarms
from redshank.experiments.wording import first_seeds, mean_over, told
from redshank.learn import measures
from redshank.learn.compare import Figure
from redshank.learn.model import MODELS, Model
from redshank.learn.table import Curve, Picture, Table
from redshank.learn.train import Trained

if TYPE_CHECKING:
    from redshank.active.caps import Rows

SOURCE = "ton_iot"
SOURCE_ROWS = 10_000
"""Of ToN_IoT's training part that are learnt, drawn anew for each seed: each round trains anew."""
MODEL = "extra_trees"
SETTINGS: dict[str, Any] = {"trees": 40, "leaves": 300, "share": 0.5, "quantiles": 0}
"""As in `make bundle`."""
LATER = {f"Later on {name}": name for name in ("iot23/20-1", "iot23/21-1", "iot23/8-1", "lab/unseen", "lab/homes")}
"""The first half of its flows are the pool, the second the test."""
ELSEWHERE = {f"On capture {name}, asked on the others": name for name in MALWARE}
"""A capture of IoT-23 is the test, what no flow of it shares with the others is the pool."""
GROUPS = {"Later on the same network": LATER, "On another capture": ELSEWHERE}
STRATEGIES_SHOWN = (LEAD, RIVAL, CONTROL, "typical")
LABELS = (0, 20, 50, 100)
BATCH = 10
RATE = 0.01
WEIGHT = 20.0
"""What a local label weighs in training, in rows of the other network: there are few of them."""


def after(name: str, labels: int) -> str:
    """Return the name of a figure.

    Example:
        >>> after("AUC", 20)
        'AUC after 20 labels'
    """
    return f"{name} after {labels} labels"


class ActiveNewNetwork(Experiment):
    """AUC and false alarms by local labels, a table per network."""

    title: ClassVar[str] = "Which questions to ask on a new network"
    what: ClassVar[str] = (
        "What a few answers on a network that a model has not seen are worth, by what is asked, on flows of another "
        "time or capture."
    )
    asks: ClassVar[str] = "What are twenty answers worth on a new network?"
    columns: ClassVar[tuple[str, ...]] = tuple(after(name, labels) for name in ("AUC", "fpr") for labels in LABELS)
    notes: ClassVar[tuple[str, ...]] = (
        (
            f"{MODEL} as in the default bundle learns {SOURCE_ROWS:,} vectors of ToN_IoT, and then the local labels "
            f"too, each weighing {WEIGHT:g} of them; {BATCH} questions a round."
        ),
        (
            "Pool and test are the first and the second half of a network's distinct vectors by the time of their "
            "first flow, or other captures and this one. 42-1 has no attack in its second half and is there only as a "
            "capture."
        ),
        (
            "False alarms at the threshold for 1 % on ToN_IoT's calibration part: no local flow sets it. 42-1, 20-1 "
            "and 21-1 have 6 to 9 distinct attacks: a single AUC there says little."
        ),
        f"{first_seeds('Models in comparison', FEW)}, and have no local labels.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for seed in seeds:
            for table, name in (LATER | ELSEWHERE).items():
                apart = {"capture": name} if table in ELSEWHERE else {}
                target = "iot23" if apart else name
                rows = [(row, MODEL, SETTINGS, {"strategy": row}) for row in STRATEGIES_SHOWN]
                rows += [(row, row, {}, {}) for row in BESIDE] if seed < FEW else []
                made += [
                    Cell(
                        SOURCE,
                        model,
                        protocol="cross",
                        protocol_settings={"target": target},
                        feature_set="conn",
                        settings=settings,
                        seed=seed,
                        others=(target,),
                        options={**options, **apart},
                        table=table,
                        row=row,
                    )
                    for row, model, settings, options in rows
                ]
        return made

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Judge without labels, then after each round of questions that a row of the table stands for."""
        parts = data.parts(cell)
        pool, test = apart(cell, parts, data)
        source = parts.train.take(np.random.default_rng(cell.seed).permutation(len(parts.train))[:SOURCE_ROWS])
        model = _trained(cell, parts, source, pool.take(np.empty(0, np.int64)))
        figures = _judged(cell, model, parts, test, 0)
        if "strategy" in cell.options:
            strategy = STRATEGIES.find(cell.options["strategy"])()
            land = Landscape(pool.x, parts.columns, seed=cell.seed)
            rows: Rows = np.empty(0, np.int64)
            while len(rows) < min(max(LABELS), len(pool)):
                known = land.known(strategy, rows, (pool.y[rows] != 0).astype(np.int64))
                rest = np.setdiff1d(np.arange(len(pool)), rows)
                seed = cell.seed * 1000 + len(rows)
                new = choose(strategy, land, rest, model.predict_proba, known, BATCH, seed=seed).rows
                rows = np.concatenate([rows, new])
                model = _trained(cell, parts, source, pool.take(rows))
                if len(rows) in LABELS:
                    figures |= _judged(cell, model, parts, test, len(rows))
        counts = {"pool": len(pool), "test": len(test), "attacks": int((test.y != 0).sum())}
        return Outcome(figures, rows={"train": len(source), **counts})

    def tables(self, results: Results) -> list[Table]:
        """Put the means of both ways before the tables of each network."""
        means = [mean_over(results, list(some), self.columns, f"{title}, mean") for title, some in GROUPS.items()]
        return [*(one for one in means if one.rows), *super().tables(results)]

    def pictures(self, results: Results) -> list[Picture]:
        """See `Experiment.pictures`."""
        made = []
        for title, some in GROUPS.items():
            curves = []
            for row in STRATEGIES_SHOWN:
                found = {labels: _by_seed(results, some, after("AUC", labels), row) for labels in LABELS}
                if found[LABELS[0]]:
                    means = [fmean(one.values()) for one in found.values()]
                    low, high = ([float(np.quantile([*one.values()], q)) for one in found.values()] for q in (0.1, 0.9))
                    curves.append(Curve(row, LABELS, means, low, high))
            if curves:
                caption = f"Mean over {len(some)} tests and over seeds; the band holds eight of ten seeds."
                made.append(Picture(f"{title}: AUC", caption, "labels of the new network", "AUC", tuple(curves)))
        return made

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for title, some in GROUPS.items():
            rows = {row.name: row.figures for row in mean_over(results, list(some), self.columns, "").rows}
            if LEAD not in rows or CONTROL not in rows:
                continue
            each = [
                f"{told(rows[LEAD][after('AUC', n)])} after {n} ({CONTROL} {told(rows[CONTROL][after('AUC', n)])}, "
                f"gain {told(gain(results, some, after('AUC', n)))})"
                for n in LABELS[1:]
            ]
            rates = [told(rows[LEAD][after("fpr", n)], rate=True) for n in LABELS]
            said.append(
                f"{title}, mean of {len(some)}: AUC {told(rows[LEAD][after('AUC', 0)])} without local labels, with "
                f"questions by {LEAD} {', '.join(each)}. False alarms at a threshold for {RATE:.0%} are "
                f"{', '.join(rates)} after {', '.join(map(str, LABELS))} labels."
            )
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        title, some = next(iter(GROUPS.items()))
        column, before = after("AUC", LABELS[1]), after("AUC", 0)
        rows = {row.name: row.figures for row in mean_over(results, list(some), self.columns, "").rows}
        if LEAD not in rows:
            return None
        meaning = (
            f"Mean of {len(some)}; without local labels {told(rows[LEAD][before])}. Gain over random questions: "
            f"{told(gain(results, some, column))}."
        )
        trees, lookup = (rows[name][before] if name in rows else Figure(None) for name in (TREES, LOOKUP))
        return Glance(column, Named(LEAD, rows[LEAD][column]), trees, lookup, meaning, title)


def apart(cell: Cell, parts: Parts, data: Data) -> tuple[Part, Part]:
    """Return the pool and the test of a new network.

    Args:
        cell: With the option `capture` the flows of that one are the test, else the later half of all.
        parts: Whose test part is the network.
        data: Where captures are told.
    """
    network = parts.test
    capture = cell.options.get("capture")
    if capture is None:
        order = np.argsort(network.row, kind="stable")
        first, second = np.array_split(order, 2)
        return network.take(np.sort(first)), network.take(np.sort(second))
    vector, row = network.counted()
    of_row = data.labelled(cell.others[0]).capture
    assert of_row is not None
    there = np.zeros(len(network), np.bool_)
    there[vector[of_row[row - len(data.labelled(cell.dataset).flows)] == capture]] = True
    return network.take(np.flatnonzero(~there)), network.take(np.flatnonzero(there))


def gain(results: Results, tables: Collection[str], name: str) -> Figure:
    """Return by how much our strategy is above random questions, seed by seed, in the mean over tables.

    Args:
        results: What is known.
        tables: Titles of tables.
        name: The figure.
    """
    lead, control = (_by_seed(results, tables, name, row) for row in (LEAD, CONTROL))
    return bootstrapped(np.array([lead[seed] - control[seed] for seed in lead if seed in control]), np.mean)


def _by_seed(results: Results, tables: Collection[str], name: str, row: str) -> dict[int, float]:
    """Return the mean of a figure over tables, for the seeds that all of them have."""
    found = [of_seeds(results, name, table=table, row=row) for table in tables]
    values = {seed: [one.get(seed) for one in found] for seed in (found[0] if found else ())}
    known = {seed: [value for value in some if value is not None] for seed, some in values.items()}
    return {seed: fmean(some) for seed, some in known.items() if len(some) == len(tables)}


def _trained(cell: Cell, parts: Parts, source: Part, local: Part) -> Model:
    """Train on rows of the network that is known and labels of the new one; only attack or benign is told apart."""
    model: Model = MODELS.find(cell.model)(**cell.settings, seed=cell.seed)
    weight = np.concatenate([np.ones(len(source), np.float32), np.full(len(local), WEIGHT, np.float32)])
    model.fit(
        np.concatenate([source.x, local.x]),
        np.concatenate([source.y, (local.y != 0).astype(np.int64)]),
        columns=parts.columns,
        n_classes=2,
        weight=weight,
    )
    return model


def _judged(cell: Cell, model: Model, parts: Parts, test: Part, labels: int) -> dict[str, float | None]:
    probabilities = model.predict_proba(parts.calibration.x)
    calibration = calibrate.fit(probabilities, parts.calibration.y, rates=(RATE,))
    trained = Trained(model, cell.model, cell.seed, calibration, seconds=0.0)
    attack = test.y != 0
    ranking = measures.Ranking.of(attack, attack_score(model.predict_proba(test.x)))
    alarm = alarms(trained, test, calibration, RATE)
    return {
        after("AUC", labels): measures.roc_auc(*ranking.steps(np.ones(len(test)))),
        after("fpr", labels): measures.ratio(int(alarm[~attack].sum()), int((~attack).sum())),
    }
