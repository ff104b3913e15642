"""Labels of a store, each read once.

In: a connection, again and again. Out: every label that was ever given, by its id and by its question, and each
annotator's word. The one idea: labels are only ever appended, and arrive in order, so what was read stays true and only
what is newer is read. A site with thousands of labels then still gets its next question at once.
"""

import threading
from collections.abc import Mapping

from sqlalchemy import Connection, select

from redshank.core.records import UNSURE, Label
from redshank.store.database import FILE
from redshank.store.history import settled, words
from redshank.store.tables import LABELS

FIELDS = [column for column in LABELS.c if column.name != "arrival"]


class Spoken:
    """What was said so far; several threads may ask."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._begin(None)

    def _begin(self, file: object) -> None:
        self._file = file
        self._arrival = 0
        self.labels: list[Label] = []
        """In the order in which they arrived."""
        self.by_id: dict[str, Label] = {}
        self._of: dict[str, list[Label]] = {}
        self._words: dict[str, dict[str, Label]] = {}
        self._settled: set[str] = set()
        self._sure: set[str] = set()
        self._expire: set[str] = set()
        self.families: set[str] = set()
        """That people named, whether or not it stands."""

    def read(self, sql: Connection) -> None:
        """Read what arrived since the last time; all, if another file is in the place of the store's."""
        with self._turn:
            if sql.info.get(FILE) != self._file:
                self._begin(sql.info.get(FILE))
            newly = set[str]()
            newer = select(LABELS.c.arrival, *FIELDS).where(LABELS.c.arrival > self._arrival).order_by(LABELS.c.arrival)
            for arrival, *values in sql.execute(newer):
                label = Label(*values)
                self.labels.append(label)
                self.by_id[label.id] = label
                self._of.setdefault(label.question, []).append(label)
                self._words.pop(label.question, None)
                self._arrival = arrival
                newly.add(label.question)
                if label.family is not None and label.family != UNSURE:
                    self.families.add(label.family)
            for question in newly:
                self._sort(question)

    def _sort(self, question: str) -> None:
        self._settled.discard(question)
        self._sure.discard(question)
        if any(label.expires_at_s is not None for label in self.of(question)):
            self._expire.add(question)
            return
        said = self.words(question, 0.0)
        if settled(said, 1):
            self._settled.add(question)
        if _is_sure(said):
            self._sure.add(question)

    def settled(self, now_s: float) -> set[str]:
        """Return the questions that labels settle if one sure word is enough and none is in doubt.

        Args:
            now_s: The time, s since the epoch.
        """
        with self._turn:
            return self._settled.union(one for one in self._expire if settled(self.words(one, now_s), 1))

    def sure(self, now_s: float) -> set[str]:
        """Return the questions to which somebody gave a sure answer that stands.

        Args:
            now_s: The time, s since the epoch.
        """
        with self._turn:
            return self._sure.union(one for one in self._expire if _is_sure(self.words(one, now_s)))

    def of(self, question: str) -> list[Label]:
        """Return the labels of a question, in the order in which they arrived."""
        return self._of.get(question, [])

    def words(self, question: str, now_s: float) -> dict[str, Label]:
        """Return each annotator's word on a question; see `history.words`."""
        found = self._words.get(question)
        if found is None:
            said = self.of(question)
            found = words(said, now_s)
            if all(label.expires_at_s is None for label in said):  # else it is another one later
                self._words[question] = found
        return found


def _is_sure(said: Mapping[str, Label]) -> bool:
    return any(label.family != UNSURE for label in said.values())
