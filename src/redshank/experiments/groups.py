"""Figures per group of rows: a device pair that raises most of the false alarms must not hide in an average.

In: who was called an attack, and parts that know their groups. Out: a rate per group, each distinct vector of a group
counted once.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.data.parts import Part, Parts


def group_of(parts: Parts, part: Part, by: str) -> npt.NDArray[np.int64]:
    """Return the group of each row of a part; a vector of several groups is in the one of its first row.

    Args:
        parts: Parts that know their groups.
        part: One of them, or some rows of it.
        by: What groups are, for example "host_pair".

    Shape:
        returns: [n] int64; n = len(part).
    """
    return parts.groups[by].number[part.row]


def each_row(part: Part, values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the rows of the dataset that a part stands for, and the value that each one's vector has.

    Args:
        part: The part.
        values: One per vector.

    Shape:
        values: [n], n = len(part); returns: [m], [m], by row.
    """
    if part.members is None:
        vector, row = np.arange(len(part)), part.row
    else:
        vector, row = part.members["vector"], part.members["row"]
    order = np.argsort(row, kind="stable")
    return row[order], values[vector[order]]


def false_alarms_by_group(alarm: npt.NDArray[np.bool_], parts: Parts, by: str) -> npt.NDArray[np.float64]:
    """Return the share of benign test vectors that were called an attack, for each group that has any.

    Args:
        alarm: Which test rows were called an attack.
        parts: Parts that know their groups.
        by: What groups are.

    Shape:
        alarm: [n] bool, n = len(parts.test); returns: [g].
    """
    row, vector = each_row(parts.test, np.arange(len(parts.test)))
    benign = parts.test.y[vector] == 0
    once = np.unique(np.stack([parts.groups[by].number[row[benign]], vector[benign]]), axis=1)
    _, place = np.unique(once[0], return_inverse=True)
    rates: npt.NDArray[np.float64] = np.bincount(place, weights=alarm[once[1]]) / np.bincount(place)
    return rates
