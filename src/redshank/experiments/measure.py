"""Measure one cell the usual way: train, calibrate, and evaluate on the test part.

In: a cell and `Data`, which reads datasets and makes partitions and keeps the last ones, because cells that lie next to
each other ask for the same. Out: an `Outcome`. Experiments that need more call the pieces.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.data.dataset import Labelled, read
from redshank.data.parts import PARTS, Part, Parts
from redshank.data.protocol import partition
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration, attack_score
from redshank.experiments.cell import Cell, Outcome
from redshank.learn import measures
from redshank.learn.compare import note_lines
from redshank.learn.evaluate import evaluate
from redshank.learn.evaluation import Evaluation
from redshank.learn.provenance import plain
from redshank.learn.train import Trained, fit

# Datasets kept in memory: a cell looks at two at most.
KEPT = 2
RECALL = 0.99
RESAMPLES = 200


class Data:
    """Datasets and partitions, each read and made once while it is asked for again.

    Args:
        reader: Reads a dataset by its full name.
    """

    def __init__(self, reader: Callable[[str], Labelled] = read) -> None:
        self._reader = reader
        self._labelled: dict[str, Labelled] = {}
        self._parts: dict[str, Parts] = {}

    def labelled(self, name: str) -> Labelled:
        """Return the dataset of that name."""
        if name not in self._labelled:
            found = self._reader(name)
            self._labelled = dict([*self._labelled.items(), (name, found)][-KEPT:])
        return self._labelled[name]

    def parts(self, cell: Cell, **settings: Any) -> Parts:  # noqa: ANN401  fields of a protocol
        """Return the partition that a cell asks for.

        Args:
            cell: The cell.
            settings: Fields of the protocol that are not in the cell.
        """
        asked = {**cell.protocol_settings, **settings}
        key = repr((cell.dataset, cell.protocol, sorted(asked.items()), cell.task, cell.feature_set, cell.seed))
        if key not in self._parts:
            made = partition(
                self.labelled(cell.dataset),
                protocol=cell.protocol,
                task=cell.task,
                seed=cell.seed,
                **({} if cell.feature_set is None else {"feature_set": cell.feature_set}),
                **asked,
            )
            self._parts = {key: made}
        return self._parts[key]


def train_and_judge(cell: Cell, data: Data) -> Outcome:
    """Train the cell's model and judge it on the test part."""
    parts = data.parts(cell)
    trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
    return outcome(trained, parts, cell.seed)


def outcome(trained: Trained, parts: Parts, seed: int, **figures: float | None) -> Outcome:
    """Judge a trained model on the test part.

    Args:
        trained: The model and its calibration.
        parts: What it was trained on.
        seed: Of resampling.
        figures: Further figures.
    """
    probabilities = trained.model.predict_proba(parts.test.x)
    found = evaluate(
        probabilities,
        parts.test,
        parts.classes,
        trained.calibration,
        families=parts.families(parts.test),
        grouping=parts.grouping,
        seed=seed,
    )
    at_recall = fpr_at_recall(attack_score(probabilities), parts.test.y != 0)
    return Outcome(
        figures={**figures_of(found), **at_recall, "training_s": trained.seconds, **figures},
        rows={name: len(getattr(parts, name)) for name in PARTS},
        notes=tuple(note_lines(plain(parts.notes))),
        classes=parts.classes,
        evaluation=found,
        curve=tuple(getattr(trained.model, "curve_", ())),
    )


def figures_of(evaluation: Evaluation) -> dict[str, float | None]:
    """Return the figures of an evaluation by name: "recall of mitm", and "macro_f1 of rows" where copies count."""
    found = dict(evaluation.vector.headline)
    found |= {f"{name} of rows": value for name, value in evaluation.row.headline.items()}
    for one in evaluation.vector.classes:
        found |= {f"recall of {one.name}": one.recall, f"f1 of {one.name}": one.f1}
    for decision in evaluation.vector.decisions:
        name = "fpr" if decision.rule == "argmax" else f"fpr_at_{decision.rule}"
        found |= {f"{name}_low": decision.fpr_low, f"{name}_high": decision.fpr_high}
    if evaluation.groups is not None:
        found |= {
            name: value for name, value in evaluation.groups.figures.items() if name.startswith(("group", "worst"))
        }
    return found


def calibrated_on(trained: Trained, part: Part, rate: float) -> Calibration:
    """Return a calibration whose only threshold aims at `rate` on the benign rows of a part."""
    return calibrate.fit(trained.model.predict_proba(part.x), part.y, rates=(rate,))


def alarms(trained: Trained, part: Part, calibration: Calibration, rate: float) -> npt.NDArray[np.bool_]:
    """Return which rows of a part raise an alarm at the threshold for `rate`.

    Shape:
        returns: [n] bool; n = len(part).
    """
    scores = attack_score(calibrate.calibrated(calibration, trained.model.predict_proba(part.x)))
    return scores >= calibration.thresholds[calibrate.rate_text(rate)]


def fpr_at_recall(scores: npt.NDArray[np.float64], attack: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    """Return the share of benign rows that score as high as the threshold that catches 99 % of the attacks.

    Shape:
        scores, attack: [n].
    """
    if attack.all() or not attack.any():
        return {}
    threshold = np.quantile(scores[attack], 1 - RECALL, method="lower")
    return share(f"fpr at recall {RECALL}", scores[~attack] >= threshold)


def auc(
    name: str,
    attack: npt.NDArray[np.bool_],
    scores: npt.NDArray[np.float64],
    seed: int,
) -> dict[str, float | None]:
    """Return the area under the ROC curve with a bootstrap interval over rows, as figures.

    Args:
        name: Name of the figure.
        attack: Which rows are attacks.
        scores: Higher is more of an attack.
        seed: Of the bootstrap.

    Shape:
        attack, scores: [n].

    Example:
        >>> auc("auc", np.array([False, True, True]), np.array([0.1, 0.3, 0.2]), seed=0)["auc"]
        1.0
    """
    ranking, rng, n = measures.Ranking.of(attack, scores), np.random.default_rng(seed), len(attack)
    drawn = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, n, n)
        drawn.append(measures.roc_auc(*ranking.steps(np.bincount(rows, minlength=n).astype(np.float64))))
    low, high = measures.percentiles([value for value in drawn if value is not None]) or (None, None)
    return {name: measures.roc_auc(*ranking.steps(np.ones(n))), f"{name}_low": low, f"{name}_high": high}


def share(name: str, hits: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    """Return the share of rows that are hits, with its Clopper-Pearson interval, as figures.

    Example:
        >>> [round(v, 2) for v in share("tpr", np.array([True, False])).values()]
        [0.5, 0.01, 0.99]
    """
    count, rows = int(hits.sum()), len(hits)
    low, high = measures.clopper_pearson(count, rows) or (None, None)
    return {name: measures.ratio(count, rows), f"{name}_low": low, f"{name}_high": high}
