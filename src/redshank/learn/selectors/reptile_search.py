"""Reptile search: a swarm of subsets that encircles and hunts the best one.

In: features and classes. Out: the subset with the least weighed sum of error on held-out rows and share of features.
The one idea: a reptile is a point in the unit cube, a coordinate above one half means the feature is taken. In four
quarters of the time the swarm walks high around the best point, walks on its belly, hunts together, and hunts in
cooperation; steps shrink as time runs out.
Source: Abualigah et al., "Reptile Search Algorithm (RSA)", Expert Systems with Applications 191, 2022, equations 4 to
10. We differ: a reptile only moves where the new place is better, and the swarm begins with one that takes everything.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.learn.model import Classes, Floats
from redshank.learn.selector import Mask, Selector, Trial

ALPHA, BETA = 0.1, 0.005  # of the paper: how sensitive exploration is, and how far it reaches
TINY = 1e-9
FEATURE_PRICE = 0.05  # weight of the share of features beside the error; of feature selection with the algorithm

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReptileSearch(Selector):
    """A swarm.

    Args:
        reptiles: Points in the swarm, 2 or more.
        rounds: Moves of each, 1 or more; `reptiles * (rounds + 1)` subsets are judged at most.
    """

    reptiles: int = 10
    rounds: int = 15

    def select(self, x: Floats, y: Classes, seed: int) -> Mask:
        """Let the swarm search."""
        rng, trial, width = np.random.default_rng(seed), Trial(x, y, seed), x.shape[1]
        points = rng.random((self.reptiles, width))
        points[0] = 1.0
        prices = np.array([_price(trial, point) for point in points])
        for round_ in range(1, self.rounds + 1):
            best = points[prices.argmin()].copy()
            sense = 2 * rng.choice([-1, 1]) * (1 - round_ / self.rounds)  # equation 6, shrinking to 0
            for i in range(self.reptiles):
                moved = np.clip(self._move(points, i, best, round_, sense, rng), 0, 1)
                price = _price(trial, moved)
                if price < prices[i]:
                    points[i], prices[i] = moved, price
        return _taken(points[prices.argmin()])

    def _move(
        self, points: Points, i: int, best: Points, round_: int, sense: float, rng: np.random.Generator
    ) -> Points:
        other = points[rng.integers(len(points))]
        r = rng.random(points.shape[1])
        difference = ALPHA + (points[i] - points[i].mean()) / (best + TINY)  # equation 7
        hunt = best * difference  # equation 5
        quarter = 4 * round_ / self.rounds
        if quarter <= 1:
            moved: Points = best - hunt * BETA - (best - other) / (best + TINY) * r
        elif quarter <= 2:
            moved = best * other * sense * r
        elif quarter <= 3:
            moved = best * difference * r
        else:
            moved = best - hunt * TINY - (best - other) / (best + TINY) * r
        return moved


def _taken(point: Points) -> Mask:
    """Return which features a point takes; the likeliest one if none."""
    taken: Mask = point > 0.5
    if not taken.any():
        taken[point.argmax()] = True
    return taken


def _price(trial: Trial, point: Points) -> float:
    taken = _taken(point)
    return trial.error(tuple(np.flatnonzero(taken).tolist())) + FEATURE_PRICE * float(taken.mean())
