"""Look-ups: how much of the label a few columns give away, without any learning.

In: a code per row and classes. Out: the share of held-out rows whose class a table of the training rows names rightly:
for each value the class that most training rows with it had. What was not seen in training gets the commonest class.
The one idea: such a table cannot generalize. Where it is nearly right, a model need not have understood anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.data.explore.table import Codes, Doubles, Field, Table

HELD_OUT = 0.3
BINS = 256
DENSE = 1 << 25  # cells of a table of counts; more are numbered anew first
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Split:
    """A random split for look-ups.

    Args:
        train, held_out: Row numbers.
        family: Share of held-out rows that have the training rows' commonest class.
        binary: The same of benign and attack; None if no class is benign.
    """

    train: Codes
    held_out: Codes
    family: float
    binary: float | None


@dataclass(frozen=True)
class Right:
    """Share of held-out rows that a look-up names rightly, by class and, if a class is benign, benign or attack."""

    family: float
    binary: float | None


def split(table: Table, seed: int) -> Split:
    """Split the rows at random."""
    rows = np.random.default_rng(seed).permutation(len(table))
    held = round(HELD_OUT * len(table))
    empty = Split(np.sort(rows[held:]), np.sort(rows[:held]), 0.0, None)
    constant = look_up(table, np.zeros(len(table), np.int64), 1, empty)
    return Split(empty.train, empty.held_out, constant.family, constant.binary)


def look_up(table: Table, codes: Codes, size: int, parts: Split) -> Right:
    """Judge a look-up of `codes`.

    Args:
        table: The rows.
        codes: What is looked up, 0 to size - 1. [n]
        size: Number of codes.
        parts: Which rows it learns from, and which it is judged on.
    """
    k = len(table.classes)
    if size * k > DENSE:
        codes, size = compact(codes)
    y = table.y[parts.train]
    counts = np.bincount(codes[parts.train] * k + y, minlength=size * k).reshape(size, k)
    asked, truth = codes[parts.held_out], table.y[parts.held_out]
    seen = counts.sum(axis=1) > 0
    guess = np.where(seen, counts.argmax(axis=1), np.bincount(y, minlength=k).argmax() if len(y) else 0)
    family = float((guess[asked] == truth).mean()) if len(truth) else 0.0
    if not table.benign:
        return Right(family, None)
    attacks = counts.sum(axis=1) - counts[:, 0]
    attack = np.where(seen, attacks > counts[:, 0], (y > 0).sum() > (y == 0).sum())
    return Right(family, float((attack[asked] == (truth > 0)).mean()) if len(truth) else 0.0)


def ranges(numbers: Doubles, parts: Split) -> tuple[Codes, int]:
    """Number the range that each value lies in: up to 256, with about as many training rows in each.

    Shape:
        numbers: [n], NaN where there is none; the codes are [n] int64.
    """
    known = numbers[parts.train]
    known = known[np.isfinite(known)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    codes = np.searchsorted(edges, numbers, side="right").astype(np.int64)
    codes[np.isnan(numbers)] = len(edges) + 1
    return codes, len(edges) + 2


def together(first: tuple[Codes, int], second: tuple[Codes, int]) -> tuple[Codes, int]:
    """Number the pairs of two columns' values."""
    return compact(first[0] * second[1] + second[0])


def compact(codes: Codes) -> tuple[Codes, int]:
    """Number the values there are from 0."""
    found, numbered = np.unique(codes, return_inverse=True)
    return numbered.astype(np.int64), len(found)


def hashes(fields: Sequence[Field], *, meant: bool = False) -> list[Hashes]:
    """Return a random-looking number per row and column, equal for equal values.

    The exclusive or of some columns' numbers stands for the row in these columns: of 2 million different rows two agree
    by chance once in ten million tables.

    Args:
        fields: The columns.
        meant: Whether values that differ only in spelling are equal.
    """
    found = []
    for at, field in enumerate(fields):
        codes, size = (field.plain[field.codes], field.size) if meant else field.row_values()
        mixed = np.arange(size, dtype=np.uint64) + np.uint64((at + 1) << 40)
        # The finalizer of splitmix64 (Steele, Lea, Flood 2014).
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found.append((mixed ^ (mixed >> np.uint64(31)))[codes])
    return found


def rows_of(columns: Sequence[Hashes], rows: int) -> tuple[Codes, int]:
    """Number the distinct rows in some columns."""
    whole = np.zeros(rows, dtype=np.uint64)
    for column in columns:
        whole ^= column
    found, numbered = np.unique(whole, return_inverse=True)
    return numbered.astype(np.int64), len(found)


def ceiling(table: Table, codes: Codes, size: int) -> Right:
    """Return the best accuracy on all rows that anything could reach that sees only these codes."""
    k = len(table.classes)
    pairs, counts = np.unique(codes * k + table.y, return_counts=True)
    best = np.zeros(size, dtype=np.int64)
    np.maximum.at(best, pairs // k, counts)
    family = float(best.sum() / max(len(table), 1))
    if not table.benign:
        return Right(family, None)
    benign = np.bincount(codes[table.y == 0], minlength=size)
    attacks = np.bincount(codes[table.y > 0], minlength=size)
    return Right(family, float(np.maximum(benign, attacks).sum() / max(len(table), 1)))
