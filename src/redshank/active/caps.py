"""How many questions a device, or a kind of flow, may have.

In: which group each row of a pool is in, and how many questions a group may have. Out: an `Admit`. The one idea: who
controls a share of the traffic can make it look as doubtful as he likes, so doubt alone must not decide how many
questions go there. A cap counts groups, not rows: more rows of one kind gain nothing. A gateway runs this too.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
DEVICE_SHARE = 0.2
"""Of a round's questions, and of all, that one device may have."""
FAIR = 2.0
"""Times its equal share that a device may have where there are few."""


class Admit(ABC):
    """Which questions may be asked."""

    def still(self, rows: Rows) -> Rows:
        """Return the rows that may be asked at all, in their order; others are no candidates."""
        return rows

    @abstractmethod
    def __call__(self, rows: Rows, size: int) -> Rows:
        """Return the rows that may be asked in a round, in their order; it counts nothing, and may be tried again.

        Args:
            rows: In the order they would be asked.
            size: How many may be.
        """

    def count(self, rows: Rows) -> None:  # noqa: B027  most need not know
        """Take note of the rows that a round asks."""


@dataclass(frozen=True)
class Cap:
    """How many questions a group may have.

    Args:
        once: In one round, as a share of its questions, 0 to 1; one question at least.
        ever: Over all rounds, 1 or more.
        share: Of all questions so far, 0 to 1, where that is more than `ever`: a long campaign may come back.
    """

    once: float = 0.2
    ever: int = 20
    share: float = 0.02


class Guard(Admit):
    """Admits questions up to a cap for each group.

    Args:
        group_of: The group of each row of the pool, for each sort of group; all bind a row. A negative number is no
            group, and such rows are not bounded.
        caps: The cap of each sort.
        asked: Rows that were asked before.

    Raises:
        ValueError: If a cap admits nothing, or there is not one for each sort.

    Example:
        >>> guard = Guard([np.array([0, 0, 0, 1, 1])], [Cap(once=0.0, ever=2, share=0.0)])
        >>> for _ in range(3):
        ...     asked = guard(guard.still(np.arange(5)), 3)
        ...     guard.count(asked)
        ...     print(asked.tolist())
        [0, 3]
        [0, 3]
        []
    """

    def __init__(self, group_of: Sequence[Rows], caps: Sequence[Cap], asked: Rows | None = None) -> None:
        for cap in caps:
            if cap.ever < 1 or not (0 <= cap.once <= 1 and 0 <= cap.share <= 1):
                raise ValueError(f"{cap}: ever is 1 or more, once and share are 0 to 1")
        self._sorts = list(zip(group_of, caps, strict=True))
        self._had = [np.zeros(int(group.max(initial=-1)) + 1, np.int64) for group in group_of]
        self._asked = 0
        if asked is not None:
            self.count(asked)

    def still(self, rows: Rows) -> Rows:
        """See `Admit.still`: rows of groups that had all their questions are out."""
        may = np.ones(len(rows), np.bool_)
        for (group, cap), had in zip(self._sorts, self._had, strict=True):
            of = group[rows]
            may[of >= 0] &= had[of[of >= 0]] < self._most(cap)
        return rows[may]

    def __call__(self, rows: Rows, size: int) -> Rows:
        """See `Admit`: the first rows that no cap forbids."""
        now = [np.zeros_like(had) for had in self._had]
        most = [(max(1, int(cap.once * size)), self._most(cap)) for _, cap in self._sorts]
        admitted: list[int] = []
        for row in rows.tolist():
            if len(admitted) >= size:
                break
            at = [int(group[row]) for group, _ in self._sorts]
            if all(
                one < 0 or (new[one] < once and had[one] + new[one] < ever)
                for one, new, had, (once, ever) in zip(at, now, self._had, most, strict=True)
            ):
                admitted.append(row)
                for one, new in zip(at, now, strict=True):
                    if one >= 0:
                        new[one] += 1
        return np.array(admitted, dtype=np.int64)

    def count(self, rows: Rows) -> None:
        """See `Admit.count`."""
        self._asked += len(rows)
        for (group, _), had in zip(self._sorts, self._had, strict=True):
            np.add.at(had, group[rows][group[rows] >= 0], 1)

    def _most(self, cap: Cap) -> int:
        return max(cap.ever, int(cap.share * self._asked))


def by_device(devices: Sequence[str | None]) -> tuple[Rows, Cap]:
    """Return the number of each row's device, and what one of them may have.

    Args:
        devices: Addresses, at least one.

    Example:
        >>> by_device(["10.0.0.2", "10.0.0.1", "10.0.0.2", None])[0].tolist()
        [2, 1, 2, 0]
    """
    number = np.unique([device or "" for device in devices], return_inverse=True)[1].astype(np.int64)
    share = min(1.0, max(DEVICE_SHARE, FAIR / (int(number.max()) + 1)))
    return number, Cap(once=share, share=share)
