"""Ask about the middles of balls that cover the most candidates which no label covers yet.

Source: Yehuda, Dekel, Hacohen, Weinshall, "Active Learning Through a Covering Lens", NeurIPS 2022 (ProbCover). We
differ: the radius at which 95 % of the balls are pure is read from distances between groups, without trying radii.
scikit-activeml's ProbCover holds the distances of all rows to all.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.spread import groups, nearest, sample, squared_distances
from redshank.active.strategy import Pool, Strategy

BALLS = 4_000  # candidates that are middles, and are covered; their table has 16 MB
IMPURE = 0.05


class Coverage(Strategy):
    """Balls that cover the most first; at random once all is covered."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities", "points")

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the middles of the best balls; see `Strategy.query`."""
        at = sample(len(pool), max(BALLS, size), seed)
        points = pool.points[at[:BALLS]]
        reach = _reach(points, pool.probabilities.shape[1], seed)
        within = np.concatenate([block <= reach for block in squared_distances(points, points)])
        within |= within.T  # the reach is some row's distance, and rounding differs from a to b and from b to a
        np.fill_diagonal(within, val=True)
        still = nearest(points, pool.known.points) > reach
        gain = within[still].sum(axis=0)
        picked: list[int] = []
        while len(picked) < size and gain.any():
            best = int(gain.argmax())
            fresh = within[best] & still
            gain -= within[fresh].sum(axis=0)
            still &= ~fresh
            picked.append(best)
        best_first = np.array(picked, np.int64)
        return np.concatenate([at[best_first], np.delete(at, best_first)])[:size]


def _reach(points: npt.NDArray[np.float32], count: int, seed: int) -> float:
    """Return the largest squared radius at which at most `IMPURE` of the balls reach into another group."""
    group, _ = groups(points, points[:0], count, seed)
    other = np.concatenate([nearest(points[group == one], points[group != one]) for one in np.unique(group)])
    return float(np.sort(other)[int(IMPURE * len(other))])
