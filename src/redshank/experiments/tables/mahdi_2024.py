"""Mahdi and Khadhim: a BiLSTM, and a BiLSTM with active learning, on one test set.

The study reports both on test sets of different size, so its gain does not compare like with like. Here both are judged
on the same rows, beside boosted trees, a lookup table and the constant.
Source: Mahdi and Khadhim's study of a BiLSTM with active learning on ToN_IoT's network table.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from redshank.active.loop import Plan, learn_actively
from redshank.active.strategy import STRATEGIES
from redshank.detect import calibrate
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid, table_of
from redshank.experiments.glance import Glance, ahead, glance
from redshank.experiments.measure import Data, outcome, train_and_judge
from redshank.experiments.wording import told
from redshank.learn.compare import Figure
from redshank.learn.model import MODELS
from redshank.learn.settings import preset
from redshank.learn.train import Trained

PUBLISHED = {"BiLSTM": 0.9896, "BiLSTM + active learning": 0.9940}
"""Accuracies that the study reports."""
PUBLISHED_ROWS = 461_043
RECIPE = preset("bilstm", "paper")
INITIAL, STEP, ROUNDS = 0.1, 0.1, 2
"""Of the pool: the initial set, and what each round asks for. The study does not say how large its sets were."""
ALL, NAMELESS = "All columns, as published", "The same without addresses and ports"


class Mahdi2024(Experiment):
    """Both rows of the study on one test set."""

    title: ClassVar[str] = "BiLSTM with active learning (Mahdi and Khadhim)"
    what: ClassVar[str] = "The study's BiLSTM with and without active learning, both on the same test rows."
    asks: ClassVar[str] = "Does active learning improve the published BiLSTM?"
    columns: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "recall", "fpr", "roc_auc", "labels")
    best_first: ClassVar[bool] = False
    notes: ClassVar[tuple[str, ...]] = (
        (
            "The published recipe: three bidirectional LSTM layers of 128, 64 and 32 units, dropout 0.2, Adam, batches "
            "of 32, 10 epochs at most, early stopping with patience 3, label encoding and min-max on all rows, random "
            "80/20."
        ),
        (
            f"Active learning: {INITIAL:.0%} of the pool drawn at random, then {ROUNDS} rounds that ask for {STEP:.0%} "
            "of it each, the least confident first; each round trains anew and new weights are kept if validation "
            "accuracy rises. “Random questions” asks for as many rows without looking."
        ),
        "`labels` is how many training labels a row has used; validation labels, a cost too, are the same for all.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for table, protocol, settings in (
            (ALL, "paper", {}),
            (NAMELESS, "ladder", {"rung": "ports"}),
        ):
            shared: dict[str, Any] = {"protocol": protocol, "protocol_settings": settings, "table": table}
            made.append(Cell("ton_iot", "bilstm", settings=RECIPE, row="BiLSTM", **shared))
            made += [
                Cell("ton_iot", "bilstm", settings=RECIPE, options={"strategy": strategy}, row=row, **shared)
                for strategy, row in (
                    ("least_confidence", "BiLSTM + active learning"),
                    ("random", "BiLSTM + random questions"),
                )
            ]
            made += [Cell("ton_iot", model, row=model, **shared) for model in BESIDE]
        return grid(seeds, made)

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Train once, or by asking."""
        parts = data.parts(cell)
        strategy = cell.options.get("strategy")
        if strategy is None:
            found = train_and_judge(cell, data)
            return replace(found, figures={**found.figures, "labels": float(len(parts.train))})
        pool = len(parts.train)
        plan = Plan(initial=round(INITIAL * pool), batch=round(STEP * pool), rounds=ROUNDS)
        model = MODELS.find(cell.model)(**cell.settings, seed=cell.seed)
        learned = learn_actively(parts, model, STRATEGIES.find(strategy)(), plan, seed=cell.seed)
        calibration = calibrate.fit(learned.model.predict_proba(parts.calibration.x), parts.calibration.y)
        trained = Trained(learned.model, cell.model, cell.seed, calibration, seconds=0.0)
        return outcome(trained, parts, cell.seed, labels=float(len(learned.labelled)))

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        plain, active = self._both(results)
        if plain.mean is None or active.mean is None:
            return []
        published = list(PUBLISHED.values())
        trees, lookup = (results.figure("accuracy", table=ALL, row=row) for row in ("lightgbm", "lookup"))
        said = [
            (
                f"The study reports an accuracy of {published[0]:.4f} without and {published[1]:.4f} with active "
                f"learning, on test sets of different size. On one test set they are {told(plain)} and {told(active)}: "
                f"{_gain(plain, active)}."
            ),
            (
                f"The columns name the attackers' addresses: boosted trees reach {told(trees)}, and a lookup table, "
                f"which only remembers, {told(lookup)}. The study had {PUBLISHED_ROWS:,} rows, two thirds of them "
                "benign; the release distributed now has another mix."
            ),
        ]
        return [*said, *self._nameless(results, "Without addresses and ports the same BiLSTM")]

    def worth(self, results: Results) -> list[str]:
        """See `Experiment.worth`."""
        plain, active = self._both(results)
        trees, lookup = (results.figure("accuracy", table=ALL, row=row) for row in ("lightgbm", "lookup"))
        said = []
        if None not in (plain.mean, active.mean, trees.mean, lookup.mean):
            said.append(
                f"Accuracies of {' and '.join(f'{value:.4f}' for value in PUBLISHED.values())} were published for a "
                f"BiLSTM on ToN_IoT without and with active learning; the recipe gives {told(plain)} and "
                f"{told(active)} here, boosted trees {told(trees)}, and a table that only remembers {told(lookup)}, "
                "because the columns name the attackers."
            )
        return said + self._nameless(results, "Without addresses and ports that BiLSTM")

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        plain, active = self._both(results)
        gain = _gain(plain, active)
        meaning = f"{gain[0].upper()}{gain[1:]}." if active.mean is not None else ""
        return glance(table_of(results, ALL, self.columns), "accuracy", meaning=meaning, where=ALL)

    def _both(self, results: Results) -> tuple[Figure, Figure]:
        """Return the accuracy without and with active learning."""
        plain, active = (results.figure("accuracy", table=ALL, row=row) for row in PUBLISHED)
        return plain, active

    def _nameless(self, results: Results, subject: str) -> list[str]:
        accuracy, alarms = (results.figure(name, table=NAMELESS, row="BiLSTM") for name in ("accuracy", "fpr"))
        trees = results.figure("fpr", table=NAMELESS, row="lightgbm")
        if accuracy.mean is None:
            return []
        return [
            (
                f"{subject} reaches {told(accuracy)} and raises a false alarm on {told(alarms, rate=True)} of the "
                f"benign rows, boosted trees on {told(trees, rate=True)}."
            )
        ]


def _gain(plain: Figure, active: Figure) -> str:
    """Say what active learning changes."""
    words = {
        1: "active learning is better than training on all labels, with fewer of them",
        0: "active learning reaches what all labels reach, with fewer of them, and does not beat it",
        -1: "active learning stays behind training on all labels",
    }
    return words[ahead(active, plain)]
