"""Ask where an answer would change the model much, and each time in another direction.

Source: Ash, Zhang, Krishnamurthy, Langford, Agarwal, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
Bounds", ICLR 2020 (BADGE). We differ: a model here may be a tree, so the gradient is that of a linear layer with a
bias on `Pool.points`, and what changes nothing counts as covered. scikit-activeml's Badge wants its own classifier and
writes out gradients of classes x coordinates; they are a product, and so are their distances.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.strategy import Pool, Strategy


class Badge(Strategy):
    """The largest gradient first, then drawn by the squared distance to those before (k-means++)."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities", "points")

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick rows with large and different gradients; see `Strategy.query`."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(pool))
        wrong = pool.probabilities[order]
        wrong[np.arange(len(wrong)), wrong.argmax(axis=1)] -= 1
        place = np.column_stack([pool.points[order], np.ones(len(order), np.float32)])
        squares = (wrong * wrong).sum(axis=1) * (place * place).sum(axis=1)
        apart = squares.astype(np.float64)
        picked: list[int] = []
        while len(picked) < min(size, len(pool)) and apart.any():
            at = int(rng.choice(len(apart), p=apart / apart.sum())) if picked else int(apart.argmax())
            product = (wrong @ wrong[at]) * (place @ place[at])
            np.minimum(apart, np.maximum(squares - 2 * product + squares[at], 0), out=apart)
            apart[at] = 0
            picked.append(at)
        rest = np.setdiff1d(np.arange(min(size, len(pool))), picked)  # the order is random already
        return np.concatenate([order[np.array(picked, np.int64)], order[rest]])[:size].astype(np.int64)
