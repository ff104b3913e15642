"""What a site should ask: first what is typical or unusual, then the borders of every family; a tenth at random.

The first questions look for families: half of them go to typical rows of places without a label, half to unusual ones.
Once there are `EXPLORED` labels, each family that the model tells gets questions where two classes are nearly as
probable, and of those the ones that lie apart: more of them the more it is in doubt, because macro-F1 counts a rare
family like a frequent one. Where a family has a label and the model tells it from no row, the rows likeliest to be of
it are asked about. Some questions still go to what is unusual. The random tenth is what the labels say of themselves
without bias, and what no attacker can steer.
Source: our own; the parts are those of `typical`, `anomalous`, `quotas` and `random`.
"""

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.spread import farthest_first, nearest
from redshank.active.strategies.anomalous import Anomalous
from redshank.active.strategies.random import Random
from redshank.active.strategies.typical import Typical
from redshank.active.strategy import Pool, Strategy, interleaved, lowest_first

RANDOM = 0.1
"""Share of the questions that are drawn at random, whatever the model thinks."""
EXPLORED = 100
"""Labels until borders are asked about."""
FIRST_UNUSUAL, UNUSUAL = 0.45, 0.1
"""Share of unusual rows among the first questions, and later."""
EQUAL = 0.2
"""Share of the questions at borders that every family gets alike; the rest goes where the model is in doubt."""
WIDE = 3
"""Times the questions of a family are looked at to find those that lie apart."""


class Mixed(Strategy):
    """Explore, then ask at the borders of each family, with a random control."""

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick rows; see `Strategy.query`. Any first part of them holds about the same mixture."""
        usual = Typical().query(pool, size, seed) if len(pool.known) < EXPLORED else borders(pool, size, seed)
        ranked = [usual, Anomalous().query(pool, size, seed), Random().query(pool, size, seed)]
        return interleaved(ranked, _shares(pool), size)

    def drawn(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Return the random tenth; see `Strategy.drawn`.

        They are the first of the random list, as many as it has turns, also where another list asked about one before
        that: what chance drew does not depend on what else is asked.
        """
        lists = np.arange(3 * size).reshape(3, size)
        turns = interleaved(list(lists), _shares(pool), size) >= 2 * size
        return Random().query(pool, int(turns.sum()), seed)


def _shares(pool: Pool) -> list[float]:
    """Return the shares of usual, unusual and random questions."""
    unusual = FIRST_UNUSUAL if len(pool.known) < EXPLORED else UNUSUAL
    return [1 - RANDOM - unusual, unusual, RANDOM]


def borders(pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Pick rows where two classes are nearly as probable, more of doubtful families, lying apart within each.

    Args:
        pool: The candidates.
        size: How many.
        seed: Of the order among equals.

    Shape:
        returns: [min(size, n)] int64; any first part of them holds about the same share of each family.
    """
    p = pool.probabilities
    closest = lowest_first(-uncertainty_scores(p, method="margin_sampling"), len(pool), seed)
    rank = np.empty(len(pool), np.int64)
    rank[closest] = np.arange(len(pool))
    taken_for = p.argmax(axis=1)
    there = np.bincount(taken_for, minlength=p.shape[1])
    named = np.bincount(pool.known.y, minlength=p.shape[1])[: p.shape[1]]
    families = np.flatnonzero(there + named)
    doubt = np.bincount(taken_for, 1 - p.max(axis=1), p.shape[1]) / np.maximum(there, 1)
    doubt[there == 0] = doubt.max()
    place = np.full(len(pool), np.inf)
    for one, quota in zip(families, quotas(doubt[families], size), strict=True):
        rows = closest[taken_for[closest] == one][: WIDE * quota]
        if len(rows) < quota:  # the model hardly knows this family: what is likeliest to be of it
            others = lowest_first(np.where(taken_for == one, np.inf, -p[:, one]), quota - len(rows), seed)
            rows = np.concatenate([rows, others[p[others, one] > 0]])
        covered = nearest(pool.points[rows], pool.points[rows[:1]])
        covered[:1] = np.inf  # the row nearest to a border comes first, then those far from it
        chosen = rows[farthest_first(pool.points[rows], covered, quota)]
        place[chosen] = np.minimum(place[chosen], (np.arange(len(chosen)) + 0.5) / quota)
    ranked: npt.NDArray[np.int64] = np.lexsort((rank, place))[:size]
    return ranked


def quotas(doubt: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.int64]:
    """Share questions among families: a part equally, the rest by the square of the doubt.

    Args:
        doubt: Mean doubt of the model about each family, 0 to 1.
        size: How many questions there are.

    Shape:
        doubt: [f], f at least 1; returns: [f] int64, they add up to `size`.

    Example:
        >>> quotas(np.array([0.1, 0.2, 0.1]), 12).tolist()
        [2, 8, 2]
    """
    squares = doubt**2 + 1e-12  # a model without any doubt shares equally
    ends = np.cumsum(EQUAL / len(doubt) + (1 - EQUAL) * squares / squares.sum())
    found: npt.NDArray[np.int64] = np.diff(np.round(ends / ends[-1] * size).astype(np.int64), prepend=0)
    return found
