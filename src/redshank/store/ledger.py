"""The ledger's lines: appended, in order, for good.

In: lines that `respond/ledger.py` makes. Out: the same. The one idea: a line's number is given while nobody else
writes, so that lines of several processes are 1, 2, 3, ... without gaps and doubles; nothing here changes a line.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, insert, select

from redshank.store.database import Database
from redshank.store.tables import LEDGER


class Journal:
    """The lines of a store's ledger; several processes may append.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, line: str) -> None:
        """Write a line; it is durable when this returns."""
        with self._database.writing() as sql:
            _append(sql, [line])

    def extend(self, make: Callable[[Sequence[str]], Sequence[str]], after: int = 0) -> None:
        """Write lines that follow from those before them, with nobody's in between.

        Args:
            make: What makes them from the lines that are there; if it fails, nothing is written.
            after: How many lines from the beginning it need not see.
        """
        with self._database.writing() as sql:
            _append(sql, make(_lines(sql, after)))

    def lines(self, after: int = 0) -> list[str]:
        """Return the lines in order.

        Args:
            after: How many to leave out from the beginning: those that are known.
        """
        with self._database.reading() as sql:
            return _lines(sql, after)


def _append(sql: Connection, lines: Sequence[str]) -> None:
    place = int(sql.execute(select(func.coalesce(func.max(LEDGER.c.place), 0))).scalar_one())
    if lines:
        sql.execute(insert(LEDGER), [{"place": place + 1 + number, "line": line} for number, line in enumerate(lines)])


def _lines(sql: Connection, after: int) -> list[str]:
    wanted = select(LEDGER.c.line).where(LEDGER.c.place > after).order_by(LEDGER.c.place)
    return list(sql.execute(wanted).scalars())
