"""Failed logins in a row: who guesses must wait, longer each time.

In: keys of who tries (an account's name, an address) and what happened. Out: how long the next attempt must wait. The
one idea: an attempt is counted as failed before it is looked at, in one transaction, so that a thousand at once are
not all let through; one that was right takes its count back. What was tried long ago is forgotten, and there are never
more than `MOST` keys: the oldest go first, so nobody fills the disk by trying.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from redshank.store.database import Database
from redshank.store.tables import ATTEMPTS

MOST = 10_000
"""Keys that are remembered."""
FORGOTTEN_S = 86_400.0
"""After how long without a failure everything is forgiven."""


@dataclass(frozen=True)
class Patience:
    """How many failures are for nothing, and how the wait grows after them.

    Args:
        free: Failures in a row without a wait.
        first_s: The wait after one more; it doubles with each.
        longest_s: The wait at most.
    """

    free: int
    first_s: float
    longest_s: float

    def wait_s(self, failures: int) -> float:
        """Return how long to wait after so many failures.

        Example:
            >>> [Patience(3, 2.0, 60.0).wait_s(n) for n in (3, 4, 5, 50)]
            [0.0, 2.0, 4.0, 60.0]
        """
        over = failures - self.free
        return min(self.longest_s, self.first_s * 2.0 ** min(over - 1, 30)) if over > 0 else 0.0


class Attempts:
    """The failed logins of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, keys: Mapping[str, Patience], now_s: float) -> float:
        """Count an attempt as failed for each key, if none of them must wait.

        Returns:
            Seconds to wait; 0: the attempt may be made.
        """
        with self._database.writing() as sql:
            rows = sql.execute(select(ATTEMPTS).where(ATTEMPTS.c.key.in_(keys))).all()
            wait_s = max((row.until_s - now_s for row in rows), default=0.0)
            if wait_s > 0:
                return float(wait_s)
            known = {row.key: row.failures for row in rows if now_s - row.last_at_s < FORGOTTEN_S}
            sql.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key.in_(keys)))
            for key, patience in keys.items():
                failures = known.get(key, 0) + 1
                wait_s = patience.wait_s(failures)
                # Where nobody must wait, whoever asked a moment before and comes here after must not either.
                until_s = now_s + wait_s if wait_s else 0.0
                sql.execute(insert(ATTEMPTS).values(key=key, failures=failures, last_at_s=now_s, until_s=until_s))
            over = sql.execute(select(func.count()).select_from(ATTEMPTS)).scalar_one() - MOST
            if over > 0:
                oldest = select(ATTEMPTS.c.key).order_by(ATTEMPTS.c.last_at_s, ATTEMPTS.c.key).limit(over)
                sql.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key.in_(oldest.scalar_subquery())))
        return 0.0

    def succeeded(self, account: str, address: str) -> None:
        """Forgive an account everything, and an address this attempt: others may try from there."""
        with self._database.writing() as sql:
            sql.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key == account))
            sql.execute(
                update(ATTEMPTS).where(ATTEMPTS.c.key == address).values(failures=ATTEMPTS.c.failures - 1, until_s=0.0)
            )
