"""Ask where small trees, each grown from other draws of the labels, disagree.

Source: Seung, Opper, Sompolinsky, COLT 1992; Abe and Mamitsuka, ICML 1998, for bagging; Dagan and Engelson, ICML 1995,
for the entropy of votes, which is scikit-activeml's (https://scikit-activeml.github.io/).
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores, vote_entropy
from sklearn.tree import DecisionTreeClassifier

from redshank.active.strategy import Known, Pool, Strategy, lowest_first

MEMBERS = 10
LEAVES = 32


class QueryByCommittee(Strategy):
    """Highest entropy of the votes first; of the model's own probabilities while no two classes have a label."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities", "points")

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the rows that a committee disagrees about; see `Strategy.query`."""
        if len(np.unique(pool.known.y)) < 2:
            return lowest_first(-uncertainty_scores(pool.probabilities, method="entropy"), size, seed)
        votes = _votes(pool.points, pool.known, seed)
        return lowest_first(-vote_entropy(votes, np.unique(pool.known.y)), size, seed)


def _votes(points: npt.NDArray[np.float32], known: Known, seed: int) -> npt.NDArray[np.int64]:
    """Return the class that each member takes each point for. [n, members]."""
    rng = np.random.default_rng(seed)
    votes = np.empty((len(points), MEMBERS), np.int64)
    for member in range(MEMBERS):
        drawn = rng.integers(0, len(known), len(known))
        tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=int(rng.integers(2**31)))
        votes[:, member] = tree.fit(known.points[drawn], known.y[drawn]).predict(points)
    return votes
