"""What a rule's condition is made of: tests of one column, joined by and, or, not.

In: the columns of a batch. Out: a mask of its rows. The one idea: every part is a value that can be compared, so a part
that several rules share is worked out once for a batch.
What is absent passes no test but that it is absent; `not` of a test is true of it.
Texts are compared as bytes, and without regard to case in ASCII only, where they are compared whole; patterns are RE2's
through Arrow, whose time is linear in the text.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.detect.sigma.columns import Columns, Mask, binary
from redshank.detect.sigma.watchlist import Watchlist

COMPARISONS: dict[str, Callable[[npt.NDArray[np.int64] | npt.NDArray[np.float64], float], Mask]] = {
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
    "neq": np.not_equal,
}


class Test(ABC):
    """A condition, or a part of one."""

    __test__ = False  # nothing for pytest

    def of(self, columns: Columns) -> Mask:
        """Return the rows that pass; the mask is shared and must not be written to."""
        return columns.once(self, lambda: self._work(columns))  # type: ignore[return-value]  # what _work gives

    @abstractmethod
    def _work(self, columns: Columns) -> Mask:
        """Work it out."""


@dataclass(frozen=True)
class All(Test):
    """Every part passes; true if there is none."""

    parts: tuple[Test, ...]

    def _work(self, columns: Columns) -> Mask:
        found = np.ones(columns.rows, dtype=np.bool_)
        for part in self.parts:
            found &= part.of(columns)
            if not found.any():
                break
        return found


@dataclass(frozen=True)
class Any(Test):
    """Some part passes; false if there is none."""

    parts: tuple[Test, ...]

    def _work(self, columns: Columns) -> Mask:
        found = np.zeros(columns.rows, dtype=np.bool_)
        for part in self.parts:
            found |= part.of(columns)
        return found


@dataclass(frozen=True)
class No(Test):
    """The part does not pass."""

    part: Test

    def _work(self, columns: Columns) -> Mask:
        return ~self.part.of(columns)


@dataclass(frozen=True)
class Present(Test):
    """The flow has the column."""

    column: str

    def _work(self, columns: Columns) -> Mask:
        return columns.present(self.column)


@dataclass(frozen=True)
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

    def _work(self, columns: Columns) -> Mask:
        wanted = pa.array([text.encode(errors="replace") for text in sorted(self.texts)], pa.binary())

        def test(texts: pa.Array) -> Mask:
            own = texts if self.cased else pc.ascii_lower(texts)
            found: Mask = pc.is_in(binary(own), wanted).to_numpy(zero_copy_only=False)
            return found

        return columns.where(self.column, test)


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Equal(Test):
    """The number is one of these."""

    column: str
    numbers: frozenset[float]

    def _work(self, columns: Columns) -> Mask:
        values, present = columns.numbers(self.column)
        return present & np.isin(values, np.array(sorted(self.numbers)))


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Same(Test):
    """Two columns have the same value."""

    column: str
    other: str

    def _work(self, columns: Columns) -> Mask:
        equal = pc.equal(columns.flows.column(self.column), columns.flows.column(self.other))
        found: Mask = equal.fill_null(False).to_numpy(zero_copy_only=False)
        return found


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
            return np.zeros(columns.rows, dtype=np.bool_)
        if self.column in {"src_ip", "dst_ip"}:
            return columns.where(self.column, lambda _: self.watchlist.has_addresses(columns.addresses(self.column)))
        return columns.where(self.column, self.watchlist.has_names)
