"""What people wrote about alerts.

In: a comment. Out: the comments of an alert, the oldest first. The one idea: a comment is never changed; it goes with
its alert, and the audit keeps who wrote what.
"""

from dataclasses import dataclass

from sqlalchemy import func, insert, select

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.store.audit import note
from redshank.store.database import Database
from redshank.store.tables import ALERTS, COMMENTS

MOST_CHARACTERS = 4_000
"""Of one comment."""
MOST_COMMENTS = 1_000
"""Of one alert."""
AGAIN_S = 3_600.0
"""For so long the same words of the same person about the same alert are one comment."""


@dataclass(frozen=True)
class Comment:
    """A comment.

    Args:
        place: 1, 2, 3, ...
        alert: The alert that it is about.
        at_s: When, s since the epoch.
        who: Who wrote it.
        text: What; lines are kept, whatever else does not print is written as an escape.
    """

    place: int
    alert: str
    at_s: float
    who: str
    text: str


class Comments:
    """The comments of a store; several processes may have one.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, alert: str, who: str, text: str, at_s: float) -> Comment:
        """Write a comment down; durable when this returns.

        What somebody wrote about the alert within AGAIN_S is not written again: a form may be sent twice.

        Args:
            alert: The alert that it is about.
            who: Who writes.
            text: What.
            at_s: The time, s since the epoch.

        Raises:
            ConfigError: If there is nothing to write, too much, or no such alert.
        """
        plain = "\n".join(inert(line.rstrip()) for line in text.strip().splitlines())
        if not plain:
            raise ConfigError("comment: nothing is written; write something")
        if len(plain) > MOST_CHARACTERS:
            raise ConfigError(f"comment: {len(plain)} characters; at most {MOST_CHARACTERS}")
        with self._database.writing() as sql:
            if sql.execute(select(ALERTS.c.id).where(ALERTS.c.id == alert)).first() is None:
                raise ConfigError(f"alert: none is '{inert(alert[:40])}'")
            same = (COMMENTS.c.alert == alert) & (COMMENTS.c.who == inert(who)) & (COMMENTS.c.text == plain)
            if row := sql.execute(select(COMMENTS).where(same, COMMENTS.c.at_s > at_s - AGAIN_S)).first():
                return Comment(**row._asdict())
            there = select(func.count()).select_from(COMMENTS).where(COMMENTS.c.alert == alert)
            if int(sql.execute(there).scalar_one()) >= MOST_COMMENTS:
                raise ConfigError(f"comment: there are {MOST_COMMENTS} about this alert, which is all")
            place = int(sql.execute(select(func.coalesce(func.max(COMMENTS.c.place), 0))).scalar_one()) + 1
            made = Comment(place, alert, at_s, inert(who), plain)
            sql.execute(insert(COMMENTS), [vars(made)])
            note(sql, at_s, who, "alert commented", alert, {"text": plain})
        return made

    def about(self, alert: str) -> list[Comment]:
        """Return what was written about an alert, the oldest first."""
        wanted = select(COMMENTS).where(COMMENTS.c.alert == alert).order_by(COMMENTS.c.place)
        with self._database.reading() as sql:
            return [Comment(**row._asdict()) for row in sql.execute(wanted)]
