"""What a rule's condition is made of: tests of one column, joined by and, or, not.

In: the columns of a batch. Out: a mask of its rows. The one idea: every part is a value that can be compared, so a part
that several rules share is worked out once for a batch.
What is absent passes no test but that it is absent; `not` of a test is true of it.
Texts are compared as bytes, and without regard to case in ASCII only, where they are compared whole; patterns are RE2's
through Arrow, whose time is linear in the text.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.detect.sigma.columns import Columns, Mask
from redshank.detect.sigma.watchlist import Watchlist

COMPARISONS: dict[str, Callable[[npt.NDArray[np.int64] | npt.NDArray[np.float64], float], Mask]] = {
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
    "neq": np.not_equal,
}
FEW = 8
"""Numbers that are compared one by one: to search a list costs as much as some ten comparisons."""


class Test(ABC):
    """A condition, or a part of one."""

    __test__ = False  # nothing for pytest

    @cached_property
    def _value(self) -> tuple[object, ...]:
        return type(self), *(getattr(self, one.name) for one in fields(self))  # type: ignore[arg-type]  # each is a dataclass

    @cached_property
    def _hash(self) -> int:
        return hash(self._value)

    def __eq__(self, other: object) -> bool:
        """Tell whether both ask the same."""
        return self is other or (isinstance(other, Test) and self._value == other._value)

    def __hash__(self) -> int:
        """Return what is worked out once: it is asked for with every batch, and a condition may be deep."""
        return self._hash

    def of(self, columns: Columns) -> Mask:
        """Return the rows that pass; the mask is shared and must not be written to."""
        return columns.once(self, lambda: self._work(columns))  # type: ignore[return-value]  # what _work gives

    @abstractmethod
    def _work(self, columns: Columns) -> Mask:
        """Work it out."""


@dataclass(frozen=True, eq=False)
class All(Test):
    """Every part passes; true if there is none."""

    parts: tuple[Test, ...]

    def _work(self, columns: Columns) -> Mask:
        found = columns.everywhere
        for part in self.parts:
            found = found & part.of(columns)
            if not np.count_nonzero(found):
                break
        return found


@dataclass(frozen=True, eq=False)
class Any(Test):
    """Some part passes; false if there is none."""

    parts: tuple[Test, ...]

    def _work(self, columns: Columns) -> Mask:
        found = columns.nowhere
        for part in self.parts:
            found = found | part.of(columns)
        return found


@dataclass(frozen=True, eq=False)
class No(Test):
    """The part does not pass."""

    part: Test

    def _work(self, columns: Columns) -> Mask:
        return ~self.part.of(columns)


@dataclass(frozen=True, eq=False)
class Present(Test):
    """The flow has the column."""

    column: str

    def _work(self, columns: Columns) -> Mask:
        return columns.present(self.column)


@dataclass(frozen=True, eq=False)
class OneOf(Test):
    """The text is one of these.

    Args:
        column: A column of text.
        texts: In small letters, unless `cased`.
        cased: Whether case matters.
    """

    column: str
    texts: frozenset[str]
    cased: bool = False

    @cached_property
    def _wanted(self) -> frozenset[bytes]:
        return frozenset(text.encode(errors="replace") for text in self.texts)

    def _work(self, columns: Columns) -> Mask:
        return columns.among(self.column, self._wanted, cased=self.cased)


@dataclass(frozen=True, eq=False)
class Like(Test):
    """A part of the text fits a pattern.

    Args:
        column: A column of text.
        pattern: Of RE2, flags included.
    """

    column: str
    pattern: str

    def _work(self, columns: Columns) -> Mask:
        def test(texts: pa.Array) -> Mask:
            found: Mask = pc.match_substring_regex(texts, self.pattern).to_numpy(zero_copy_only=False)
            return found

        return columns.where(self.column, test)


@dataclass(frozen=True, eq=False)
class Equal(Test):
    """The number is one of these."""

    column: str
    numbers: frozenset[float]

    @cached_property
    def _wanted(self) -> npt.NDArray[np.float64]:
        return np.array(sorted(self.numbers))

    def _work(self, columns: Columns) -> Mask:
        values, present = columns.numbers(self.column)
        if len(self._wanted) > FEW:
            return present & np.isin(values, self._wanted)
        found = columns.nowhere
        for number in self._wanted:
            found = found | (values == number)
        return present & found


@dataclass(frozen=True, eq=False)
class Compare(Test):
    """The number lies beyond a limit.

    Args:
        column: A column of numbers.
        operator: A key of COMPARISONS.
        number: The limit.
    """

    column: str
    operator: str
    number: float

    def _work(self, columns: Columns) -> Mask:
        values, present = columns.numbers(self.column)
        return present & COMPARISONS[self.operator](values, self.number)


@dataclass(frozen=True, eq=False)
class Same(Test):
    """Two columns have the same value."""

    column: str
    other: str

    def _work(self, columns: Columns) -> Mask:
        equal = pc.equal(columns.flows.column(self.column), columns.flows.column(self.other))
        found: Mask = equal.fill_null(False).to_numpy(zero_copy_only=False)
        return found


@dataclass(frozen=True, eq=False)
class Within(Test):
    """The address lies in one of these networks.

    Args:
        column: A column of addresses.
        networks: First and last address of each, packed to 16 bytes.
    """

    column: str
    networks: tuple[tuple[bytes, bytes], ...]

    @cached_property
    def _watchlist(self) -> Watchlist:
        return Watchlist(self.networks)

    def _work(self, columns: Columns) -> Mask:
        return columns.where(self.column, lambda _: self._watchlist.has_addresses(columns.addresses(self.column)))


@dataclass(frozen=True, eq=False)
class Listed(Test):
    """The address or name is on a watchlist.

    Args:
        column: A column of addresses, or of text that is the name of a host.
        watchlist: The list; what is on it when the flows are looked at counts.
    """

    column: str
    watchlist: Watchlist

    def _work(self, columns: Columns) -> Mask:
        if not self.watchlist:
            return columns.nowhere
        if self.column in {"src_ip", "dst_ip"}:
            return columns.where(self.column, lambda _: self.watchlist.has_addresses(columns.addresses(self.column)))
        return columns.where(self.column, self.watchlist.has_names)
