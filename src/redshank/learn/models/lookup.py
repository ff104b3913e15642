"""The other trivial row of a table of results: what was the class of this very vector, when it was seen in training?

In: raw values. Out: the class frequencies of the training rows that are the same; of the finest key that was seen.
The one idea: a model that generalizes has to beat a memory. A vector is looked up as it is, then with every number
known only by its order of magnitude, then by its categories alone; a vector of which nothing was seen gets the class
frequencies of all rows.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats, Model, check_rows
from redshank.learn.trees import known

LEVELS = 3
"""Exact values, orders of magnitude, categories alone."""


class Lookup(Model):
    """A table of the training rows. A warm start makes it anew.

    Wrong to serve: the table is as large as the training rows, and no graph holds one.

    Args:
        seed: Taken as by every model; nothing here is random.
    """

    exports: ClassVar[bool] = False
    seed: int = 0
    frequencies_: Floats = field(init=False)
    tables_: list[dict[bytes, Floats]] = field(init=False)

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,  # noqa: ARG002  there is nothing to stop early
        warm_start: bool = False,  # noqa: ARG002  counting again costs nothing
        steps: int = 1,
    ) -> Self:
        """Count the classes under each key.

        Raises:
            ValueError: If the rows do not fit the columns or the classes.
        """
        check_rows(x, y, columns, n_classes, steps)
        self.columns_ = tuple(columns) * steps
        counts = np.bincount(y, weights=weight, minlength=n_classes)
        self.frequencies_ = (counts / counts.sum()).astype(np.float32)
        self.tables_ = []
        for level in range(LEVELS):
            names, at = np.unique(self._keys(x, level), return_inverse=True)
            held = np.bincount(at * n_classes + y, weights=weight, minlength=len(names) * n_classes)
            held = held.reshape(len(names), n_classes)
            shares = (held / held.sum(axis=1, keepdims=True)).astype(np.float32)
            self.tables_.append(dict(zip(names.tolist(), shares, strict=True)))
        self.classes_ = np.arange(n_classes)
        self.curve_ = []
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Look rows up."""
        check_is_fitted(self, "tables_")
        out = np.repeat(self.frequencies_[None], len(x), axis=0)
        for level in reversed(range(LEVELS)):
            for i, key in enumerate(self._keys(x, level).tolist()):
                out[i] = self.tables_[level].get(key, out[i])
        return out

    def to_onnx(self) -> bytes:
        """Refuse.

        Raises:
            ValueError: Always.
        """
        check_is_fitted(self, "tables_")
        raise ValueError("a table of the training rows has no graph; it can be measured, not bundled")

    def _keys(self, x: Floats, level: int) -> npt.NDArray[np.bytes_]:
        """Return the key of each row at a level, 0 being the finest."""
        values = known(x, self.columns_) + np.float32(0)  # of the two zeros one
        numbers = [i for i, column in enumerate(self.columns_) if not column.codes]
        if level == 1:
            values[:, numbers] = np.sign(values[:, numbers]) * np.frexp(values[:, numbers])[1]
        if level == 2:
            values[:, numbers] = 0
        values[np.isnan(values)] = np.nan  # of the many there are one
        rows = np.ascontiguousarray(values)
        # Bytes that numpy compares end at their last one that is not 0: a sign in front of nothing keeps them all.
        return np.array([row.tobytes() + b"." for row in rows], dtype=np.bytes_)
