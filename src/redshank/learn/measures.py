"""The measures of a classifier, from counts and from ranked scores.

In: a confusion matrix, or scores with who is an attack, each row with a weight. Out: plain floats. What would divide by
zero is None: a measure that cannot be known is never 0 and never a warning. Everything takes weights, so that the same
code serves each vector once, each row of the dataset once, and a bootstrap resample.
Source: Powers, "Evaluation: from precision, recall and F-measure to ROC", 2011; Gorodkin, Comput. Biol. Chem. 28, 2004
(correlation over k classes); Clopper and Pearson, Biometrika 26, 1934; Naeini et al., AAAI 2015 (calibration error).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Doubles = npt.NDArray[np.float64]

LEVEL = 0.95
"""Confidence level of every interval."""


def ratio(above: float, below: float) -> float | None:
    """Divide; None if there is nothing to divide by.

    Example:
        >>> ratio(1, 4), ratio(1, 0)
        (0.25, None)
    """
    return float(above / below) if below > 0 else None


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told from all others.

    Args:
        name: The class.
        support: Rows that truly are of this class (their weight).
        precision: Of what was called this class, the share that is.
        recall: Of what is this class, the share that was called so.
        specificity: Of what is not this class, the share that was not called so.
        f1: Harmonic mean of precision and recall.
    """

    name: str
    support: float
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None


def confusion(y: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], weight: Doubles, k: int) -> Doubles:
    """Count rows by true and predicted class.

    Shape:
        y, predicted, weight: [n]; returns: [k, k], row = true class, column = predicted class.
    """
    counts = np.bincount(y * k + predicted, weights=weight, minlength=k * k)
    return counts.astype(np.float64).reshape(k, k)


def per_class(matrix: Doubles, classes: Sequence[str]) -> tuple[ClassFigures, ...]:
    """Read the figures of each class off a confusion matrix.

    Shape:
        matrix: [k, k]; k = len(classes).
    """
    total = float(matrix.sum())
    found = []
    for i, name in enumerate(classes):
        hit, support, called = float(matrix[i, i]), float(matrix[i].sum()), float(matrix[:, i].sum())
        others = total - support
        found.append(
            ClassFigures(
                name,
                support,
                precision=ratio(hit, called),
                recall=ratio(hit, support),
                specificity=ratio(others - (called - hit), others),
                f1=ratio(2 * hit, support + called),
            )
        )
    return tuple(found)


def accuracy(matrix: Doubles) -> float | None:
    """Return the share of rows on the diagonal."""
    return ratio(float(np.trace(matrix)), float(matrix.sum()))


def macro_f1(matrix: Doubles) -> float | None:
    """Return the mean F1 over the classes that occur; a class without rows has no F1 to be right about."""
    support, called = matrix.sum(1), matrix.sum(0)
    there = support > 0
    return float(np.mean((2 * np.diag(matrix) / np.where(there, support + called, 1))[there])) if there.any() else None


def balanced_accuracy(matrix: Doubles) -> float | None:
    """Return the mean recall over the classes that occur."""
    support = matrix.sum(1)
    there = support > 0
    return float(np.mean(np.diag(matrix)[there] / support[there])) if there.any() else None


def mcc(matrix: Doubles) -> float | None:
    """Return the Matthews correlation over k classes: 1 perfect, 0 no better than a constant.

    None when only one class occurs or only one is ever predicted: the correlation with a constant does not exist.
    """
    total, right = float(matrix.sum()), float(np.trace(matrix))
    true, called = matrix.sum(1), matrix.sum(0)
    spread = (total**2 - float(called @ called)) * (total**2 - float(true @ true))
    return (right * total - float(true @ called)) / math.sqrt(spread) if spread > 0 else None


@dataclass(frozen=True)
class Ranking:
    """Rows ranked by attack score, highest first, ready to be weighed any number of times.

    Args:
        order: The rows, highest score first. [n]
        last: Where each run of equal scores ends in `order`. [m]
        attack: Whether each row is an attack, in ranked order. [n]
    """

    order: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]
    attack: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, attack: npt.NDArray[np.bool_], scores: Doubles) -> "Ranking":
        """Rank `scores`; equal scores stay one step of every curve."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        return cls(order, np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], len(ranked) > 0]), attack[order])

    def steps(self, weight: Doubles) -> tuple[Doubles, Doubles]:
        """Return how much attack and how much benign weight lies at or above each distinct score.

        Shape:
            weight: [n]; returns: [m], [m], rising.
        """
        ranked = weight[self.order]
        hits, alarms = np.cumsum(ranked * self.attack), np.cumsum(ranked * ~self.attack)
        return hits[self.last], alarms[self.last]


def roc_auc(hits: Doubles, alarms: Doubles) -> float | None:
    """Return the area under recall over false-alarm rate, from `Ranking.steps`."""
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return None
    area = np.trapezoid(_from_zero(hits), _from_zero(alarms))
    return float(area / (hits[-1] * alarms[-1]))


def pr_auc(hits: Doubles, alarms: Doubles) -> float | None:
    """Return the average precision (step-wise area under precision over recall), from `Ranking.steps`."""
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return None
    flagged = hits + alarms
    precision = np.divide(hits, flagged, out=np.ones_like(hits), where=flagged > 0)
    return float(np.sum(np.diff(_from_zero(hits)) * precision) / hits[-1])


def fpr_at_recall(hits: Doubles, alarms: Doubles, recall: float) -> float | None:
    """Return the least false-alarm rate of a threshold that finds the share `recall` of attacks, from `Ranking.steps`.

    The threshold is read off the rows that it is judged on: it says what the scores could do, not what they will.

    Example:
        >>> ranking = Ranking.of(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1]))
        >>> [fpr_at_recall(*ranking.steps(np.ones(4)), recall) for recall in (0.5, 0.99)]
        [0.0, 0.5]
    """
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return None
    return float(alarms[np.searchsorted(hits, recall * hits[-1])] / alarms[-1])


def clopper_pearson(count: int, rows: int) -> tuple[float, float] | None:
    """Return the exact 95 % interval of a share of which `count` of `rows` were seen; None without rows.

    Example:
        >>> low, high = clopper_pearson(0, 300)
        >>> low, round(high, 4)
        (0.0, 0.0122)
    """
    if rows == 0:
        return None
    tail = (1 - LEVEL) / 2
    low = float(stats.beta.ppf(tail, count, rows - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(1 - tail, count + 1, rows - count)) if count < rows else 1.0
    return low, high


@dataclass(frozen=True)
class Bin:
    """Some rows of similar score: what was promised, and what came.

    Args:
        score: Their mean calibrated attack score.
        attacks: The share of them that are attacks.
        rows: Their weight.
    """

    score: float
    attacks: float
    rows: float


def reliability(attack: npt.NDArray[np.bool_], scores: Doubles, weight: Doubles, bins: int = 15) -> tuple[Bin, ...]:
    """Sort rows by score into bins of equal mass.

    Equal scores always share a bin, so the result does not depend on the order of the rows, and a model with few
    distinct scores fills fewer bins.
    """
    if not weight.sum() > 0:
        return ()
    values, place = np.unique(scores, return_inverse=True)
    mass = np.bincount(place, weights=weight, minlength=len(values))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    home = np.minimum((middle * bins).astype(np.int64), bins - 1)[place]
    rows = np.bincount(home, weights=weight, minlength=bins)
    promised = np.bincount(home, weights=weight * scores, minlength=bins)
    came = np.bincount(home, weights=weight * attack, minlength=bins)
    return tuple(
        Bin(float(promised[i] / rows[i]), float(came[i] / rows[i]), float(rows[i])) for i in np.flatnonzero(rows > 0)
    )


def calibration_error(found: Sequence[Bin]) -> float | None:
    """Return the mean distance between promise and outcome over bins, weighted by their rows."""
    return ratio(sum(b.rows * abs(b.attacks - b.score) for b in found), sum(b.rows for b in found))


def brier(attack: npt.NDArray[np.bool_], scores: Doubles, weight: Doubles) -> float | None:
    """Return the mean squared distance of the attack score from what was true: 0 perfect, 1 always wrong."""
    return ratio(float(weight @ (scores - attack) ** 2), float(weight.sum()))


def bayes_precision(recall: float | None, fpr: float | None, base_rate: float) -> float | None:
    """Return the share of alarms that are attacks where attacks are as rare as `base_rate`.

    Example:
        >>> round(bayes_precision(0.99, 0.01, 0.001), 3)
        0.09
    """
    if recall is None or fpr is None:
        return None
    return ratio(recall * base_rate, recall * base_rate + fpr * (1 - base_rate))


def t_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % interval of the mean of a few runs (Student's t); None below two.

    Example:
        >>> [round(v, 3) for v in t_interval([0.9, 0.92, 0.94])]
        [0.87, 0.97]
    """
    n = len(values)
    if n < 2:
        return None
    middle = math.fsum(values) / n
    spread = math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (n - 1) / n)
    reach = spread * float(stats.t.ppf((1 + LEVEL) / 2, n - 1))
    return middle - reach, middle + reach


def percentiles(values: Sequence[Any]) -> tuple[float, float] | None:
    """Return the 95 % interval of bootstrap values; None if any is unknown."""
    if not values or any(v is None for v in values):
        return None
    low, high = np.quantile(np.asarray(values, dtype=np.float64), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _from_zero(values: Doubles) -> Doubles:
    """Put a 0 in front; `np.r_` does so too, in ten times the time, and a bootstrap asks for it thousands of times."""
    found = np.empty(len(values) + 1)
    found[0], found[1:] = 0.0, values
    return found
