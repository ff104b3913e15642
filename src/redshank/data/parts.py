"""Partitions: what a protocol makes of a dataset, and what training and evaluation take.

In: nothing (these are plain records). Out: four parts in one set of columns and classes. `train` trains, `validation`
stops early and gates new weights, `calibration` sets temperature and thresholds, `test` measures and decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.data.grouping import CAPTURE, HOST_PAIR, Grouping
from redshank.features.feature_set import Column

MINORITY = np.dtype([("vector", "i8"), ("y", "i8"), ("rows", "f4")])
"""Rows of the dataset whose vector has the class of more other rows: which vector, their class, how many they are."""
MEMBER = np.dtype([("vector", "i8"), ("row", "i8")])
"""A row of the dataset, and which vector of the part it has."""
PARTS = ("train", "validation", "calibration", "test")
OTHER_FAMILY = -1
"""In `Part.y` of a test part: an attack of a family that no class stands for; it counts where only attack or benign
matters."""


@dataclass(frozen=True)
class Part:
    """Some rows.

    Args:
        x: Raw feature values, NaN where absent. [n, steps * c] float32
        y: Class of each row. [n] int64
        weight: How many rows of the dataset this one stands for (1 unless deduplicated). [n] float32
        row: Which row of the dataset it is: the first of its duplicates that has its class. [n] int64
        minority: Which of the rows counted in `weight` have another class than `y`; none if absent. [q] MINORITY
        members: Every row of the dataset that is counted in `weight`; `row` alone if absent. [r] MEMBER
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    row: npt.NDArray[np.int64]
    minority: npt.NDArray[Any] | None = None
    members: npt.NDArray[Any] | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    def counted(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return which vector stands for which row of the dataset, for every row that is counted.

        Shape:
            returns: [r] int64, [r] int64; r rows of the dataset.
        """
        if self.members is None:
            return np.arange(len(self)), self.row
        return self.members["vector"], self.members["row"]

    def take(self, at: npt.NDArray[np.int64]) -> "Part":
        """Return the rows `at`, in that order, each with its minority.

        Shape:
            at: [m] int64, 0 to n - 1, each at most once.
        """
        place = np.full(len(self), -1, dtype=np.int64)
        place[at] = np.arange(len(at))
        minority, members = _placed(self.minority, place), _placed(self.members, place)
        return Part(self.x[at], self.y[at], self.weight[at], self.row[at], minority, members)


def joined(parts: Sequence[Part]) -> Part:
    """Put parts one behind the other; rows that were counted into a vector's weight stay in it, and are not listed.

    Args:
        parts: One or more.
    """
    x, y, weight, row = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("x", "y", "weight", "row")
    )
    return Part(x, y, weight, row)


def _placed(counted: npt.NDArray[Any] | None, place: npt.NDArray[np.int64]) -> npt.NDArray[Any] | None:
    """Keep what is counted to vectors that have a place, under that place."""
    if counted is None:
        return None
    kept: npt.NDArray[Any] = counted[place[counted["vector"]] >= 0]
    kept["vector"] = place[kept["vector"]]
    return kept


@dataclass(frozen=True)
class Parts:
    """A dataset under a protocol.

    Args:
        train, validation, calibration, test: The parts; none shares a row with another.
        columns: What the columns of x are.
        classes: Class names; "benign" is the first. Binary: ("benign", "attack").
        dataset, sha256: Which data.
        protocol, task, seed: How it was made; task is "binary" or "family".
        feature_set: Name of the feature set, or None when the columns are the dataset's own: a model on those can be
            measured but never served.
        notes: Counts that a table of results must carry (duplicates merged, conflicts, rows dropped).
        steps: Length of the sequence that a row of x is; x has `steps` times `columns`, the oldest step first.
        scaled: Whether x lies in 0..1 already, as published studies scale it (`paper`, `ladder`).
        settings: The protocol's settings that differ from their defaults.
        family: The family of each row of the dataset, as the dataset names it; None if nobody asked. [N] str
        groups: Which group (host pair, capture, ...) each row of the dataset is in, by what groups are.
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
    scaled: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    family: npt.NDArray[np.str_] | None = None
    groups: Mapping[str, Grouping] = field(default_factory=dict)

    @property
    def grouping(self) -> Grouping | None:
        """The groups that figures are told by: the protocol's own, else pairs of devices, else captures."""
        wanted = (str(self.settings.get("by", "")), HOST_PAIR, CAPTURE)
        return next((self.groups[by] for by in wanted if by in self.groups), None)

    def families(self, part: Part) -> npt.NDArray[np.str_]:
        """Return the family of each row of a part: its class, or where that does not say, what the dataset calls it.

        Shape:
            returns: [n] str; n = len(part).
        """
        if self.task == "family" or self.family is None:
            names = np.array([*self.classes, "(other)"], dtype=np.str_)[part.y]
            return names if self.family is None else np.where(part.y < 0, self.family[part.row], names)
        return self.family[part.row]
