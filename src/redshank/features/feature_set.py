"""What a feature set is: one definition of model input, the same for training and for serving.

In: FLOW rows. Out: [n, c] float32 raw values; absent is NaN, a category is its code in a fixed vocabulary. Scaling,
logarithms and embeddings are not done here but inside the exported graph, from `columns` below, so that a bundle is
the whole truth about its input. The fingerprint covers names, units, vocabularies, order and version.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.registry import Kind

UNKNOWN = 1
"""Code of a category that is present but not in the vocabulary; 0 is absent, the vocabulary starts at 2."""


@dataclass(frozen=True)
class Column:
    """One input column.

    Args:
        name: Its name.
        unit: bytes, packets, s, bytes/s, packets/s, 1 (a ratio or flag), or "category".
        vocabulary: For a category: its known values; codes are 0 absent, 1 unknown, 2 + index.
        heavy_tail: Whether values span orders of magnitude, so that the graph takes log(1 + x).
    """

    name: str
    unit: str
    vocabulary: tuple[str, ...] = ()
    heavy_tail: bool = False

    @property
    def codes(self) -> int:
        """Number of codes of a category, 0 for a number."""
        return len(self.vocabulary) + 2 if self.vocabulary else 0


class FeatureSet(ABC):
    """A feature set: its columns, and how FLOW rows become them."""

    name: ClassVar[str]
    version: ClassVar[int]
    columns: ClassVar[tuple[Column, ...]]
    steps: ClassVar[int] = 1
    """Length of the sequence that a row is; each step has all `columns`."""
    remembers: ClassVar[bool] = False
    """Whether a row holds earlier flows too: then one object sees the flows of one network once, in order of time, and
    the last step of a row is the flow itself. A flow without `ts` has no history and leaves none."""
    forgotten: int = 0
    """Devices that one object has forgotten to make room for others; memory is bounded."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Columns of FLOW without which its rows would be empty, or all alone: a dataset that has not one is refused."""

    @abstractmethod
    def encode(self, flows: pa.RecordBatch) -> npt.NDArray[np.float32]:
        """Turn FLOW rows into raw feature values.

        The row of a flow does not depend on how flows were cut into batches, nor, unless the set `remembers`, on any
        other flow, and never on one that comes after it.

        Shape:
            returns: [n, steps * c] float32; n rows of `flows`, c = len(columns), the oldest step first; NaN where
                absent.
        """

    def forgot(self) -> dict[str, int]:
        """Return how many devices were forgotten by the set's name, if any."""
        return {self.name: self.forgotten} if self.forgotten else {}

    @classmethod
    def fingerprint(cls) -> str:
        """Return 16 hex digits that change whenever the meaning of the input changes."""
        what = {"name": cls.name, "version": cls.version, "columns": [asdict(column) for column in cls.columns]}
        if cls.steps > 1:
            what["steps"] = cls.steps
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


FEATURE_SETS: Kind[FeatureSet] = Kind("redshank.features.feature_sets", FeatureSet, "feature set")
