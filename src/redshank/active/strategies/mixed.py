"""What a site should ask: first what is typical or unusual, then the borders of every family; always a tenth at random.

The first questions look for families: half of them go to typical rows of places without a label, half to unusual ones.
Once there are `EXPLORED` labels, every family that the model tells gets the same number of questions, where two classes
are nearly as probable, and of those the ones that lie apart; some still go to what is unusual. The random tenth is what
the labels say of themselves without bias, and what no attacker can steer.
Source: our own; the parts are those of `typical`, `anomalous`, `quotas` and `random`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.spread import farthest_first, in_turns, nearest
from redshank.active.strategies.anomalous import Anomalous
from redshank.active.strategies.random import Random
from redshank.active.strategies.typical import Typical
from redshank.active.strategy import Pool, Strategy, lowest_first

RANDOM = 0.1
"""Share of the questions that are drawn at random, whatever the model thinks."""
EXPLORED = 100
"""Labels until borders are asked about."""
FIRST_UNUSUAL, UNUSUAL = 0.45, 0.1
"""Share of unusual rows among the first questions, and later."""
WIDE = 3
"""Times the questions of a family are looked at to find those that lie apart."""


class Mixed(Strategy):
    """Explore, then ask at the borders of each family, with a random control."""

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick rows; see `Strategy.query`. Any first part of them holds about the same mixture."""
        if len(pool.known) < EXPLORED:
            usual, unusual = Typical().query(pool, size, seed), FIRST_UNUSUAL
        else:
            usual, unusual = borders(pool, size, seed), UNUSUAL
        ranked = [usual, Anomalous().query(pool, size, seed), Random().query(pool, size, seed)]
        return interleaved(ranked, [1 - RANDOM - unusual, unusual, RANDOM], size)


def borders(pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Pick rows where two classes are nearly as probable, as many of each family, lying apart within it.

    Args:
        pool: The candidates.
        size: How many.
        seed: Of the order among equals.

    Shape:
        returns: [min(size, n)] int64.
    """
    family = pool.probabilities.argmax(axis=1)
    margin = -uncertainty_scores(pool.probabilities, method="margin_sampling")
    labels = np.bincount(pool.known.y, minlength=pool.probabilities.shape[1])
    quota = np.bincount(family[in_turns(family, margin, size, seed, labels)], minlength=len(labels))
    closest = lowest_first(margin, len(pool), seed)
    turn = np.full(len(pool), -1, np.float32)
    for one in np.flatnonzero(quota):
        rows = closest[family[closest] == one][: WIDE * quota[one]]
        covered = nearest(pool.points[rows], pool.points[rows[:1]])
        covered[0] = np.inf  # the row between two classes comes first, then those far from it
        turn[rows[farthest_first(pool.points[rows], covered, quota[one])]] = np.arange(quota[one])
    chosen = np.flatnonzero(turn >= 0)
    return chosen[in_turns(family[chosen], turn[chosen], size, seed, labels)]


def interleaved(ranked: Sequence[npt.NDArray[np.int64]], shares: Sequence[float], size: int) -> npt.NDArray[np.int64]:
    """Merge lists so that any first part holds about the given share of each; what stands in several counts once.

    Args:
        ranked: Row numbers, the most useful first.
        shares: Of each list; they add up to 1.
        size: How many rows.

    Example:
        >>> interleaved([np.array([9, 1]), np.array([1, 2, 3])], [0.25, 0.75], 4).tolist()
        [1, 2, 9, 3]
    """
    taken: dict[int, None] = {}
    places = [0] * len(ranked)
    debts = np.zeros(len(ranked))
    while len(taken) < size and any(place < len(rows) for place, rows in zip(places, ranked, strict=True)):
        debts += shares
        for i in np.argsort(-debts, kind="stable").tolist():
            while places[i] < len(ranked[i]) and int(ranked[i][places[i]]) in taken:
                places[i] += 1
            if places[i] < len(ranked[i]):
                taken[int(ranked[i][places[i]])] = None
                debts[i] -= 1
                break
    return np.array(list(taken), dtype=np.int64)
