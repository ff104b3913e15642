"""Ask about rows drawn at random: the control that every other strategy is measured against."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.strategy import Pool, Strategy


class Random(Strategy):
    """Uniform draws without replacement."""

    looks_at: ClassVar[tuple[str, ...]] = ()

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick uniformly; see `Strategy.query`."""
        return np.random.default_rng(seed).permutation(len(pool))[:size].astype(np.int64)

    def drawn(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Return all of them; see `Strategy.drawn`."""
        return self.query(pool, size, seed)
