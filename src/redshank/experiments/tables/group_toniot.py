"""Devices that nobody has seen: ToN_IoT with no host pair, or no source address, in two parts.

Most deployments fail here, so the false-alarm rate is told per pair of hosts, and then what a site can do about it: a
few hundred benign flows of its own to set the threshold, and as many to train with. They come from an earlier block of
the tested pairs, or from other pairs of the same network; they are never tested.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from redshank.data.parts import Part, Parts
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.groups import false_alarms_by_group, group_of
from redshank.experiments.measure import Data, alarms, calibrated_on, outcome, share
from redshank.experiments.wording import ranked, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn import measures
from redshank.learn.compare import Figure
from redshank.learn.local import by_groups, earlier, refitted
from redshank.learn.table import Table
from redshank.learn.train import Trained, fit

PAIRS, SOURCES = "Ten families, unseen host pairs", "Ten families, unseen sources"
BINARY = "Benign or attack, unseen host pairs"
BLOCK, OTHERS = "What a site can do: its own earlier flows", "What a site can do: flows of its other pairs"
LOCAL = 300
RATE = 0.01
POOLED = 0.025
"""What a pooled threshold aims at: half of it is of traffic that is no longer in question."""
MODELS: dict[str, dict[str, Any]] = {
    "fnn": BUDGET,
    "random_forest": {},
    "extra_trees": {},
    **{name: {} for name in BESIDE},
}
ANY_STACK: dict[str, dict[str, Any]] = {
    "lightgbm, any TCP stack": {},
    "extra_trees, any TCP stack": {},
    "extra_trees, any TCP stack, balanced": {"leaf_rows": 3, "share": 0.5, "imbalance": "balanced"},
}
"""Settings of rows whose features leave out what names a host's TCP stack; a row begins with its model."""
COPIES = 3
"""How often these rows train with each local flow: a few hundred beside fifty thousand weigh little."""
CHOSEN_ON = 5
"""Splits that choices were made on."""
SEEN = ("macro_f1", "accuracy", "roc_auc", "fpr", "fpr_at_0.01", "fpr by pair, mean", "fpr by pair, worst")
STAGES = ("as trained", "recalibrated", "refitted", "refitted, pooled")
DONE = (*(f"fpr {stage}" for stage in STAGES), "recall refitted, pooled, mean", "recall refitted, pooled, worst")


class GroupToniot(Experiment):
    """False alarms on unseen pairs of hosts, before and after a site calibrates."""

    title: ClassVar[str] = "Unseen devices on ToN_IoT"
    what: ClassVar[str] = (
        "What is left on pairs of hosts that no part of training has seen, pair by pair, and what a site's own benign "
        "flows make of it."
    )
    asks: ClassVar[str] = "Does a detector know devices that it has not seen?"
    columns: ClassVar[tuple[str, ...]] = SEEN
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "“fpr by pair” looks at each benign pair by itself, then takes the mean or the worst; with one seed its "
            "interval is a bootstrap over pairs. The pooled rates weigh a pair by its distinct vectors."
        ),
        (
            f"What a site can do: {LOCAL} benign flows set the threshold anew (recalibrated) and {LOCAL} others are "
            "trained with as well (refitted). They are the first rows of each tested benign pair, or they come from "
            "other pairs than those whose benign rows are tested, thresholds and training each from pairs of their "
            f"own. Pooled: the threshold is that of {POOLED:.1%} of benign flows of which half are local and half from "
            "the calibration part. Recall is the share of each family's vectors that raise an alarm; its mean and "
            "worst are over families."
        ),
        (
            "“any TCP stack”: features without the TCP options of packets with data, and each local flow trains "
            f"{COPIES} times. The features were chosen on validation and calibration rows of the first {CHOSEN_ON} "
            "splits, the balanced row's settings by unseen families, and the share of the pooled threshold by what it "
            f"did on the test part of these {CHOSEN_ON} splits, which flatter it therefore; later splits do not."
        ),
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        tables: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
            (PAIRS, "family", "host_pair", {}),
            (SOURCES, "family", "source", {}),
            (BINARY, "binary", "host_pair", {}),
            (BLOCK, "binary", "host_pair", {"local": "first"}),
            (OTHERS, "binary", "host_pair", {"local": "others"}),
        )
        each = [
            Cell(
                "ton_iot",
                row.partition(",")[0],
                protocol="group",
                protocol_settings={"by": by},
                task=task,
                settings=settings,
                options={**options, **more} if options else {},
                feature_set=features,
                table=table,
                row=row,
            )
            for table, task, by, options in tables
            for row, settings, features, more in (
                *((row, settings, None, {}) for row, settings in MODELS.items() if not options or row in BESIDE),
                *((row, settings, "conn_any_stack", {"copies": COPIES}) for row, settings in ANY_STACK.items()),
            )
        ]
        return [cell for cell in grid(seeds, each) if cell.seed == 0 or cell.model != "fnn"]

    def published(self) -> tuple[str, ...]:
        """See `Experiment.published`."""
        return (*SEEN, *DONE)

    def tables(self, results: Results) -> list[Table]:
        """See `Experiment.tables`."""
        return [table_of(results, name, DONE if name in (BLOCK, OTHERS) else SEEN) for name in results.tables]

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Judge as usual and pair by pair, or before and after local flows."""
        parts = data.parts(cell)
        trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
        where = cell.options.get("local")
        if where is not None:
            return self._local(cell, parts, trained, where)
        found = outcome(trained, parts, cell.seed)
        alarm = trained.model.predict_proba(parts.test.x).argmax(axis=1) != 0
        by = str(cell.protocol_settings["by"])
        return replace(found, figures={**found.figures, **_by_pair(alarm, parts, by, cell.seed)})

    def _local(self, cell: Cell, parts: Parts, trained: Trained, where: str) -> Outcome:
        pairs = parts.groups["host_pair"]
        local = (
            by_groups(parts.test, pairs, LOCAL, LOCAL, seed=cell.seed)
            if where == "others"
            else earlier(parts.test, _turn(parts), LOCAL, LOCAL)
        )
        again = refitted(trained, parts, local.refit, copies=cell.options.get("copies", 1))
        figures: dict[str, float | None] = {}
        test = local.test
        families = parts.families(test)
        for stage, model, calibration, rate in (
            ("as trained", trained, trained.calibration, RATE),
            ("recalibrated", trained, calibrated_on(trained, local.recalibrate, RATE), RATE),
            ("refitted", again, calibrated_on(again, local.recalibrate, RATE), RATE),
            ("refitted, pooled", again, pooled(again, parts, local.recalibrate, POOLED), POOLED),
        ):
            alarm = alarms(model, test, calibration, rate)
            figures |= share(f"fpr {stage}", alarm[test.y == 0])
            recalls = [float(alarm[families == family].mean()) for family in np.unique(families[test.y != 0])]
            figures |= {f"recall {stage}, mean": fmean(recalls), f"recall {stage}, worst": min(recalls)}
        rows = {"train": len(parts.train), "local": len(local.recalibrate) + len(local.refit), "test": len(test)}
        return Outcome(figures=figures, rows=rows)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for table in (PAIRS, SOURCES):
            for row, figure in ranked(results, "macro_f1", table)[:1]:
                alarms, worst = (
                    results.figure(name, table=table, row=row) for name in ("fpr by pair, mean", "fpr by pair, worst")
                )
                said.append(
                    f"{table}: the best macro-F1 is {told(figure)}, of {row}, which calls {told(alarms, rate=True)} of "
                    f"a benign pair's vectors an attack in the mean and {told(worst, rate=True)} on the worst pair."
                )
        for table in (BLOCK, OTHERS):
            for row, recall in _at_a_site(results, table):
                rates = [told(results.figure(f"fpr {stage}", table=table, row=row), rate=True) for stage in STAGES]
                said.append(
                    f"{table}: {row} has a false-alarm rate of {rates[0]} as trained, {rates[1]} recalibrated, "
                    f"{rates[2]} refitted and {rates[3]} with a pooled threshold, where it catches {told(recall)} of a "
                    "family in the mean." + _by_split(results, table, row)
                )
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        order = ranked(results, "macro_f1", PAIRS)
        worst = results.figure("fpr by pair, worst", table=PAIRS, row=order[0][0]) if order else Figure(None)
        meaning = ""
        if worst.mean is not None:
            meaning = f"{order[0][0]} calls {told(worst, rate=True)} of its worst benign pair's flows an attack"
            for row, _ in _at_a_site(results, BLOCK):
                after = results.figure(f"fpr {STAGES[-1]}", table=BLOCK, row=row)
                meaning += f"; a site's own flows bring {row} to {told(after, rate=True)} over all pairs"
            meaning += "."
        return glance(table_of(results, PAIRS, SEEN), "macro_f1", meaning=meaning, where=PAIRS)


def _at_a_site(results: Results, table: str) -> list[tuple[str, Figure]]:
    """Return the row that a site would take, with its recall: what it catches less what it raises falsely is most."""

    def worth(item: tuple[str, Figure]) -> float:
        row, recall = item
        return (recall.mean or 0.0) - (results.figure(f"fpr {STAGES[-1]}", table=table, row=row).mean or 0.0)

    return sorted(ranked(results, "recall refitted, pooled, mean", table), key=worth, reverse=True)[:1]


def _by_split(results: Results, table: str, row: str) -> str:
    """Say what a row's pooled threshold did on the worst split, and on those that nothing was chosen on."""
    runs = [(run.cell.seed, run.outcome.figures) for run in results.of(table=table, row=row) if run.outcome]
    said = []
    for words, some in (
        ("On all splits", runs),
        (f"On splits after the first {CHOSEN_ON}", [run for run in runs if run[0] >= CHOSEN_ON]),
    ):
        rates = [figures["fpr refitted, pooled"] or 0.0 for _, figures in some]
        recalls = [figures["recall refitted, pooled, mean"] or 0.0 for _, figures in some]
        if len(some) > 1:
            said.append(
                f"{words} ({len(some)}): at most {told(Figure(max(rates)), rate=True)} false alarms, recall "
                f"{told(Figure(min(recalls)))} to {told(Figure(max(recalls)))}, mean {told(Figure(fmean(recalls)))}."
            )
    return "".join(f" {text}" for text in said)


def pooled(trained: Trained, parts: Parts, benign: Part, rate: float) -> Calibration:
    """Return a threshold for `rate` of benign flows that are half local and half from the calibration part.

    A few hundred local flows have three above a threshold for 1 %: which three is chance. More flows from elsewhere
    steady it.
    """
    known = parts.calibration.take(np.flatnonzero(parts.calibration.y == 0))
    times = max(round(len(known) / max(len(benign), 1)), 1)
    x, y = np.concatenate([known.x, *[benign.x] * times]), np.concatenate([known.y, *[benign.y] * times])
    return calibrate.fit(trained.model.predict_proba(x), y, rates=(rate,))


def _turn(parts: Parts) -> npt.NDArray[np.float64]:
    """Return when each test row comes if every host pair gives one row in turn, in the order of its rows.

    Shape:
        returns: [n]; n = len(parts.test).
    """
    groups = group_of(parts, parts.test, "host_pair")
    order = np.lexsort((parts.test.row, parts.test.y != 0, groups))
    _, begins = np.unique(groups[order], return_index=True)
    turn = np.empty(len(order))
    turn[order] = np.arange(len(order)) - np.repeat(begins, np.diff([*begins, len(order)]))
    return turn


def _by_pair(alarm: npt.NDArray[np.bool_], parts: Parts, by: str, seed: int) -> dict[str, float | None]:
    rates = false_alarms_by_group(alarm, parts, by)
    if not len(rates):
        return {}
    rng = np.random.default_rng(seed)
    drawn = [float(rng.choice(rates, len(rates)).mean()) for _ in range(1000)]
    low, high = measures.percentiles(drawn) or (None, None)
    return {
        "fpr by pair, mean": float(rates.mean()),
        "fpr by pair, mean_low": low,
        "fpr by pair, mean_high": high,
        "fpr by pair, worst": float(rates.max()),
        "benign pairs": float(len(rates)),
    }
