"""A dataset's own columns as model input, for datasets that are no flows (NSL-KDD, telemetry, ...).

In: `Own`, the dataset's rows in canonical form. Out: [n, c] float32 as feature sets of FLOW give it: absent is NaN, a
category is its code. The one idea: the vocabulary is what the training rows hold; a category that they have not is
"unknown", as it will be on any other network. Such a model can be measured, never served: no sensor gives its columns.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ConfigError
from redshank.data.clean import IDENTIFIERS, Step, groups, require_no_identifier
from redshank.data.dataset import Labelled, Own
from redshank.data.encoding import Encoded, Encoding, Rows
from redshank.features.feature_set import UNKNOWN, Column

OWN = "own"
MOST_CODES = 256
"""A category beyond the most frequent so many is unknown: an embedding of every text of a free-text column learns it by
heart."""


class OwnEncoding(Encoding):
    """The columns of `Labelled.own` that are neither identifiers nor labels.

    Args:
        labelled: The dataset.

    Raises:
        ConfigError: If the dataset has no columns of its own, or none but identifiers.
    """

    def __init__(self, labelled: Labelled) -> None:
        if labelled.own is None:
            raise ConfigError(f"feature set: '{OWN}' is the dataset's own columns, and '{labelled.name}' offers none")
        own: Own = labelled.own
        hidden = IDENTIFIERS | own.identifiers
        self._dropped = tuple(name for name in own.table.column_names if name in hidden)
        table = own.table.drop_columns(list(self._dropped)).combine_chunks()
        if not table.num_columns:
            raise ConfigError(f"feature set: '{labelled.name}' has no own column but identifiers")
        require_no_identifier(table.column_names)
        self._own, self._table = own, table
        self._values = {name: _values(name, table[name]) for name in table.column_names}

    def numbers(self) -> Rows:
        """See `Encoding.numbers`; every category is told from every other."""
        return groups(np.column_stack([_plain(values) for values in self._values.values()]).astype(np.float32))

    def encode(self, rows: Sequence[Rows]) -> Encoded:
        """See `Encoding.encode`; a column that the first part never fills is dropped."""
        columns: list[Column] = []
        values: list[npt.NDArray[np.float32]] = []
        empty: list[str] = []
        for name, found in self._values.items():
            plain = _plain(found)
            if not np.isfinite(plain[rows[0]]).any():
                empty.append(name)
                continue
            if isinstance(found, pa.DictionaryArray):
                vocabulary, plain = _fitted(found, plain, rows[0])
                columns.append(Column(name, "category", vocabulary))
            else:
                columns.append(Column(name, self._own.units.get(name, "1"), heavy_tail=name in self._own.heavy))
            values.append(plain.astype(np.float32))
        if not columns:
            raise ConfigError(f"feature set: '{OWN}' has no column with a value in the training rows")
        x = np.column_stack(values)
        total = len(x)
        categories = [column for column in columns if column.vocabulary]
        taken = (
            Step(
                "drop identifiers",
                total,
                f"{len(self._dropped)} of {self._own.table.num_columns} columns are not model input",
            ),
            Step(
                "fit vocabularies",
                total,
                f"{len(categories)} of {len(columns)} columns are categories, as the training rows hold them"
                + (f"; they never fill {', '.join(empty)}" if empty else ""),
            ),
        )
        return Encoded([x[part] for part in rows], tuple(columns), (*self._dropped, *empty), taken)


def _values(name: str, column: pa.ChunkedArray) -> pa.DictionaryArray | npt.NDArray[np.float64]:
    """Return a category as a dictionary and anything else as numbers, NaN where absent."""
    kind = column.type
    values = column.combine_chunks()
    if pa.types.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values.dictionary_encode()
    if not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise ValueError(f"own column '{name}' is of type {kind}; numbers, booleans and text can be model input")
    numbers: npt.NDArray[np.float64] = values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    # What float32 cannot hold is no measurement but an error of the table (an infinite rate, for example).
    numbers[~(np.abs(numbers) <= np.finfo(np.float32).max)] = np.nan
    return numbers


def _plain(values: pa.DictionaryArray | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if isinstance(values, pa.DictionaryArray):
        places: npt.NDArray[np.float64] = values.indices.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return places
    return values


def _fitted(
    values: pa.DictionaryArray, places: npt.NDArray[np.float64], train: Rows
) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Return the vocabulary of the training rows, and the code of every row."""
    seen = places[train]
    counts = np.bincount(seen[np.isfinite(seen)].astype(np.int64), minlength=len(values.dictionary))
    kept = np.argsort(-counts, kind="stable")[: min(MOST_CODES, int((counts > 0).sum()))]
    vocabulary = sorted(values.dictionary.take(pa.array(kept.tolist(), pa.int64())).to_pylist())
    code_of = pc.index_in(values.dictionary, value_set=pa.array(vocabulary, values.dictionary.type))
    codes = np.append(pc.fill_null(code_of, UNKNOWN - 2).to_numpy().astype(np.float64) + 2, 0.0)
    return tuple(vocabulary), codes[np.where(np.isfinite(places), places, len(codes) - 1).astype(np.int64)]
