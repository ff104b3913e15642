"""Learning curves of one strategy over several seeds, as one line with a band.

In: rounds of the loop, one tuple per seed. Out: points: labels asked for, mean score and its range.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redshank.active.loop import Round


@dataclass(frozen=True)
class Point:
    """A strategy at one number of labels.

    Args:
        labels: Answers given.
        mean, low, high: Macro-F1 on the test part: mean over seeds, lowest and highest.
        families: Mean number of families among the labels.
    """

    labels: int
    mean: float
    low: float
    high: float
    families: float


def average(curves: Sequence[Sequence[Round]]) -> list[Point]:
    """Average curves over their seeds; all must have the same numbers of labels.

    Raises:
        ValueError: If the curves differ in length.

    Example:
        >>> rounds = [Round(10, 10, True, 0.5, score, 0.5, 2) for score in (0.4, 0.6)]
        >>> average([rounds[:1], rounds[1:]])
        [Point(labels=10, mean=0.5, low=0.4, high=0.6, families=2.0)]
    """
    averaged = []
    for rounds in zip(*curves, strict=True):
        scores = [point.test_macro_f1 for point in rounds]
        families = float(np.mean([point.families for point in rounds]))
        averaged.append(Point(rounds[0].asked, float(np.mean(scores)), min(scores), max(scores), families))
    return averaged
