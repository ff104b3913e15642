"""From rows and their model input to parts: equal vectors merged, repeats across parts found.

In: per part, which rows of the dataset it has and what a model sees of them. Out: a `Draft` of parts and what was
counted on the way. The one idea: copies of one vector on both sides of a split let a model look up the answer, so a
vector belongs to the first part that holds it, and what that costs is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redshank.data.clean import Classes, Distinct, Floats, deduplicate, groups
from redshank.data.encoding import Rows
from redshank.data.parts import MEMBER, OTHER_FAMILY, PARTS, Part


@dataclass(frozen=True)
class Draft:
    """Parts, and what became of the rows.

    Args:
        parts: Train, validation, calibration and test.
        rows: Rows of the dataset that went in.
        conflicts: Vectors whose rows do not all have one class.
        conflict_rows: Rows of those vectors.
        ceiling: The best row accuracy that any model of these vectors can reach on them, 0 to 1.
        seen: Per part: vectors and rows that an earlier part holds too.
        dropped: Whether they were left out.
    """

    parts: tuple[Part, ...]
    rows: int
    conflicts: int = 0
    conflict_rows: int = 0
    ceiling: float = 1.0
    seen: tuple[tuple[int, int], ...] = ()
    dropped: bool = False

    def seen_notes(self) -> dict[str, dict[str, int]]:
        """Return what a table of results must say of vectors in two parts; nothing, if there were none."""
        what = "dropped_as_seen" if self.dropped else "seen_before"
        counts: dict[str, int] = {}
        for name, (vectors, rows) in zip(PARTS, self.seen, strict=True):
            if vectors:
                counts |= {f"{name} vectors": vectors, f"{name} rows": rows}
        return {what: counts} if counts else {}


def whole(x: Sequence[Floats], y: Classes, rows: Sequence[Rows]) -> Draft:
    """Make every row a row of its part."""
    parts = [Part(values, y[at], np.ones(len(at), np.float32), at) for values, at in zip(x, rows, strict=True)]
    return Draft(tuple(parts), sum(map(len, rows)))


def merged(x: Sequence[Floats], y: Classes, rows: Sequence[Rows], *, drop_seen: bool) -> Draft:
    """Merge equal vectors within each part, and find those that an earlier part holds.

    Args:
        x: Model input of each part's rows.
        y: Class of each row of the dataset; `OTHER_FAMILY` where no class stands for it.
        rows: Rows of each part.
        drop_seen: Whether a vector that an earlier part holds is left out.

    Shape:
        x: per part [n_i, c] float32; rows: per part [n_i] int64; y: [N] int64.
    """
    ends = np.cumsum([0, *map(len, rows)])
    number = groups(np.concatenate(list(x)))
    owner = np.full(number.max(initial=-1) + 1, len(rows))
    np.minimum.at(owner, number, np.repeat(np.arange(len(rows)), np.diff(ends)))
    beyond = int(y.max(initial=0)) + 1
    parts, found, seen = [], [], []
    for at, (values, held) in enumerate(zip(x, rows, strict=True)):
        mine = number[ends[at] : ends[at + 1]]
        old = owner[mine] < at
        seen.append((len(np.unique(mine[old])), int(old.sum())))
        if drop_seen and old.any():
            values, held = values[~old], held[~old]  # noqa: PLW2901  the part is what is left of it
        if not len(held):
            parts.append(whole([values], y, [held]).parts[0])
            continue
        group = groups(values)
        # `deduplicate` counts classes from 0: another family is one beyond the last.
        distinct = deduplicate(values, np.where(y[held] == OTHER_FAMILY, beyond, y[held]), group)
        found.append((distinct, len(held)))
        parts.append(_part(distinct, group, held, beyond))
    rows_left = sum(count for _, count in found)
    return Draft(
        tuple(parts),
        rows=int(ends[-1]),
        conflicts=sum(distinct.conflicts for distinct, _ in found),
        conflict_rows=sum(distinct.conflict_rows for distinct, _ in found),
        ceiling=sum(distinct.ceiling * count for distinct, count in found) / max(rows_left, 1),
        seen=tuple(seen),
        dropped=drop_seen,
    )


def _part(distinct: Distinct, group: Rows, held: Rows, beyond: int) -> Part:
    members = np.empty(len(held), dtype=MEMBER)
    members["vector"], members["row"] = group, held
    minority = distinct.minority
    minority["y"][minority["y"] == beyond] = OTHER_FAMILY
    y = np.where(distinct.y == beyond, OTHER_FAMILY, distinct.y)
    return Part(distinct.x, y, distinct.weight, held[distinct.row], minority, members)
