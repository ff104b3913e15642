"""Cleaning steps, each with a name and a record of what it did.

In: arrays or a table. Out: the same, cleaner; a `Step` says what was done. The one idea that matters for honest figures
is `deduplicate`: copies of one vector on both sides of a split let a model look up the answer, and a vector with two
labels bounds what any model can reach.
"""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.data.parts import MINORITY

Floats = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]

IDENTIFIERS = frozenset(
    {
        *("ts", "uid", "src_ip", "dst_ip", "src_port", "dst_port", "src_mac", "dst_mac", "vlan", "community_id"),
        *("pkSeqID", "seq", "stime", "ltime", "id", "saddr", "daddr", "sport", "dport", "label", "type"),
        *("dns_query", "http_uri", "http_user_agent", "ssl_subject", "ssl_issuer", "weird_addl"),
    }
)
"""What names a network, a device, a moment, a row or the answer: never model input outside the protocol `paper`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """What one cleaning step did.

    Args:
        name: Its name.
        rows: Rows that were left after it.
        detail: What it did, in one line.
    """

    name: str
    rows: int
    detail: str


@dataclass(frozen=True)
class Distinct:
    """Distinct vectors of a table.

    Args:
        x: The vectors. [m, c] float32
        y: The class that most of its rows have; of equally frequent ones the first class. [m] int64
        weight: How many rows it stands for. [m] float32
        row: The first of its rows that has that class. [m] int64
        minority: Rows that have a vector, but another class than most. [q] MINORITY
        conflicts: Vectors whose rows do not all have one class.
        conflict_rows: Rows of those vectors.
        ceiling: The best row accuracy that any model of these vectors can reach on them, 0 to 1.
    """

    x: Floats
    y: Classes
    weight: npt.NDArray[np.float32]
    row: npt.NDArray[np.int64]
    minority: npt.NDArray[Any]
    conflicts: int
    conflict_rows: int
    ceiling: float


def recorded(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Log the steps and return them as plain values, for the notes of a partition."""
    kept = [asdict(step) for step in steps]
    for step in kept:
        _log.info("%(name)s: %(detail)s; %(rows)d rows left", step)
    return kept


def require_no_identifier(names: Iterable[str]) -> None:
    """Make sure that no column is an identifier or a label.

    Raises:
        ValueError: If one is; it is named.
    """
    found = sorted(IDENTIFIERS & set(names))
    if found:
        raise ValueError(f"column '{found[0]}' names a device, a moment or the answer; it cannot be model input")


def groups(x: Floats) -> npt.NDArray[np.int64]:
    """Number the distinct rows of `x` in the order in which they first appear.

    Rows are compared by value: any NaN equals any NaN, whatever its bits, and -0 equals 0.

    Shape:
        x: [n, c] float32; returns: [n] int64, 0 to m - 1.

    Example:
        >>> groups(np.array([[1, np.nan], [0, 2], [1, np.nan], [-0.0, 2]], dtype=np.float32)).tolist()
        [0, 1, 0, 1]
    """
    rows, columns = x.shape
    if columns == 0:
        return np.zeros(rows, dtype=np.int64)
    canonical = np.array(x, dtype=np.float32, order="C")
    canonical[canonical == 0] = 0
    canonical[np.isnan(canonical)] = np.nan
    vectors = pa.FixedSizeBinaryArray.from_buffers(pa.binary(4 * columns), rows, [None, pa.py_buffer(canonical)])
    numbers: npt.NDArray[np.int64] = vectors.dictionary_encode().indices.to_numpy().astype(np.int64)
    return numbers


def deduplicate(x: Floats, y: Classes, group: npt.NDArray[np.int64] | None = None) -> Distinct:
    """Merge equal vectors into one with the majority's class; count the conflicts.

    Args:
        x: The vectors.
        y: The class of each.
        group: The number of each vector as `groups` gives it, where that is known already.

    Shape:
        x: [n, c] float32; y, group: [n] int64; the result has m <= n vectors in the order of their first rows.

    Raises:
        ValueError: If there are no rows.

    Example:
        >>> merged = deduplicate(np.array([[1], [2], [1], [1]], dtype=np.float32), np.array([0, 1, 1, 1]))
        >>> merged.y.tolist(), merged.weight.tolist(), merged.row.tolist(), merged.conflicts, merged.ceiling
        ([1, 1], [3.0, 1.0], [2, 1], 1, 0.75)
    """
    if len(x) == 0:
        raise ValueError("there are no rows to deduplicate")
    group = groups(x) if group is None else group
    classes = int(y.max()) + 1
    pairs, first, counts = np.unique(group * classes + y, return_index=True, return_counts=True)
    owner, pair_class = pairs // classes, pairs % classes
    # Within a group the most frequent class comes first, and of equally frequent ones the lowest.
    order = np.lexsort((pair_class, -counts, owner))
    heads = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
    weight = np.bincount(group)
    mixed = np.bincount(owner) > 1
    others = np.setdiff1d(order, heads)
    minority = np.empty(len(others), dtype=MINORITY)
    minority["vector"], minority["y"], minority["rows"] = owner[others], pair_class[others], counts[others]
    return Distinct(
        x=x[first[heads]],
        y=pair_class[heads].astype(np.int64),
        weight=weight.astype(np.float32),
        row=first[heads].astype(np.int64),
        minority=minority,
        conflicts=int(mixed.sum()),
        conflict_rows=int(weight[mixed].sum()),
        ceiling=float(counts[heads].sum() / len(x)),
    )


def label_encode(table: pa.Table) -> npt.NDArray[np.float64]:
    """Turn a table into numbers; each text column becomes the rank of its value among all values of that column.

    Wrong for anything but reproducing a study that did so: the ranks order what has no order, and a value that was
    never seen has no number.

    Shape:
        returns: [n, c] float64; NaN where a number is null.

    Example:
        >>> label_encode(pa.table({"proto": ["udp", "icmp", "udp"], "bytes": [7, 8, 9]})).tolist()
        [[1.0, 7.0], [0.0, 8.0], [1.0, 9.0]]
    """
    encoded = np.empty((table.num_rows, table.num_columns))
    for at, column in enumerate(table.columns):
        values = column.combine_chunks()
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            codes = values.dictionary_encode()
            ranks = pc.rank(codes.dictionary).to_numpy() - 1.0
            numbers = pc.take(pa.array(ranks), codes.indices)
        else:
            numbers = values.cast(pa.float64())
        encoded[:, at] = numbers.to_numpy(zero_copy_only=False)
    return encoded


def min_max(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale each column to 0..1 by its own extremes; a constant column becomes 0.

    Wrong for anything but reproducing a study that did so: fitted on all rows it tells training about the test rows,
    and one huge value presses all others to 0.

    Shape:
        x: [n, c] float64 without NaN, n > 0; returns the same shape.

    Example:
        >>> min_max(np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]])).tolist()
        [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    low, span = x.min(axis=0), np.ptp(x, axis=0)
    scaled: npt.NDArray[np.float64] = (x - low) / np.where(span == 0, 1, span)
    return scaled
