"""Which rows of a dataset belong together: the same two devices, the same source, the same capture.

In: labelled rows and what groups are made of. Out: a number per row and a name per number. The one idea: what one
device says again and again must not be on both sides of a split, and an average over rows hides that one pair of
devices makes most of the false alarms.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives
from redshank.data.dataset import Labelled

HOST_PAIR, SOURCE, CAPTURE = "host_pair", "source", "capture"
ABSENT = "-"
"""Name of the group of rows that do not say which group they are in."""


@dataclass(frozen=True)
class Grouping:
    """The group of each row.

    Args:
        by: What the groups are: "host_pair", "source", "capture" or a column.
        number: Group of each row, 0 to g - 1. [n] int64
        names: Name of each group. [g]
    """

    by: str
    number: npt.NDArray[np.int64]
    names: tuple[str, ...]


def grouping(labelled: Labelled, by: str) -> Grouping:
    """Group the rows of a dataset.

    Args:
        labelled: The dataset.
        by: "host_pair": the two addresses, whichever spoke first. "source": the address that spoke first. "capture":
            the file or scenario that the row comes from. Or a column of the dataset's own table.

    Raises:
        ConfigError: If the dataset does not know what groups are to be made of; what it knows is listed.
    """
    flows, own = labelled.flows, labelled.own
    if by not in known_groupings(labelled):
        columns = own.table.column_names if own else []
        offered = alternatives(by, [*known_groupings(labelled), *columns])
        if by not in columns or own is None:
            raise ConfigError(f"by: '{labelled.name}' cannot be grouped by '{by}'; {offered}")
        return _numbered(by, pc.cast(own.table[by].combine_chunks(), pa.string()))
    if by == CAPTURE and labelled.capture is not None:
        return _numbered(by, pa.array(labelled.capture.tolist(), pa.string()))
    if by == SOURCE:
        return _numbered(by, flows.column("src_ip"))
    ends = [pc.fill_null(flows.column(name), ABSENT) for name in ("src_ip", "dst_ip")]
    swapped = pc.greater(ends[0], ends[1])
    low, high = pc.if_else(swapped, ends[1], ends[0]), pc.if_else(swapped, ends[0], ends[1])
    return _numbered(by, pc.binary_join_element_wise(low, high, " "))


def known_groupings(labelled: Labelled) -> Sequence[str]:
    """Name what the rows of a dataset can be grouped by, beside its own columns."""
    flows = labelled.flows
    addressed = flows.column("src_ip").null_count < len(flows)
    return [*([HOST_PAIR, SOURCE] if addressed else []), *([CAPTURE] if labelled.capture is not None else [])]


def usual_grouping(labelled: Labelled) -> Grouping | None:
    """Return the groups that figures are told by unless a protocol says otherwise: pairs of devices, else captures."""
    known = known_groupings(labelled)
    by = next((by for by in (HOST_PAIR, CAPTURE) if by in known), None)
    return None if by is None else grouping(labelled, by)


def _numbered(by: str, values: pa.Array) -> Grouping:
    codes = pc.fill_null(values, ABSENT).dictionary_encode()
    number = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Grouping(by, number, tuple(codes.dictionary.to_pylist()))
