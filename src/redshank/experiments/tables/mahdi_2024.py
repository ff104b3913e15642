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
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.measure import Data, outcome, train_and_judge
from redshank.experiments.wording import told
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
    columns: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "recall", "fpr", "roc_auc", "labels")
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
        plain, active = (results.figure("accuracy", table=ALL, row=row) for row in PUBLISHED)
        if plain.mean is None or active.mean is None:
            return []
        published = list(PUBLISHED.values())
        trees, lookup = (results.figure("accuracy", table=ALL, row=row) for row in ("lightgbm", "lookup"))
        nameless = results.figure("accuracy", table=NAMELESS, row="BiLSTM")
        alarms = results.figure("fpr", table=NAMELESS, row="BiLSTM")
        gain = (
            "active learning is ahead here too, with fewer labels; the intervals say how sure that is."
            if active.mean > plain.mean
            else "active learning comes close to what all labels reach, with fewer; it does not beat it."
        )
        said = []
        said.append(
            f"The study reports an accuracy of {published[0]:.4f} without and {published[1]:.4f} with active learning, "
            f"on test sets of different size. On one test set they are {told(plain)} and {told(active)}: {gain}"
        )
        said.append(
            "Our figures differ from the study's because the release distributed now has another mix: the study used "
            f"{PUBLISHED_ROWS:,} rows, two thirds of them benign. And neither says that a detector works, because the "
            f"columns name the attackers' addresses: boosted trees reach {told(trees)} and a lookup table, which only "
            f"remembers, {told(lookup)}."
        )
        if nameless.mean is not None:
            said.append(
                f"Without addresses and ports the same BiLSTM reaches {told(nameless)} and raises a false alarm on "
                f"{told(alarms, rate=True)} of the benign rows."
            )
        return said
