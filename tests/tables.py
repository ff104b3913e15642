"""Small labelled parts for tests of learning: a table whose classes can be told apart, and a model that is quick."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from redshank.data.parts import Part, Parts
from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Epoch, Floats, Model

COLUMNS = (Column("size_bytes", "bytes"), Column("gap_s", "s"))
CLASSES = ("benign", "dos", "scanning")


def part(rows: int, seed: int, classes: int = 3) -> Part:
    """Draw rows around one center per class; most are benign."""
    rng = np.random.default_rng(seed)
    y = rng.choice(classes, size=rows, p=np.r_[0.6, np.full(classes - 1, 0.4 / (classes - 1))])
    centers = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]], dtype=np.float32)[:classes]
    x = (centers[y] + rng.normal(0, 1, (rows, 2))).astype(np.float32)
    return Part(x, y.astype(np.int64), np.ones(rows, np.float32), np.arange(rows, dtype=np.int64))


def parts(rows: int = 400, seed: int = 0) -> Parts:
    """Draw four parts from the same table."""
    return Parts(
        part(rows, seed),
        part(rows // 4, seed + 1),
        part(rows // 2, seed + 2),
        part(rows // 2, seed + 3),
        COLUMNS,
        CLASSES,
        dataset="table",
        sha256="0" * 64,
        protocol="leakfree",
        task="family",
        seed=seed,
        feature_set=None,
    )


class Logistic(Model):
    """Logistic regression, behind the contract of a model."""

    seed: int = 0

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,
        steps: int = 1,
    ) -> "Logistic":
        """Train; a single class gives a constant."""
        del columns, validation, warm_start, steps
        self.width_ = n_classes
        self.only_ = int(y[0]) if len(np.unique(y)) == 1 else None
        if self.only_ is None:
            self.regression_ = LogisticRegression(random_state=self.seed).fit(x, y, sample_weight=weight)
        self.curve_ = [Epoch(1, 0.0, 0.0, 0.0, 0.0)]
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return probabilities of full width."""
        full = np.zeros((len(x), self.width_), np.float32)
        if self.only_ is not None:
            full[:, self.only_] = 1.0
        else:
            full[:, self.regression_.classes_] = self.regression_.predict_proba(x)
        return full

    def to_onnx(self) -> bytes:
        """Refuse: this model only lives in tests of loops."""
        raise TypeError("the test model has no graph")
