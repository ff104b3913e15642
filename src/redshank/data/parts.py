"""Partitions: what a protocol makes of a dataset, and what training and evaluation take.

In: nothing (these are plain records). Out: four parts in one set of columns and classes. `train` trains, `validation`
stops early and gates new weights, `calibration` sets temperature and thresholds, `test` measures and decides nothing.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.features.feature_set import Column

MINORITY = np.dtype([("vector", "i8"), ("y", "i8"), ("rows", "f4")])
"""Rows of the dataset whose vector has the class of more other rows: which vector, their class, how many they are."""
PARTS = ("train", "validation", "calibration", "test")


@dataclass(frozen=True)
class Part:
    """Some rows.

    Args:
        x: Raw feature values, NaN where absent. [n, steps * c] float32
        y: Class of each row. [n] int64
        weight: How many rows of the dataset this one stands for (1 unless deduplicated). [n] float32
        row: Which row of the dataset it is: the first of its duplicates that has its class. [n] int64
        minority: Which of the rows counted in `weight` have another class than `y`; none if absent. [q] MINORITY
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    row: npt.NDArray[np.int64]
    minority: npt.NDArray[Any] | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    def take(self, at: npt.NDArray[np.int64]) -> "Part":
        """Return the rows `at`, in that order, each with its minority.

        Shape:
            at: [m] int64, 0 to n - 1, each at most once.
        """
        minority = self.minority
        if minority is not None:
            place = np.full(len(self), -1, dtype=np.int64)
            place[at] = np.arange(len(at))
            minority = minority[place[minority["vector"]] >= 0]
            minority["vector"] = place[minority["vector"]]
        return Part(self.x[at], self.y[at], self.weight[at], self.row[at], minority)


@dataclass(frozen=True)
class Parts:
    """A dataset under a protocol.

    Args:
        train, validation, calibration, test: The parts; none shares a row with another.
        columns: What the columns of x are.
        classes: Class names; "benign" is the first. Binary: ("benign", "attack").
        dataset, sha256: Which data.
        protocol, task, seed: How it was made; task is "binary" or "family".
        feature_set: Name of the feature set, or None when the columns are the dataset's own (`paper`): a model on
            those can be measured but never served.
        notes: Counts that a table of results must carry (duplicates merged, conflicts, rows dropped).
        steps: Length of the sequence that a row of x is; x has `steps` times `columns`, the oldest step first.
    """

    train: Part
    validation: Part
    calibration: Part
    test: Part
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    dataset: str
    sha256: str
    protocol: str
    task: str
    seed: int
    feature_set: str | None
    notes: dict[str, Any] = field(default_factory=dict)
    steps: int = 1
