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
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid, table_of
from redshank.experiments.groups import false_alarms_by_group, group_of
from redshank.experiments.measure import Data, alarms, calibrated_on, outcome, share
from redshank.experiments.wording import ranked, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn import measures
from redshank.learn.local import refitted
from redshank.learn.table import Table
from redshank.learn.train import Trained, fit

PAIRS, SOURCES = "Ten families, unseen host pairs", "Ten families, unseen sources"
BINARY = "Benign or attack, unseen host pairs"
BLOCK, OTHERS = "What a site can do: its own earlier flows", "What a site can do: flows of its other pairs"
LOCAL = 300
RATE = 0.01
MODELS: dict[str, dict[str, Any]] = {
    "bilstm": BUDGET,
    "fnn": BUDGET,
    "random_forest": {},
    "extra_trees": {},
    **{name: {} for name in BESIDE},
}
ANY_STACK: dict[str, dict[str, Any]] = {
    "lightgbm, any TCP stack": {},
    "random_forest, any TCP stack": {},
    "extra_trees, any TCP stack": {},
    "random_forest, any TCP stack, balanced": {"leaf_rows": 3, "imbalance": "balanced"},
}
"""Settings of rows whose features leave out what names a host's TCP stack; a row begins with its model."""
COPIES = 3
"""How often these rows train with each local flow: a few hundred beside fifty thousand weigh little."""
SEEN = ("macro_f1", "accuracy", "roc_auc", "fpr", "fpr_at_0.01", "fpr by pair, mean", "fpr by pair, worst")
DONE = ("fpr as trained", "fpr recalibrated", "fpr refitted", "recall refitted, mean", "recall refitted, worst")


class GroupToniot(Experiment):
    """False alarms on unseen pairs of hosts, before and after a site calibrates."""

    title: ClassVar[str] = "Unseen devices on ToN_IoT"
    what: ClassVar[str] = (
        "What is left on pairs of hosts that no part of training has seen, pair by pair, and what a site's own benign "
        "flows make of it."
    )
    columns: ClassVar[tuple[str, ...]] = SEEN
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "“fpr by pair” looks at each benign pair by itself, then takes the mean or the worst; with one seed its "
            "interval is a bootstrap over pairs. The pooled rates weigh a pair by its distinct vectors."
        ),
        (
            f"What a site can do: {LOCAL} benign flows set the threshold anew (recalibrated) and {LOCAL} others are "
            "trained with as well (refitted). They are the first rows of the tested benign pairs, or all come from "
            "half of these pairs, and then only the other half is tested. Recall is the share of each family's "
            "vectors that raise an alarm; its mean and worst are over families."
        ),
        (
            "“any TCP stack”: features without the TCP options of packets with data, and each local flow trains "
            f"{COPIES} times. The features were chosen on validation and calibration rows of these splits. Balanced "
            "classes with three rows a leaf were chosen by unseen families, and by what flows of other pairs did on "
            "four of these splits, which therefore flatter that row."
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
        return grid(
            seeds,
            [
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
                    *((row, settings, None, {}) for row, settings in MODELS.items()),
                    *((row, settings, "conn_any_stack", {"copies": COPIES}) for row, settings in ANY_STACK.items()),
                )
            ],
        )

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
        local, test = _apart(parts, where, cell.seed)
        order = np.random.default_rng(cell.seed).permutation(len(local))
        few = min(LOCAL, len(local) // 2)
        for_threshold, for_training = (local.take(some) for some in (order[:few], order[few : 2 * few]))
        again = refitted(trained, parts, for_training, copies=cell.options.get("copies", 1))
        figures: dict[str, float | None] = {}
        families = parts.families(test)
        for name, model, calibration in (
            ("as trained", trained, trained.calibration),
            ("recalibrated", trained, calibrated_on(trained, for_threshold, RATE)),
            ("refitted", again, calibrated_on(again, for_threshold, RATE)),
        ):
            alarm = alarms(model, test, calibration, RATE)
            figures |= share(f"fpr {name}", alarm[test.y == 0])
            recalls = [float(alarm[families == family].mean()) for family in np.unique(families[test.y != 0])]
            figures |= {f"recall {name}, mean": fmean(recalls), f"recall {name}, worst": min(recalls)}
        return Outcome(
            figures=figures,
            rows={"train": len(parts.train), "local": len(local), "test": len(test)},
        )

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
            for row, recall in ranked(results, "recall refitted, mean", table)[:1]:
                rates = [told(results.figure(name, table=table, row=row), rate=True) for name in DONE[:3]]
                said.append(
                    f"{table}: {row} has a false-alarm rate of {rates[0]} as trained, {rates[1]} recalibrated and "
                    f"{rates[2]} refitted, and then catches {told(recall)} of a family in the mean."
                )
        return said


def _apart(parts: Parts, where: str, seed: int) -> tuple[Part, Part]:
    """Take local benign flows out of the test part, and what is still tested.

    Args:
        parts: Parts by host pair.
        where: "first": the first rows of each tested benign pair, one of each in turn. "others": half of these pairs.
        seed: Of the halves.
    """
    test, groups = parts.test, group_of(parts, parts.test, "host_pair")
    benign = np.flatnonzero(test.y == 0)
    if where == "others":
        pairs = np.random.default_rng(seed).permutation(np.unique(groups[benign]))
        local = benign[np.isin(groups[benign], pairs[: len(pairs) // 2])]
        return test.take(local), test.take(np.setdiff1d(np.arange(len(test)), local))
    order = benign[np.lexsort((test.row[benign], groups[benign]))]
    _, begins = np.unique(groups[order], return_index=True)
    turn = np.arange(len(order)) - np.repeat(begins, np.diff([*begins, len(order)]))
    local = order[np.argsort(turn, kind="stable")][: min(2 * LOCAL, len(benign) // 2)]
    return test.take(local), test.take(np.setdiff1d(np.arange(len(test)), local))


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
