"""Attacks of a family that nobody has seen, on ToN_IoT: are they noticed at a false-alarm rate that a person can bear?

Each of the nine families is left out of everything but the test part in turn. The threshold comes from benign
calibration rows and aims below the rate that is promised, because what counts is the rate achieved.
"""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, ClassVar

import numpy as np

from redshank.core.schema import BENIGN
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, facts_of, grid
from redshank.experiments.glance import Glance, best_first, glance, lead
from redshank.experiments.groups import each_row
from redshank.experiments.measure import Data, alarms, calibrated_on, share
from redshank.experiments.wording import told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn.compare import Figure, over_seeds
from redshank.learn.table import Table, TableRow
from redshank.learn.train import fit

FAMILIES = ("backdoor", "ddos", "dos", "injection", "mitm", "password", "ransomware", "scanning", "xss")
AIM = 0.007
"""False-alarm rate that thresholds aim at; 1 % is what is promised."""
VECTORS, PAIRS = "Unseen families", "Unseen families, on unseen host pairs"
MODELS: dict[str, dict[str, Any]] = {
    "extra_trees": {},
    "extra_trees, balanced": {"leaf_rows": 3, "share": 0.5, "imbalance": "balanced"},
    "random_forest, balanced": {"leaf_rows": 3, "imbalance": "balanced"},
    "fnn": BUDGET,
    "autoencoder_ensemble": {},
    "isolation_forest": {},
    "knn_distance": {},
    **{name: {} for name in BESIDE},
}
"""Settings by row; a row is called as its model, and what it differs in behind a comma."""
ONCE = frozenset({"fnn", "autoencoder_ensemble"})
"""Run with the first seed and on the first table alone: they take long."""
OVER: dict[str, tuple[str, Callable[[list[float]], float]]] = {
    "mean TPR": ("TPR", fmean),
    "worst TPR": ("TPR", min),
    "fpr": ("fpr", fmean),
    "fpr, worst family": ("fpr", max),
    "mean TPR of rows": ("TPR of rows", fmean),
    "worst TPR of rows": ("TPR of rows", min),
    "fpr of rows": ("fpr of rows", fmean),
}
"""What a column is over the families of a seed: of which figure, and what of it."""


class ZeroDay(Experiment):
    """True-positive rate on each family that was left out, at the false-alarm rate achieved."""

    title: ClassVar[str] = "Attacks that nobody has seen"
    what: ClassVar[str] = "How many flows of an attack family raise an alarm when no model has seen that family."
    columns: ClassVar[tuple[str, ...]] = tuple(OVER)
    asks: ClassVar[str] = "Is an attack of an unseen family noticed?"
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        f"Thresholds aim at {AIM:.1%} on benign calibration rows, so that 1 % is kept; the rate achieved is shown.",
        (
            "The settings of the balanced rows, and that extra trees cut between quantiles, were chosen by five "
            "families (ddos, dos, mitm, password, xss) of seed 0 of the first table, which flatters it."
        ),
        "Each distinct vector counts once; “of rows” counts each row of the dataset, copies and all.",
        "The mean and the worst are over the nine families, then mean and interval over seeds.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        each = grid(
            seeds,
            [
                Cell(
                    "ton_iot",
                    row.partition(",")[0],
                    protocol="zero_day",
                    protocol_settings={"family": family, **grouped},
                    settings=settings,
                    options={"aim": AIM},
                    table=table,
                    row=row,
                )
                for table, grouped in ((VECTORS, {}), (PAIRS, {"by": "host_pair"}))
                for family in FAMILIES
                for row, settings in MODELS.items()
            ],
        )
        return [cell for cell in each if cell.model not in ONCE or (cell.seed == 0 and cell.table == VECTORS)]

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Train without the family, set the threshold on benign calibration rows, look at the family."""
        parts = data.parts(cell)
        trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
        aim = cell.options["aim"]
        alarm = alarms(trained, parts.test, calibrated_on(trained, parts.calibration, aim), aim)
        family = data.labelled(cell.dataset).family[parts.test.row]
        new = family == cell.protocol_settings["family"]
        known = ~new & (parts.test.y != 0)
        rows, alarm_of_row = each_row(parts.test, alarm)
        family_of_row = data.labelled(cell.dataset).family[rows]
        return Outcome(
            figures={
                "TPR of rows": float(alarm_of_row[family_of_row == cell.protocol_settings["family"]].mean()),
                "fpr of rows": float(alarm_of_row[family_of_row == BENIGN].mean()),
                **share("TPR", alarm[new]),
                **share("fpr", alarm[parts.test.y == 0]),
                **share("TPR of known families", alarm[known]),
            },
            rows={"train": len(parts.train), "test": len(parts.test), "family": int(np.count_nonzero(new))},
        )

    def published(self) -> tuple[str, ...]:
        """See `Experiment.published`."""
        return tuple(dict.fromkeys(figure for figure, _ in OVER.values()))

    def tables(self, results: Results) -> list[Table]:
        """Make a table over families, and one per family."""
        made = []
        for title in results.tables:
            rows = [self._over_families(results, title, model) for model in MODELS]
            known = best_first((row for row in rows if row.seeds), self.columns[0])
            made.append(Table(title, self.columns, known, facts_of(results, title)))
            each = tuple(
                TableRow(
                    family,
                    {
                        model: results.figure("TPR", table=title, row=model, protocol_settings=_settings(title, family))
                        for model in MODELS
                    },
                    seeds=len({run.cell.seed for run in results.of(table=title)}),
                )
                for family in FAMILIES
            )
            made.append(Table(f"{title}: TPR of each family", tuple(MODELS), each))
        return made

    def _over_families(self, results: Results, title: str, model: str) -> TableRow:
        mine = [run for run in results.of(table=title, row=model) if run.outcome is not None]
        seeds: dict[int, list[Outcome]] = {}
        for run in mine:
            assert run.outcome is not None
            seeds.setdefault(run.cell.seed, []).append(run.outcome)
        whole = [runs for runs in seeds.values() if len(runs) == len(FAMILIES)]
        values: dict[str, list[float | None]] = {name: [] for name in self.columns}
        for runs in whole:
            for name, (figure, fold) in OVER.items():
                known = [value for run in runs if (value := run.figures.get(figure)) is not None]
                values[name].append(fold(known) if known else None)
        figures = {
            name: Figure(found[0]) if len(found) == 1 else over_seeds(name, found) for name, found in values.items()
        }
        return TableRow(model, figures, len(whole), fmean(run.seconds for run in mine) if mine else None)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for table in self.tables(results):
            first = lead(table.rows, "mean TPR")
            if first is not None:
                said.append(
                    f"{table.title}: {first.name} catches {told(first.figures['mean TPR'])} of a family's flows in the "
                    f"mean and {told(first.figures['worst TPR'])} of the worst one's, at an achieved false-alarm rate "
                    f"of {told(first.figures['fpr'], rate=True)}."
                )
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        table = next(iter(self.tables(results)), None)
        first = None if table is None else lead(table.rows, "mean TPR")
        if table is None or first is None:
            return None
        meaning = (
            f"Mean over families left out, at {told(first.figures['fpr'], rate=True)} false alarms; {first.name} "
            f"catches {told(first.figures['worst TPR'])} of the worst family."
        )
        return glance(table, "mean TPR", meaning=meaning, where=table.title)


def _settings(title: str, family: str) -> dict[str, str]:
    return {"family": family, **({"by": "host_pair"} if title == PAIRS else {})}
