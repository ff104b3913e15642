"""What a dataset is: a labelled table of flows that has been checked to be what it says.

In: a name, and a path if the files lie elsewhere. Out: `Labelled`: FLOW rows or rows in the dataset's own columns, a
family per row, and, where a study's recipe needs it, the table as it was read. A name is `dataset` or `dataset/part`
("nsl_kdd", "telemetry/fridge"); several with a plus sign between them are read as one. Importing a dataset downloads
nothing; nothing is ever downloaded.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.errors import ConfigError
from redshank.core.registry import Kind, alternatives
from redshank.data.place import place


@dataclass(frozen=True)
class Own:
    """A dataset's rows in its own columns, in canonical form: what `leakfree` learns from where there are no flows.

    Args:
        table: Numbers, booleans and text; absent is null, formatting that gives labels away is normalized. Neither the
            labels nor anything made of them is among the columns. [n rows]
        identifiers: Columns that name a device, a moment or a row: never model input.
        heavy: Numbers that span orders of magnitude.
        units: Unit by column, as in `Column.unit`; 1 where absent.
    """

    table: pa.Table
    identifiers: frozenset[str] = frozenset()
    heavy: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Labelled:
    """Labelled rows.

    Args:
        flows: FLOW rows. Columns that the dataset has not are null: all of them, if its rows are no flows.
        family: The family of each row; "benign" is no attack. [n] str
        raw: The dataset's own table without its label columns, for the `paper` protocol; None if it has none.
        sha256: Of the uncompressed content read.
        name: The dataset's full name, with its part.
        notes: What a reader of a result must know of it, one line each.
        own: The rows in the dataset's own columns; None if it offers only flows.
        official: Part of the dataset's own split that each row is in, "train" or "test"; None if it has none. [n] str
        capture: Which file, device or scenario each row comes from; None if it is one. [n] str
        kind: The dataset's own name of each row's class, finer than its family; None if it has none. [n] str
    """

    flows: pa.RecordBatch
    family: npt.NDArray[np.str_]
    raw: pa.Table | None
    sha256: str
    name: str
    notes: tuple[str, ...] = ()
    own: Own | None = None
    official: npt.NDArray[np.str_] | None = None
    capture: npt.NDArray[np.str_] | None = None
    kind: npt.NDArray[np.str_] | None = None


@dataclass(frozen=True)
class Dataset(ABC):
    """A dataset, or a part of one.

    Args:
        part: One of `parts`.

    Raises:
        ConfigError: If there is no such part.
    """

    name: ClassVar[str]
    families: ClassVar[tuple[str, ...]]
    """Every family it can hold, "benign" first: the label map's whole range."""
    features: ClassVar[str] = "conn"
    """What models learn from unless told otherwise: a feature set, or "own" for the dataset's own columns."""
    parts: ClassVar[tuple[str, ...]] = ("",)
    """What `part` can be; "" is the dataset as a whole, or what is meant when nobody names a part."""
    terms: ClassVar[str] = ""
    """On what terms its authors give it away."""
    citation: ClassVar[str] = ""
    """What a publication that uses it cites."""
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Least and greatest value that its own columns can have; a name may hold `*`, and the first that fits counts."""
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The texts that its own columns can hold."""

    part: str = ""

    def __post_init__(self) -> None:
        """Check the part."""
        if self.part not in self.parts:
            known = [full_name(self.name, part) for part in self.parts]
            given = full_name(self.name, self.part)
            raise ConfigError(f"dataset: no '{given}'; {alternatives(given, known)}")

    @property
    def full_name(self) -> str:
        """The name with the part."""
        return full_name(self.name, self.part)

    @property
    def what(self) -> str:
        """What it is, in a few words."""
        return (self.__doc__ or "").partition("\n")[0]

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by family that it is known to have; none if that depends on the file."""
        return {}

    def here(self, path: Path) -> bool:
        """Whether its files lie at `path`; they may still be something else."""
        return path.exists()

    @abstractmethod
    def load(self, path: Path) -> Labelled:
        """Read and verify the dataset at `path`.

        Args:
            path: The folder that holds its files under their own names, or the file itself.

        Raises:
            SourceError: If it is not this dataset; what differs is named.
        """


TOGETHER = "+"
"""Between the names of datasets that are read as one."""

DATASETS: Kind[Dataset] = Kind("redshank.data.datasets", Dataset, "dataset")


def full_name(name: str, part: str) -> str:
    """Return the name of a part of a dataset.

    Example:
        >>> full_name("telemetry", "fridge"), full_name("ton_iot", "")
        ('telemetry/fridge', 'ton_iot')
    """
    return f"{name}/{part}" if part else name


def full_names() -> list[str]:
    """List every dataset and part by its full name."""
    return [full_name(name, part) for name in DATASETS.names() for part in DATASETS.find(name).parts]


def find(name: str) -> Dataset:
    """Return the dataset called `name`, nothing read yet.

    Args:
        name: `dataset` or `dataset/part`.

    Raises:
        ConfigError: If there is no such dataset or part; the nearest is suggested.

    Example:
        >>> find("lab").full_name
        'lab'
    """
    dataset, _, part = name.partition("/")
    return DATASETS.find(dataset)(part)


def find_all(names: str) -> list[Dataset]:
    """Return the datasets that `names` puts together, nothing read yet.

    Args:
        names: Names with a plus sign between them, or one name.

    Raises:
        ConfigError: If there is no such dataset or part, or one is named twice.

    Example:
        >>> [dataset.full_name for dataset in find_all("lab+iot23/42-1")]
        ['lab', 'iot23/42-1']
    """
    found = [find(name) for name in names.split(TOGETHER)]
    twice = next((one.full_name for at, one in enumerate(found) if one in found[:at]), None)
    if twice is not None:
        raise ConfigError(f"dataset: '{names}' names '{twice}' twice; name it once")
    return found


def file_name(names: str) -> str:
    """Return what a folder of results on `names` is called.

    Raises:
        ConfigError: As of `find_all`.

    Example:
        >>> file_name("lab+iot23/42-1")
        'lab-iot23-42-1'
    """
    return "-".join(dataset.full_name for dataset in find_all(names)).replace("/", "-")


def read(name: str, path: Path | None = None) -> Labelled:
    """Find, place and load the dataset called `name`, or several as one.

    Args:
        name: `dataset` or `dataset/part`; or several, as of `find_all`.
        path: Its file or folder; where `data/place.py` says if absent. Several lie where they lie.

    Raises:
        ConfigError: If there is no such dataset or part, the nearest is suggested; or if several have one `path`.
        SourceError: If what lies there is not this dataset; what differs is named.
    """
    datasets = find_all(name)
    if len(datasets) == 1:
        return datasets[0].load(path or place(datasets[0].full_name))
    if path is not None:
        raise ConfigError(f"dataset: '{name}' names {len(datasets)}, and '{path}' is the place of one; name one")
    found = [dataset.load(place(dataset.full_name)) for dataset in datasets]
    told = [
        replace(one, notes=(*one.notes, *(said for said in (dataset.terms, dataset.citation) if said)))
        for one, dataset in zip(found, datasets, strict=True)
    ]
    return joined(told)


def joined(several: Sequence[Labelled]) -> Labelled:
    """Return the flows of several datasets as one; each is a capture unless it has captures.

    Own columns, the table as it was read and the dataset's own split are left out: they are of one dataset.

    Args:
        several: One at least.
    """
    flows = pa.Table.from_batches([one.flows for one in several]).combine_chunks().to_batches()[0]
    return Labelled(
        flows,
        np.concatenate([one.family for one in several]),
        None,
        hashlib.sha256("".join(one.sha256 for one in several).encode()).hexdigest(),
        TOGETHER.join(one.name for one in several),
        tuple(f"{one.name}: {note}" for one in several for note in (f"sha256 {one.sha256}", *one.notes)),
        capture=np.concatenate(
            [np.full(len(one.flows), one.name) if one.capture is None else one.capture for one in several]
        ),
    )
