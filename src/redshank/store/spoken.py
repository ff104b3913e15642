"""Labels of a store, each read once.

In: a connection, again and again. Out: every label that was ever given, by its id and by its question, and each
annotator's word. The one idea: labels are only ever appended, and arrive in order, so what was read stays true and only
what is newer is read. A site with thousands of labels then still gets its next question at once.
"""

import threading

from sqlalchemy import Connection, select

from redshank.core.records import Label
from redshank.store.database import FILE
from redshank.store.history import words
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

    def read(self, sql: Connection) -> None:
        """Read what arrived since the last time; all, if another file is in the place of the store's."""
        with self._turn:
            if sql.info.get(FILE) != self._file:
                self._begin(sql.info.get(FILE))
            newer = select(LABELS.c.arrival, *FIELDS).where(LABELS.c.arrival > self._arrival).order_by(LABELS.c.arrival)
            for arrival, *values in sql.execute(newer):
                label = Label(*values)
                self.labels.append(label)
                self.by_id[label.id] = label
                self._of.setdefault(label.question, []).append(label)
                self._words.pop(label.question, None)
                self._arrival = arrival

    def questions(self) -> set[str]:
        """Return the questions that have a label, whether or not it stands."""
        return set(self._of)

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
