"""What a dataset is: a labelled table of flows that has been checked to be what it says.

In: a path. Out: `Labelled`: FLOW rows, a family per row, and, where a study's recipe needs it, the raw table. Importing
a dataset downloads nothing; nothing is ever downloaded.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.registry import Kind


@dataclass(frozen=True)
class Labelled:
    """Labelled flows.

    Args:
        flows: FLOW rows. Columns that the dataset has not are null.
        family: The family of each row; "benign" is no attack. [n] str
        raw: The dataset's own table without its label columns, for the `paper` protocol; None if it has none.
        sha256: Of the uncompressed content read.
        name: The dataset's name.
        notes: What a reader of a result must know of it, one line each.
    """

    flows: pa.RecordBatch
    family: npt.NDArray[np.str_]
    raw: pa.Table | None
    sha256: str
    name: str
    notes: tuple[str, ...] = ()


class Dataset(ABC):
    """A dataset."""

    name: ClassVar[str]
    families: ClassVar[tuple[str, ...]]
    """Every family it can hold, "benign" first: the label map's whole range."""

    @abstractmethod
    def load(self, path: Path) -> Labelled:
        """Read and verify the dataset at `path`.

        Raises:
            SourceError: If it is not this dataset; what differs is named.
        """


DATASETS: Kind[Dataset] = Kind("redshank.data.datasets", Dataset, "dataset")
