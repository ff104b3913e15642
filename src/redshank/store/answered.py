"""Features of the questions that were answered last, each read once.

In: a connection, again and again. Out: questions and their raw feature values, the newest answer first. The one idea:
as in `store/spoken.py`, what was read stays true, so only what was answered since is read, and of that at most as much
as is kept.
"""

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from redshank.core.records import UNSURE
from redshank.store.database import FILE
from redshank.store.tables import LABELS, QUESTIONS

MOST = 5_000
"""Questions that are kept: 6.4 MB at most, of windows of 16 flows."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Questions with features of one kind, the newest answer first; the same object until another one is answered.

    Args:
        ids: The questions. [m]
        values: Their raw feature values. [m, c] float32
    """

    ids: list[str]
    values: npt.NDArray[np.float32]


class Answered:
    """Questions that somebody gave a family to, whether or not that stands; several threads may ask."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._begin(None)

    def _begin(self, file: object) -> None:
        self._file = file
        self._arrival = 0
        self._known: dict[str, tuple[str, bytes]] = {}
        self._rows: dict[tuple[str, int], Rows] = {}

    def read(self, sql: Connection) -> None:
        """Read what was answered since the last time; all, if another file is in the place of the store's."""
        with self._turn:
            if sql.info.get(FILE) != self._file:
                self._begin(sql.info.get(FILE))
            newer = (
                select(LABELS.c.arrival, QUESTIONS.c.id, QUESTIONS.c.fingerprint, QUESTIONS.c.x)
                .join(QUESTIONS, QUESTIONS.c.id == LABELS.c.question)
                .where(LABELS.c.arrival > self._arrival, LABELS.c.family.is_not(None), LABELS.c.family != UNSURE)
                .order_by(LABELS.c.arrival.desc())
                .limit(MOST)
            )
            for arrival, question, fingerprint, x in reversed(sql.execute(newer).all()):
                self._known.pop(question, None)
                self._known[question] = fingerprint, x
                self._arrival = arrival
                self._rows.clear()
            for question in list(self._known)[: max(len(self._known) - MOST, 0)]:
                del self._known[question]

    def like(self, fingerprint: str, size: int) -> Rows:
        """Return the questions with features of one kind, the newest answer first, and the values.

        Args:
            fingerprint: What computed them.
            size: Bytes of a row.
        """
        with self._turn:
            found = self._rows.get((fingerprint, size))
            if found is None:
                rows = [
                    (one, x) for one, (computed, x) in self._known.items() if computed == fingerprint and len(x) == size
                ]
                rows.reverse()
                values = np.frombuffer(b"".join(x for _, x in rows), dtype=np.float32)
                found = Rows([one for one, _ in rows], values.reshape(len(rows), size // 4))
                self._rows[fingerprint, size] = found
        return found
