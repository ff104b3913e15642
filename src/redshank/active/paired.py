"""Two models on the same rows: how much one is better, and how sure that is.

In: true classes and the probabilities of two models for the same rows. Out: each one's figure, and differences on
resampled rows. The one idea: the same resampled rows count for both, so what is hard for both cancels out, and a small
gain is seen with few rows. Rows alike (class, what each model says) are one cell with a number, and a resample is a
draw of numbers: thousands cost milliseconds.
Source: paired bootstrap, Efron and Tibshirani, An Introduction to the Bootstrap, 1993. Where rows belong to groups
(devices, captures), whole groups are drawn: their rows are no independent witnesses.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.active.caps import Rows
from redshank.data.parts import OTHER_FAMILY
from redshank.detect.calibrate import attack_score
from redshank.learn import measures
from redshank.learn.measures import Doubles, Ranking
from redshank.learn.model import Classes, Floats

FPR = "fpr"
BLOCK = 4_000_000  # resampled numbers held at once
RATE = 0.01


def _macro_f1(right: Doubles, support: Doubles, called: Doubles) -> Doubles:
    f1 = 2 * right / np.maximum(support + called, 1e-300)
    there = support > 0
    mean: Doubles = (f1 * there).sum(1) / np.maximum(there.sum(1), 1)
    return mean


def _balanced_accuracy(right: Doubles, support: Doubles, called: Doubles) -> Doubles:
    del called
    there = support > 0
    mean: Doubles = (right / np.maximum(support, 1e-300)).sum(1) / np.maximum(there.sum(1), 1)
    return mean


def _accuracy(right: Doubles, support: Doubles, called: Doubles) -> Doubles:
    del called
    share: Doubles = right.sum(1) / np.maximum(support.sum(1), 1e-300)
    return share


def _recall_at_rate(hits: Doubles, alarms: Doubles) -> float | None:
    """Return the recall at a false-alarm rate of 1 %, the threshold read off the rows that it is judged on."""
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return None
    at = int(np.searchsorted(alarms, RATE * alarms[-1], side="right")) - 1
    return float(hits[at] / hits[-1]) if at >= 0 else 0.0


COUNTED: Mapping[str, Callable[[Doubles, Doubles, Doubles], Doubles]] = {
    "macro_f1": _macro_f1,
    "balanced_accuracy": _balanced_accuracy,
    "accuracy": _accuracy,
}
"""Metrics of the likeliest class, from rightly called, true and called rows per class."""
RANKED: Mapping[str, Callable[[Doubles, Doubles], float | None]] = {
    "roc_auc": measures.roc_auc,
    f"recall_at_{RATE}": _recall_at_rate,
}
"""Metrics of the attack score, from `Ranking.steps`."""
METRICS = (*COUNTED, *RANKED)


@dataclass(frozen=True)
class Said:
    """What one model says of the rows.

    Args:
        predicted: The likeliest class. [n]
        score: The attack score. [n]
        alarm: Whether an alarm is raised. [n]
    """

    predicted: Classes
    score: Doubles
    alarm: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, probabilities: Floats, alarm_at: float | None = None) -> "Said":
        """Read probabilities.

        Args:
            probabilities: Of the classes, benign first; calibrated if there is a threshold.
            alarm_at: Attack score from which on there is an alarm; if absent, where benign is not the likeliest class.

        Raises:
            ValueError: If one is no number.
        """
        if not np.isfinite(probabilities).all():
            row = int(np.argmin(np.isfinite(probabilities).all(axis=1)))
            raise ValueError(f"row {row}: a model says {probabilities[row].tolist()}, which are no probabilities")
        predicted = probabilities.argmax(axis=1).astype(np.int64)
        score = attack_score(probabilities)
        return cls(predicted, score, predicted != 0 if alarm_at is None else score >= alarm_at)


class Pair:
    """Two models on the same rows.

    Args:
        y: True classes; `OTHER_FAMILY` is an attack that no class stands for.
        champion, challenger: What they say.
        classes: Number of classes.
        stratum: Rows are resampled among those of the same number; all are alike if absent. [n]
        group: Rows of the same number are drawn together; each row by itself if absent. [n]
    """

    def __init__(
        self,
        y: Classes,
        champion: Said,
        challenger: Said,
        classes: int,
        *,
        stratum: Rows | None = None,
        group: Rows | None = None,
    ) -> None:
        self._y, self._both, self._k = y, (champion, challenger), classes
        self._stratum = np.zeros(len(y), np.int64) if stratum is None else stratum
        self._group = group

    def values(self, metric: str) -> tuple[float | None, float | None]:
        """Return the figure of champion and challenger; None if it cannot be known."""
        cells = self._cells(metric)
        once = cells.count[None].astype(np.float64)
        champion, challenger = (self._figure(metric, cells, which, once)[0] for which in (0, 1))
        return champion, challenger

    def differences(self, metric: str, resamples: int, seed: int) -> Doubles:
        """Return challenger less champion on resampled rows; those that have no such figure are left out.

        Args:
            metric: One of METRICS, or FPR.
            resamples: How many.
            seed: Of the draws; the same seed draws the same rows for one metric.

        Shape:
            returns: [b] float64; b at most `resamples`.
        """
        cells = self._cells(metric)
        found = []
        for weight in cells.draws(resamples, np.random.default_rng(seed)):
            old, new = (self._figure(metric, cells, which, weight) for which in (0, 1))
            found += [b - a for a, b in zip(old, new, strict=True) if a is not None and b is not None]
        return np.array(found, dtype=np.float64)

    def _cells(self, metric: str) -> "_Cells":
        """Put rows together that count alike for this metric."""
        unit = self._stratum if self._group is None else self._group
        keys = [self._stratum, unit, self._y]
        if metric in RANKED:
            keys.append(np.arange(len(self._y)))
        elif metric == FPR:
            keys += [said.alarm.astype(np.int64) for said in self._both]
        else:
            keys += [said.predicted for said in self._both]
        table, first, count = np.unique(np.column_stack(keys), axis=0, return_index=True, return_counts=True)
        return _Cells(first, count, table[:, 0], None if self._group is None else table[:, 1])

    def _figure(self, metric: str, cells: "_Cells", which: int, weight: Doubles) -> list[float | None]:
        """Return a figure of one model for each way of weighing the cells.

        Shape:
            weight: [b, m].
        """
        said, y = self._both[which], self._y[cells.first]
        if metric in RANKED:
            ranking = Ranking.of(y != 0, said.score[cells.first])
            return [RANKED[metric](*ranking.steps(one)) for one in weight]
        if metric == FPR:
            benign, alarm = weight[:, y == 0], said.alarm[cells.first][y == 0]
            return [measures.ratio(a, b) for a, b in zip(benign @ alarm, benign.sum(1), strict=True)]
        known, predicted = y != OTHER_FAMILY, said.predicted[cells.first]
        one = np.eye(self._k)
        right = one[y] * (known & (y == predicted))[:, None]
        support, called = one[y] * known[:, None], one[predicted] * known[:, None]
        counts = weight @ support
        values = COUNTED[metric](weight @ right, counts, weight @ called)
        return [float(v) if n > 0 else None for v, n in zip(values, counts.sum(1), strict=True)]


@dataclass(frozen=True)
class _Cells:
    """Rows that count alike: one of them, how many they are, and what they are drawn with."""

    first: Rows
    count: Rows
    stratum: Rows
    group: Rows | None

    def draws(self, resamples: int, rng: np.random.Generator) -> Iterator[Doubles]:
        """Give weights of the cells, some resamples at a time.

        Shape:
            each: [b, m].
        """
        step = max(BLOCK // max(len(self.count), 1), 1)
        for begin in range(0, resamples, step):
            size = min(step, resamples - begin)
            weight = np.empty((size, len(self.count)))
            for one in np.unique(self.stratum):
                here = self.stratum == one
                weight[:, here] = self._drawn(here, size, rng)
            yield weight

    def _drawn(self, here: npt.NDArray[np.bool_], size: int, rng: np.random.Generator) -> Doubles:
        count = self.count[here]
        if self.group is None:
            drawn: Doubles = rng.multinomial(count.sum(), count / count.sum(), size=size).astype(np.float64)
            return drawn
        names, place = np.unique(self.group[here], return_inverse=True)
        whole = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=size)
        weighed: Doubles = (whole[:, place] * count).astype(np.float64)
        return weighed
