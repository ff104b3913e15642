"""Whole groups to parts, so that every class is in every part where it has enough groups.

In: the group of each row, and its class and family. Out: row numbers of each part. The one idea: groups are few and of
very different size, so a random draw leaves some part without a family; here each class that has enough groups is
first given one group per part, then large groups go where they are missed most, and the best of some draws is taken.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.errors import ConfigError
from redshank.data.clean import Classes
from redshank.data.grouping import Grouping
from redshank.data.parts import PARTS

Rows = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

DRAWS = 8
"""Draws of which the most even is taken: a few hundred groups need no more, and seeds should differ."""
LARGEST = 500
"""Groups that are placed one by one, the largest; what is left moves no share and is drawn."""
FIRST = (0, 3, 2, 1)
"""Which part a scarce class is given to first: it must be trained on, then tested."""


def spread(counts: Doubles, shares: Sequence[float], seed: int, *, first: int = 0) -> Rows:
    """Give each group to a part.

    Args:
        counts: How many rows of each class a group has.
        shares: Share of each part, above 0; they sum to 1.
        seed: The same seed gives the same parts.
        first: So many of the classes, from the left, matter more than the others where groups are few.

    Shape:
        counts: [g, k]; g groups, k classes; returns: [g] int64, part of each group.

    Example:
        >>> sorted(spread(np.ones((4, 1)), (0.25, 0.25, 0.25, 0.25), seed=0).tolist())
        [0, 1, 2, 3]
    """
    wanted = np.asarray(shares, dtype=np.float64)
    weights = counts / np.maximum(counts.sum(axis=0), 1)
    drawn = [_draw(weights, wanted, np.random.default_rng([seed, draw]), first) for draw in range(DRAWS)]
    return min(drawn, key=lambda part: _unevenness(part, weights, wanted))


def by_group(
    groups: Grouping,
    number: Rows,
    y: Classes,
    family: npt.NDArray[np.str_],
    shares: Sequence[float],
    seed: int,
    tested: Sequence[int] = (),
    *,
    among: Rows | None = None,
) -> tuple[list[Rows], dict[str, Any]]:
    """Split rows so that no group is in two parts.

    Args:
        groups: The group of each row.
        number: Which rows are equal: a group counts by its distinct vectors, not by its rows.
        y: Class of each row; that every class is in every part matters more than that every family is.
        family: Family of each row.
        shares: Share of each part.
        seed: The same seed gives the same parts.
        tested: Groups that are the test part; the others make the other parts. Drawn if there are none.
        among: The rows to split; all if absent.

    Shape:
        number, y, family: [n]; among: [m] int64.

    Returns:
        Row numbers of each part, shuffled, and notes.

    Raises:
        ConfigError: If there are fewer groups than parts.
    """
    rows = np.arange(len(y)) if among is None else among
    present = np.unique(groups.number[rows])
    if len(present) < len(shares):
        raise ConfigError(
            f"by: there are {len(present)} groups by {groups.by}, a split into {len(shares)} parts needs as many"
        )
    names, kind = np.unique(family, return_inverse=True)
    counts = _counts(groups, number, rows, y, kind, len(names))
    first = int(y.max()) + 1
    part = np.full(len(groups.names), -1, dtype=np.int64)
    free = np.setdiff1d(present, tested)
    if len(tested):
        part[np.asarray(tested)] = len(shares) - 1
        before = np.asarray(shares[:-1])
        part[free] = spread(counts[free], before / before.sum(), seed, first=first)
    else:
        part[free] = spread(counts[free], shares, seed, first=first)
    placed = part[groups.number[rows]]
    shuffle = np.random.default_rng(seed)
    made = [shuffle.permutation(rows[placed == at]) for at in range(len(shares))]
    lacking = {
        str(name): ", ".join(which)
        for at, name in enumerate(names)
        if (kind[rows] == at).any()
        and (which := [PARTS[p] for p in range(len(shares)) if not (kind[made[p]] == at).any()])
    }
    notes: dict[str, Any] = {
        "groups": groups.by,
        "groups_per_part": {PARTS[at]: int((part == at).sum()) for at in range(len(shares))},
    }
    if lacking:
        notes["families_missing_from_parts"] = [f"{name} ({which})" for name, which in lacking.items()]
    return made, notes


def _counts(groups: Grouping, number: Rows, rows: Rows, y: Classes, kind: Rows, families: int) -> Doubles:
    """Count the distinct vectors of each group by class, then by family."""
    counts = np.zeros((len(groups.names), int(y.max()) + 1 + families))
    offset = int(y.max()) + 1
    # A group, a vector and a family in one number: with four million rows it stays below 2 ** 63.
    triple = (groups.number[rows] * (int(number.max()) + 1) + number[rows]) * families + kind[rows]
    once = rows[np.unique(triple, return_index=True)[1]]
    np.add.at(counts, (groups.number[once], y[once]), 1)
    np.add.at(counts, (groups.number[once], offset + kind[once]), 1)
    return counts


def _draw(weights: Doubles, shares: Doubles, rng: np.random.Generator, first: int) -> Rows:
    groups, classes = weights.shape
    part = np.full(groups, -1, dtype=np.int64)
    have = np.zeros((len(shares), classes))

    def place(group: int, at: int) -> None:
        part[group] = at
        have[at] += weights[group]

    holders = (weights > 0).sum(axis=0)
    for kind in np.lexsort((holders, np.arange(classes) >= first)):
        for at in FIRST if len(shares) == len(FIRST) else range(len(shares)):
            if have[at, kind] > 0:
                continue
            free = np.flatnonzero((part < 0) & (weights[:, kind] > 0))
            if len(free):
                # A group about as large as the part's share: a larger one would leave the others without.
                miss = np.abs(np.log(weights[free, kind] / shares[at])) + rng.gumbel(size=len(free))
                place(int(free[np.argmin(miss)]), at)
    size = weights.max(axis=1) * np.exp(0.3 * rng.normal(size=groups))
    left = np.flatnonzero(part < 0)
    left = left[np.argsort(-size[left], kind="stable")]
    for group in left[:LARGEST]:
        w = weights[group]
        cost = ((2 * w * (have - shares[:, None]) + w**2) / shares[:, None]).sum(axis=1)
        place(int(group), int(np.argmin(cost)))
    part[left[LARGEST:]] = rng.choice(len(shares), size=max(len(left) - LARGEST, 0), p=shares)
    return part


def _unevenness(part: Rows, weights: Doubles, shares: Doubles) -> float:
    have = np.zeros((len(shares), weights.shape[1]))
    np.add.at(have, part, weights)
    missing = (have == 0) & ((weights > 0).sum(axis=0) >= len(shares))
    return float(((have - shares[:, None]) ** 2 / shares[:, None]).sum() + 10 * missing.sum())
