"""Where flows lie: points whose distances mean something, and how unusual each is, without any label.

In: raw feature values of a pool. Out: points of few coordinates, and an anomaly score for each. The one idea: a query
strategy that spreads its questions needs distances, and raw values have none: bytes drown seconds. So numbers stand at
their quantiles, categories one-hot, and the few directions that hold most of the spread are kept. It is fitted once on
a bounded sample and works in blocks, so a pool of millions needs no more memory than its points.
Source: Liu, Ting, Zhou, "Isolation Forest", ICDM 2008, by scikit-learn, for the anomaly score.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from redshank.features.feature_set import Column
from redshank.learn.inputs import EachStep, Inputs, Plain
from redshank.learn.model import Floats

SAMPLE = 20_000  # rows it is fitted on
COORDINATES = 16  # hold 97 % of the spread of ToN_IoT's 19 columns
BINS = 64
TREES = 100
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
        plain = Plain(sample.reshape(len(sample) * steps, -1), columns, BINS, torch.float32)
        self._inputs: Inputs | EachStep = plain if steps == 1 else EachStep(plain, steps)
        encoded = self._encode(sample)
        self._directions = PCA(min(COORDINATES, *encoded.shape), svd_solver="full").fit(encoded)
        self._trees = IsolationForest(n_estimators=TREES, random_state=seed).fit(self._directions.transform(encoded))

    def points(self, x: Floats) -> Floats:
        """Return where rows lie.

        Shape:
            returns: [n, d] float32, d at most `COORDINATES`.
        """
        blocks = [self._directions.transform(self._encode(x[i : i + BLOCK])) for i in range(0, len(x), BLOCK)]
        if not blocks:
            return np.empty((0, self._directions.n_components_), np.float32)
        return np.concatenate(blocks).astype(np.float32)

    def anomaly(self, points: Floats) -> Floats:
        """Return how unusual points are, 0 to 1, high = unusual; about 0.5 and more stands out.

        Shape:
            points: [n, d]; returns: [n] float32.
        """
        blocks = [-self._trees.score_samples(points[i : i + BLOCK]) for i in range(0, len(points), BLOCK)]
        return np.concatenate([np.empty(0, np.float32), *blocks]).astype(np.float32)

    def _encode(self, x: Floats) -> npt.NDArray[np.float32]:
        with torch.no_grad():
            encoded = self._inputs(torch.from_numpy(np.ascontiguousarray(x))).reshape(len(x), -1)
        values: npt.NDArray[np.float32] = encoded.numpy()
        return values
