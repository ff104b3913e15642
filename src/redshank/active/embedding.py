"""Where flows lie: points whose distances mean something, and how unusual each is, without any label.

In: raw feature values of a pool. Out: points of few coordinates, and an anomaly score for each. The one idea: a query
strategy that spreads its questions needs distances, and raw values have none: bytes drown seconds. So numbers stand at
their quantiles, categories one-hot, and the few directions that hold most of the spread are kept. What is unusual must
not vanish in a quantile, so it is judged on standardized values. All is fitted once on a bounded sample and works in
blocks: a pool of millions needs no more memory than its points.
Source: Liu, Ting, Zhou, "Isolation Forest", ICDM 2008, by scikit-learn, for the anomaly score.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from sklearn.decomposition import PCA

from redshank.features.feature_set import Column
from redshank.learn.inputs import EachStep, Plain
from redshank.learn.isolation import Isolation
from redshank.learn.model import Floats

SAMPLE = 20_000  # rows it is fitted on
COORDINATES = 16  # hold 97 % of the spread of ToN_IoT's 19 columns
BINS = 64
TREES = 400  # with 100 the place of a small family among the unusual ones hung on the seed
BLOCK = 65_536


class Embedding:
    """Points and anomaly scores of rows.

    Args:
        x: Rows of the pool; a sample of them is looked at.
        columns: What the columns of a step are.
        steps: Length of the sequence that a row of `x` is.
        seed: Of the sample and the trees.
    """

    def __init__(self, x: Floats, columns: Sequence[Column], *, steps: int = 1, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        at = np.sort(rng.permutation(len(x))[:SAMPLE])
        sample = np.ascontiguousarray(x[at])
        each = sample.reshape(len(sample) * steps, -1)
        self._quantiles, self._standard = (
            EachStep(Plain(each, columns, bins, torch.float32), steps) for bins in (BINS, 0)
        )
        encoded = _encode(self._quantiles, sample)
        self._directions = PCA(min(COORDINATES, *encoded.shape), svd_solver="full").fit(encoded)
        self._sample, self._seed = sample, seed

    @cached_property
    def _trees(self) -> Isolation:
        """What finds the unusual ones, for who asks for them: it takes longer than all else here."""
        trees = Isolation(n_estimators=TREES, random_state=self._seed)
        trees.fit(_encode(self._standard, self._sample))
        return trees

    def points(self, x: Floats) -> Floats:
        """Return where rows lie.

        Shape:
            returns: [n, d] float32, d at most `COORDINATES`.
        """
        found = np.empty((len(x), self._directions.n_components_), np.float32)
        for i in range(0, len(x), BLOCK):
            found[i : i + BLOCK] = self._directions.transform(_encode(self._quantiles, x[i : i + BLOCK]))
        return found

    def anomaly(self, x: Floats) -> Floats:
        """Return how unusual rows are, 0 to 1, high = unusual; 0.5 and more stands out.

        Shape:
            returns: [n] float32.
        """
        found = np.empty(len(x), np.float32)
        for i in range(0, len(x), BLOCK):
            found[i : i + BLOCK] = -self._trees.score_samples(_encode(self._standard, x[i : i + BLOCK]))
        return found


def _encode(inputs: EachStep, x: Floats) -> Floats:
    with torch.no_grad():
        encoded: Floats = inputs(torch.from_numpy(np.ascontiguousarray(x))).reshape(len(x), -1).numpy()
    return encoded
