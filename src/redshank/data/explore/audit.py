"""The leakage audit: what in a table names the class without saying anything of traffic.

In: a `Table`. Out: an `Audit`, figures only; `report/findings.py` says what they mean. Five questions:

- which single columns and pairs of columns look the class up, judged on held-out rows;
- how many rows have copies, and how many held-out rows a random split has shown to training already;
- whether the file is sorted, and which columns rise with it;
- whether one value is spelled differently in different classes;
- what the best of all models could reach, with and without the columns that name devices, ports and moments.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.data.explore.lookup import Right, Split, ceiling, hashes, look_up, ranges, rows_of, split, together
from redshank.data.explore.table import ADDRESSES, PORTS, Codes, Field, Table, plain_name

PAIRED = 12
"""Columns, the most telling ones, of which all pairs are looked up."""
POSITIONS, SLOT_ROWS = 1024, 8
"""Most ranges of the place in the file, and least rows in each: with fewer no training row says what is there."""
ONE_SPELLING = "without identifiers, each value in one spelling"
SHOWN_SPELLINGS = 6
RISING_VALUES = 10  # a column of fewer values is no order of the file


@dataclass(frozen=True)
class LookUp:
    """How well some columns alone name the class.

    Args:
        columns: One name or two.
        identifier: Whether all of them name devices, ports, rows or moments.
        ranged: Whether ranges of the numbers were looked up and not the numbers themselves.
        right: Share of held-out rows named rightly.
        closes: How much of the way from the commonest class to no mistake it goes, 0 to 1; of the two tasks the more.
    """

    columns: tuple[str, ...]
    identifier: bool
    ranged: bool
    right: Right
    closes: float


@dataclass(frozen=True)
class ColumnSet:
    """Rows in some of the columns.

    Args:
        name: Which columns.
        columns: How many.
        distinct: Distinct rows.
        copies: Rows that repeat an earlier one.
        seen: Share of held-out rows that a random split shows to training too.
        ceiling: The best accuracy that any model of these columns can reach on these rows.
    """

    name: str
    columns: int
    distinct: int
    copies: int
    seen: float
    ceiling: Right


@dataclass(frozen=True)
class Rising:
    """A column that follows the order of the rows.

    Args:
        name: Its name.
        correlation: Spearman's with the row number.
        steps_up: Of the rows whose value differs from the one before, the share where it is higher.
        counts: Share of rows whose value is the one before plus 1.
    """

    name: str
    correlation: float
    steps_up: float
    counts: float


@dataclass(frozen=True)
class Order:
    """How the file is sorted.

    Args:
        blocks: Runs of rows of one class.
        shuffled: How many there would be on average if the rows were shuffled.
        position: Look-up of the place in the file, in up to 1,024 ranges.
        closes: As in `LookUp`.
        rising: Columns that follow the order, the strictest first.
    """

    blocks: int
    shuffled: float
    position: Right
    closes: float
    rising: tuple[Rising, ...]


@dataclass(frozen=True)
class Spelled:
    """A column in which one value is written in several ways.

    Args:
        name: The column.
        merged: How many spellings are another of the same value.
        written: Look-up of what is written.
        plain: Look-up of the value.
        one_sided: Share of all rows whose spelling only attacks or only benign rows use, though both have the value.
        examples: Spelling, benign rows, attack rows, of the values concerned; commonest first.
    """

    name: str
    merged: int
    written: Right
    plain: Right
    one_sided: float
    examples: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Audit:
    """What the audit measured.

    Args:
        parts: The random split; its two shares are what the commonest class gets.
        singles, pairs: Look-ups, the most telling first.
        sets: Rows in all columns, then in fewer.
        order: Of the file.
        spelled: Columns with several spellings of one value.
    """

    parts: Split
    singles: tuple[LookUp, ...]
    pairs: tuple[LookUp, ...]
    sets: tuple[ColumnSet, ...]
    order: Order
    spelled: tuple[Spelled, ...]


def audit(
    table: Table,
    identifiers: frozenset[str],
    row_ranks: Callable[[Field], npt.NDArray[np.float32]],
    *,
    seed: int = 0,
    told: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Audit a table with at least two classes.

    Args:
        table: The rows.
        identifiers: Columns that name a device, a port, a row, a moment or the answer.
        row_ranks: Gives the rank of each row's number in a column.
        seed: Of the random split.
        told: Is called with what is done next.
    """
    parts = split(table, seed)
    told("looking up single columns")
    singles = sorted((_single(table, field, identifiers, parts) for field in table.fields), key=lambda one: -one.closes)
    told("looking up pairs of columns")
    pairs = _pairs(table, [one.columns[0] for one in singles[:PAIRED]], identifiers, parts)
    told("counting copies")
    sets = _sets(table, identifiers, parts)
    told("looking at the order of the rows")
    order = _order(table, parts, row_ranks)
    told("comparing spellings")
    spelled = [_spelled(table, field, parts) for field in table.fields if field.merged]
    return Audit(parts, tuple(singles), pairs, sets, order, tuple(sorted(spelled, key=lambda one: -one.one_sided)))


def closes(right: Right, parts: Split) -> float:
    """Return how much of the way from the commonest class to no mistake a look-up goes; of the two tasks the more."""
    ways = [(right.family - parts.family) / (1 - parts.family)] if parts.family < 1 else [0.0]
    if right.binary is not None and parts.binary is not None and parts.binary < 1:
        ways.append((right.binary - parts.binary) / (1 - parts.binary))
    return max(0.0, *ways)


def _single(table: Table, field: Field, identifiers: frozenset[str], parts: Split) -> LookUp:
    right = look_up(table, *field.row_values(), parts)
    best = LookUp((field.name,), field.name in identifiers, ranged=False, right=right, closes=closes(right, parts))
    if field.numbers is None or field.size < 300:
        return best
    right = look_up(table, *ranges(field.row_numbers(), parts), parts)
    ranged = LookUp((field.name,), field.name in identifiers, ranged=True, right=right, closes=closes(right, parts))
    return max(best, ranged, key=lambda one: one.closes)


def _pairs(table: Table, names: Sequence[str], identifiers: frozenset[str], parts: Split) -> tuple[LookUp, ...]:
    fields = {field.name: field.row_values() for field in table.fields if field.name in names}
    found = []
    for first, second in itertools.combinations(names, 2):
        right = look_up(table, *together(fields[first], fields[second]), parts)
        named = {first, second} <= identifiers
        found.append(LookUp((first, second), named, ranged=False, right=right, closes=closes(right, parts)))
    return tuple(sorted(found, key=lambda one: -one.closes))


def _sets(table: Table, identifiers: frozenset[str], parts: Split) -> tuple[ColumnSet, ...]:
    names = [field.name for field in table.fields]
    addresses = {name for name in names if plain_name(name) in ADDRESSES}
    ports = {name for name in names if plain_name(name) in PORTS}
    wanted = {
        "all columns": set[str](),
        "without addresses": addresses,
        "without addresses and ports": addresses | ports,
        "without identifiers": addresses | ports | identifiers,
    }
    columns = hashes(table.fields)
    found: list[ColumnSet] = []
    before: set[str] | None = None
    if any(field.merged for field in table.fields if field.kind == "text" and field.name not in identifiers):
        wanted[ONE_SPELLING] = wanted["without identifiers"]
    for name, dropped in wanted.items():
        if (dropped == before and name != ONE_SPELLING) or len(dropped) == len(names):
            continue
        before = dropped
        columns = hashes(table.fields, meant=True) if name == ONE_SPELLING else columns
        kept = [column for column, called in zip(columns, names, strict=True) if called not in dropped]
        codes, size = rows_of(kept, len(table))
        there = np.zeros(size, dtype=bool)
        there[codes[parts.train]] = True
        seen = float(there[codes[parts.held_out]].mean()) if len(parts.held_out) else 0.0
        found.append(ColumnSet(name, len(kept), size, len(table) - size, seen, ceiling(table, codes, size)))
    return tuple(found)


def _order(table: Table, parts: Split, row_ranks: Callable[[Field], npt.NDArray[np.float32]]) -> Order:
    n = len(table)
    shares = np.bincount(table.y) / n
    blocks = 1 + int((np.diff(table.y) != 0).sum())
    slots = max(min(POSITIONS, n // SLOT_ROWS), 1)
    position: Codes = np.arange(n) * slots // n
    right = look_up(table, position, slots, parts)
    rising = []
    for field in table.fields:
        if field.numbers is None or field.size <= RISING_VALUES:
            continue
        rank = row_ranks(field)
        there = np.flatnonzero(np.isfinite(rank))
        if len(there) < n / 2 or np.ptp(rank[there]) == 0:
            continue
        correlation = float(np.corrcoef(there.astype(np.float64), rank[there].astype(np.float64))[0, 1])
        steps = np.diff(field.row_numbers()[there])
        moved = steps[steps != 0]
        up = float((moved > 0).mean()) if len(moved) > len(steps) / 10 else 0.5
        one = Rising(field.name, correlation, up, float((steps == 1).mean()))
        if abs(correlation) > 0.9 or not 0.05 < up < 0.95 or one.counts > 0.9:
            rising.append(one)
    rising.sort(key=lambda one: -max(abs(one.correlation), one.counts))
    return Order(blocks, float(1 + (n - 1) * (1 - (shares**2).sum())), right, closes(right, parts), tuple(rising))


def _spelled(table: Table, field: Field, parts: Split) -> Spelled:
    written = look_up(table, field.codes, field.size, parts)
    plain = look_up(table, field.plain[field.codes], int(field.plain.max()) + 1, parts)
    side = (table.y > 0).astype(np.int64)  # without a benign class: the first class against the others
    counts = np.bincount(field.codes * 2 + side, minlength=2 * field.size).reshape(-1, 2)
    whole = np.zeros((int(field.plain.max()) + 1, 2), dtype=np.int64)
    np.add.at(whole, field.plain, counts)
    several = np.bincount(field.plain, weights=counts.sum(axis=1) > 0)[field.plain] > 1
    both = np.asarray((whole > 0).all(axis=1))[field.plain]
    one_sided = several & both & (counts == 0).any(axis=1)
    rows = counts.sum(axis=1)
    at = np.flatnonzero(several & (rows > 0) & ~field.absent)
    at = at[np.lexsort((-rows[at], field.plain[at], -whole.sum(axis=1)[field.plain[at]]))][:SHOWN_SPELLINGS]
    return Spelled(
        field.name,
        field.merged,
        written,
        plain,
        float(counts[one_sided].sum() / len(table)),
        tuple((field.text(int(code)), int(counts[code, 0]), int(counts[code, 1])) for code in at),
    )
