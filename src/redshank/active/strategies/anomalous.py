"""Ask about what is unusual and yet typical of its place: rare attacks before any label names them.

The one idea: a rare family is a small crowd far from everything, a broken flow is alone. So the most unusual rows are
grouped, and the largest groups without a label are asked about first.
Source: Pelleg and Moore, "Active Learning for Anomaly and Rare-Category Detection", NIPS 2004, for unusual rows first;
Hacohen, Dekel, Weinshall, ICML 2022, for the order among them, see `typical`.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.strategies.typical import typical_rows
from redshank.active.strategy import Pool, Strategy, lowest_first

SHARE = 0.1  # of the candidates count as unusual


class Anomalous(Strategy):
    """Typical rows among the most unusual tenth of the candidates, places without a label first."""

    looks_at: ClassVar[tuple[str, ...]] = ("points", "anomaly")

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick unusual rows of different places; see `Strategy.query`."""
        at = lowest_first(-pool.anomaly, max(round(SHARE * len(pool)), size), seed)
        if not len(at):
            return at
        unusual = pool.known.anomaly >= pool.anomaly[at].min()
        return at[typical_rows(pool.points[at], pool.known.points[unusual], size, seed)]
