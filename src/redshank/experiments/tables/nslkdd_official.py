"""NSL-KDD's own split, with the rule and the models fixed in writing before Test+ is opened.

Test+ has 17 attacks that Train+ has not, which is why thresholds set on Train+ raise more false alarms there and miss
more. Others have looked at Test+ before, and so did baselines of this project: that is told, and the rule below was
chosen from what those looks had already made known (that a threshold's false-alarm rate about doubles on Test+, and
that a model of benign traffic catches attacks that a classifier misses), not from running it on Test+.

The rule. Train+ is split by vector; its held-out parts set thresholds. An alarm is raised if either of two says so: a
random forest in which a rare kind of attack weighs more (each kind by the root of how often it occurs), or the distance
to the nearest of 4,096 benign rows. The thresholds aim at 2 % and 1 % of the benign calibration rows of Train+.
Families: where there is an alarm, the likeliest attack family of a second forest trained on five classes; else benign.
It was chosen on Train+ by leaving out kinds of attacks, see docs/decisions/0021.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from redshank.core.schema import BENIGN
from redshank.data.dataset import Labelled
from redshank.data.parts import Parts
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.glance import LOOKUP, TREES, Glance, Named
from redshank.experiments.groups import each_row
from redshank.experiments.measure import Data, alarms, calibrated_on, share, train_and_judge
from redshank.experiments.wording import told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn import measures
from redshank.learn.compare import Figure
from redshank.learn.train import fit

BINARY, FIVE = "Benign or attack", "Five classes"
GATE, NOVELTY = "random_forest", "knn_distance"
SETTINGS: dict[str, dict[str, Any]] = {GATE: {"leaf_rows": 2}, NOVELTY: {"kept": 4096}}
AIMS = {GATE: 0.02, NOVELTY: 0.01}
"""Share of benign calibration rows above the threshold of each."""
RULE = "the rule"
MODELS: dict[str, dict[str, Any]] = {
    "bilstm": BUDGET,
    "fnn": BUDGET,
    "random_forest": {},
    **{name: {} for name in BESIDE},
}


class NslkddOfficial(Experiment):
    """Test+, once, with a rule that was written down before."""

    title: ClassVar[str] = "NSL-KDD, the authors' own split"
    what: ClassVar[str] = "How well a rule that was fixed on Train+ alone does on Test+ and its unknown attacks."
    asks: ClassVar[str] = "Does a rule that was fixed on Train+ hold on Test+?"
    columns: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "recall", "fpr", "roc_auc")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            f"The rule, fixed in writing before Test+ was opened: an alarm if {GATE} (rare kinds of attacks weigh "
            f"more) or {NOVELTY} is above its threshold, set at {AIMS[GATE]:.0%} and {AIMS[NOVELTY]:.0%} of the benign "
            "calibration rows of Train+. Others have looked at Test+ before, and the choice builds on what that made "
            "known. The other rows decide for the likeliest class."
        ),
        (
            "An earlier rule (boosted trees or autoencoders, each at 1.25 %) met Test+ once, with one seed: accuracy "
            "0.864 at 8.2 % false alarms. This one was written down before that was known to its author."
        ),
        "All rows of Test+ are counted as they are, repeats of training vectors included, as in published figures.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for table, task in ((BINARY, "binary"), (FIVE, "family")):
            shared: dict[str, Any] = {"protocol": "official", "task": task, "table": table}
            made.append(Cell("nsl_kdd", GATE, options={"aims": AIMS}, row=RULE, **shared))
            made += [Cell("nsl_kdd", name, settings=settings, row=name, **shared) for name, settings in MODELS.items()]
        return grid(seeds, made)

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Judge a model as usual, or the rule."""
        if "aims" not in cell.options:
            found = train_and_judge(cell, data)
            by_row = {name: found.figures[f"{name} of rows"] for name in ("accuracy", "macro_f1", "recall", "fpr")}
            # The exact interval of a rate is over vectors, which are independent; of rows there is none.
            return replace(found, figures={**found.figures, **by_row, "fpr_low": None, "fpr_high": None})
        labelled = data.labelled(cell.dataset)
        binary = data.parts(replace(cell, task="binary"))
        weight = rare_kinds(labelled, binary)
        raised = np.zeros(len(binary.test), dtype=bool)
        for name, aim in cell.options["aims"].items():
            trained = fit(binary, name, settings=SETTINGS.get(name), seed=cell.seed, weight=weight)
            raised |= alarms(trained, binary.test, calibrated_on(trained, binary.calibration, aim), aim)
        rows, alarm = each_row(binary.test, raised)
        attack = labelled.family[rows] != BENIGN
        figures = {**share("recall", alarm[attack]), **share("fpr", alarm[~attack])}
        classes, predicted, truth = binary.classes, alarm.astype(np.int64), attack.astype(np.int64)
        if cell.task == "family":
            parts = data.parts(cell)
            weight = rare_kinds(labelled, parts)
            family = fit(parts, cell.model, settings=SETTINGS.get(cell.model), seed=cell.seed, weight=weight)
            likeliest = family.model.predict_proba(parts.test.x)[:, 1:].argmax(axis=1) + 1
            classes, number = parts.classes, {name: at for at, name in enumerate(parts.classes)}
            answer = dict(zip(*(values.tolist() for values in each_row(parts.test, likeliest)), strict=True))
            predicted = np.array(
                [answer[row] if raises else 0 for row, raises in zip(rows.tolist(), alarm, strict=True)]
            )
            truth = np.array([number[name] for name in labelled.family[rows]])
        matrix = measures.confusion(truth, predicted, np.ones(len(rows)), len(classes))
        figures |= {"accuracy": measures.accuracy(matrix), "macro_f1": measures.macro_f1(matrix)}
        return Outcome(figures, rows={"train": len(binary.train), "test": len(rows)})

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        accuracy, fpr = (results.figure(name, table=BINARY, row=RULE) for name in ("accuracy", "fpr"))
        if accuracy.mean is None:
            return []
        beside = [(name, results.figure("accuracy", table=BINARY, row=name)) for name in (GATE, TREES, LOOKUP)]
        known = [f"{name} {told(figure)}" for name, figure in beside if figure.mean is not None]
        text = f"The rule reaches an accuracy of {told(accuracy)} on Test+ at a false-alarm rate of "
        text += f"{told(fpr, rate=True)}."
        said = [text + (f" Deciding for the likeliest class gives {', '.join(known)}." if known else "")]
        five = results.figure("accuracy", table=FIVE, row=RULE)
        if five.mean is not None:
            macro = results.figure("macro_f1", table=FIVE, row=RULE)
            said.append(f"Over five classes its accuracy is {told(five)} and its macro-F1 {told(macro)}.")
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        accuracy, fpr = (results.figure(name, table=BINARY, row=RULE) for name in ("accuracy", "fpr"))
        trees, lookup = (results.figure("accuracy", table=BINARY, row=name) for name in (TREES, LOOKUP))
        if accuracy.mean is None:
            return None
        aim = told(Figure(sum(AIMS.values())), rate=True)
        meaning = (
            f"Thresholds that aim at {aim} false alarms at most give {told(fpr, rate=True)}: Test+ is other traffic."
        )
        return Glance("accuracy", Named(RULE, accuracy), trees, lookup, meaning, BINARY)


def rare_kinds(labelled: Labelled, parts: Parts) -> npt.NDArray[np.float32]:
    """Weigh each attack of the training part by one over the root of how often its kind occurs there.

    Attacks weigh 1 in the mean, benign rows 1 each. Where the dataset has no kinds, families are the kinds.

    Shape:
        returns: [n]; n = len(parts.train).
    """
    kinds = (labelled.family if labelled.kind is None else labelled.kind)[parts.train.row]
    attack = parts.train.y != 0
    weight = np.ones(len(kinds), dtype=np.float32)
    _, number, count = np.unique(kinds[attack], return_inverse=True, return_counts=True)
    root = 1 / np.sqrt(count[number])
    weight[attack] = root / root.mean() if len(root) else root
    return weight
