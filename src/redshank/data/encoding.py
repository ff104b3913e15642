"""How the rows of a dataset become model input: what a protocol asks while it splits them.

In: labelled rows. Out: a number per row that two rows share if no model can tell them apart, and, once it is known
which rows train, the raw feature values of every part. The one idea: whatever has to be fitted (a vocabulary) sees the
first part alone, and a feature set that remembers earlier flows begins anew in each part, and in
each capture of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW, TIMESTAMP
from redshank.data.clean import Floats, Step, groups, label_encode, min_max, require_no_identifier
from redshank.data.dataset import Labelled
from redshank.features.feature_set import FEATURE_SETS, Column, FeatureSet

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """Model input.

    Args:
        x: Per part: raw feature values of its rows. [n_i, steps * c] float32
        columns: What the columns are.
        dropped: Columns of the dataset that are no model input.
        taken: What was done, step by step.
        steps: Length of the sequence that a row is.
        scaled: Whether every column lies in 0..1 already.
    """

    x: list[Floats]
    columns: tuple[Column, ...]
    dropped: tuple[str, ...]
    taken: tuple[Step, ...]
    steps: int = 1
    scaled: bool = False


class Encoding(ABC):
    """How rows become model input.

    Args:
        feature_set: The name of the feature set; None for the dataset's own columns.
    """

    feature_set: str | None = None

    @abstractmethod
    def numbers(self) -> Rows:
        """Number the rows of the dataset; equal rows, as far as a model may see them, have the same number.

        Shape:
            returns: [N] int64, 0 to m - 1, in the order of first appearance; N rows of the dataset.
        """

    @abstractmethod
    def encode(self, rows: Sequence[Rows]) -> Encoded:
        """Return the model input of each part; what has to be fitted is fitted on the first."""


class FlowEncoding(Encoding):
    """A feature set of FLOW, the same as for serving.

    Args:
        labelled: The dataset.
        feature_set: Name of the feature set.

    Raises:
        ConfigError: If the dataset has no flows.
    """

    def __init__(self, labelled: Labelled, feature_set: str) -> None:
        self.feature_set = feature_set
        self._kind: type[FeatureSet] = FEATURE_SETS.find(feature_set)
        self._flows = labelled.flows
        names = [column.name for column in self._kind.columns]
        require_no_identifier(names)
        there = [name for name in self._flows.schema.names if self._flows.column(name).null_count < len(self._flows)]
        if not there and len(self._flows):
            raise ConfigError(
                f"feature set: '{feature_set}' is made of flows, and '{labelled.name}' has none; use 'own'"
            )
        missing = next((name for name in self._kind.needs if name not in there), None)
        if missing and len(self._flows):
            raise ConfigError(
                f"feature set: '{feature_set}' is made of '{missing}', and '{labelled.name}' has none; use 'conn'"
            )
        self._capture = labelled.capture
        self._there = there
        self._dropped = tuple(name for name in there if name not in names)
        self._whole: Floats | None = None

    def numbers(self) -> Rows:
        """See `Encoding.numbers`; of a set that remembers, rows are equal whose flows are, whatever came before."""
        if not self._kind.remembers:
            return groups(self._encoded())
        timeless = self._flows.set_column(
            self._flows.schema.get_field_index("ts"), FLOW.field("ts"), pa.nulls(len(self._flows), TIMESTAMP)
        )
        return groups(self._kind().encode(timeless)[:, -len(self._kind.columns) :])

    def encode(self, rows: Sequence[Rows]) -> Encoded:
        """See `Encoding.encode`."""
        if self._kind.remembers:
            x = [self._remembered(part) for part in rows]
        else:
            x = [self._encoded()[part] for part in rows]
        total = len(self._flows)
        taken = (
            Step("drop identifiers", total, f"{len(self._dropped)} of {len(self._there)} columns are not model input"),
            Step(
                "canonical types",
                total,
                f"{self._kind.name} v{self._kind.version}, {len(self._kind.columns)} columns of float32",
            ),
        )
        return Encoded(x, self._kind.columns, self._dropped, taken, self._kind.steps)

    def _encoded(self) -> Floats:
        if self._whole is None:
            self._whole = self._kind().encode(self._flows)
        return self._whole

    def _remembered(self, part: Rows) -> Floats:
        """Encode a part's flows in order of time, those of each capture by an object that has seen nothing else."""
        x = np.empty((len(part), self._kind.steps * len(self._kind.columns)), dtype=np.float32)
        captures = np.zeros(len(part)) if self._capture is None else self._capture[part]
        for capture in np.unique(captures):
            held = np.flatnonzero(captures == capture)
            flows = self._flows.take(pa.array(part[held]))
            in_time = pc.sort_indices(
                pa.table({"ts": flows.column("ts"), "uid": flows.column("uid"), "row": part[held]}),
                sort_keys=[(key, "ascending") for key in ("ts", "uid", "row")],
            )
            x[held[in_time.to_numpy()]] = self._kind().encode(flows.take(in_time))
        return x


class StudyEncoding(Encoding):
    """The recipe of published studies: every column label-encoded and min-max scaled, both on all rows.

    Wrong for anything but reproduction: it tells training about the test rows.

    Args:
        labelled: The dataset; its own table is taken as it was read.
        drop: Columns to leave out.

    Raises:
        ConfigError: If the dataset has no table of its own.
        SourceError: If a column has holes.
    """

    def __init__(self, labelled: Labelled, protocol: str, drop: Sequence[str] = ()) -> None:
        if labelled.raw is None:
            raise ConfigError(
                f"protocol: '{protocol}' needs the dataset's own table, and '{labelled.name}' has none; use 'leakfree'"
            )
        self._dropped = tuple(name for name in labelled.raw.column_names if name in drop)
        table = labelled.raw.drop_columns(list(self._dropped))
        encoded = label_encode(table)
        holes = np.flatnonzero(np.isnan(encoded).any(axis=0))
        if holes.size:
            name = table.column_names[holes[0]]
            raise SourceError(
                f"{labelled.name}: column '{name}' has {int(np.isnan(encoded[:, holes[0]]).sum())} missing values; "
                f"protocol {protocol} takes none, use leakfree"
            )
        self._x = min_max(encoded).astype(np.float32)
        self._table = table

    def numbers(self) -> Rows:
        """See `Encoding.numbers`."""
        return groups(self._x)

    def encode(self, rows: Sequence[Rows]) -> Encoded:
        """See `Encoding.encode`; nothing is fitted here any more."""
        total, table = len(self._x), self._table
        text = sum(str(kind) in {"string", "large_string"} for kind in table.schema.types)
        said = f", without {', '.join(self._dropped)}" if self._dropped else ", identifiers among them"
        taken = (
            Step("drop label", total, f"{table.num_columns} columns left{said}"),
            Step("label-encode", total, f"{text} text columns, on all rows"),
            Step("min-max", total, "every column to 0..1, on all rows"),
            Step("check NaN", total, "none"),
        )
        columns = tuple(Column(name, "1") for name in table.column_names)
        return Encoded([self._x[part] for part in rows], columns, self._dropped, taken, scaled=True)
