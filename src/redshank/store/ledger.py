"""The ledger's lines: appended, in order, for good.

In: lines that `respond/ledger.py` makes, each with its number. Out: the same. The one idea: a line is written only
under the number after the last one. Whoever made a line without having read what another process wrote meanwhile is
told so, and makes it anew; so there are no gaps and no doubles, and nothing here changes a line.
"""

from sqlalchemy import func, insert, select

from redshank.core.errors import ActionError
from redshank.store.database import Database
from redshank.store.tables import LEDGER


class Journal:
    """The lines of a store's ledger; several processes may append.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, at: int, line: str) -> bool:
        """Write a line; it is durable when this returns.

        Args:
            at: Its number, from 0.
            line: The line.

        Returns:
            Whether it was written: False if there is a line with this number already.

        Raises:
            ActionError: If the line before it is missing.
        """
        with self._database.writing() as sql:
            count = int(sql.execute(select(func.coalesce(func.max(LEDGER.c.place) + 1, 0))).scalar_one())
            if at > count:
                raise ActionError(f"ledger: no line {at} can be written, there are {count} before it")
            if at == count:
                sql.execute(insert(LEDGER).values(place=at, line=line))
        return at == count

    def lines(self, since: int = 0, limit: int | None = None) -> list[str]:
        """Return lines from number `since` on, in order; all of them without a limit."""
        wanted = select(LEDGER.c.line).where(LEDGER.c.place >= since).order_by(LEDGER.c.place).limit(limit)
        with self._database.reading() as sql:
            return list(sql.execute(wanted).scalars())

    def about(self, action: str, limit: int = 100) -> list[tuple[int, str]]:
        """Return the lines about an action, and their numbers, in order."""
        wanted = select(LEDGER.c.place, LEDGER.c.line).where(LEDGER.c.line.contains(action, autoescape=True))
        with self._database.reading() as sql:
            rows = sql.execute(wanted.order_by(LEDGER.c.place).limit(limit))
            return [(place, line) for place, line in rows]

    def count(self) -> int:
        """Return how many lines there are."""
        with self._database.reading() as sql:
            return int(sql.execute(select(func.coalesce(func.max(LEDGER.c.place) + 1, 0))).scalar_one())
