"""Numbers that grow when something changes: what a page shows is read again only then.

In: the store. Out: a number for each kind of thing, and which of some sessions and tokens still are; a query for each,
of a few looks at the end of an index, however much is in the store and however many wait.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Column, func, or_, select

from redshank.store.database import Database
from redshank.store.tables import (
    ACCOUNTS,
    ALERTS,
    ALLOWANCES,
    AUDIT,
    COMMENTS,
    DEVICES,
    DRIFT,
    LABELS,
    LEDGER,
    RUNS,
    SESSIONS,
    TOKENS,
    TRAFFIC,
)

_NEWEST: dict[str, Column[float]] = {
    "alerts": ALERTS.c.arrival,
    "comments": COMMENTS.c.place,
    "labels": LABELS.c.arrival,
    "responses": LEDGER.c.place,
    "allowances": ALLOWANCES.c.change,
    "devices": DEVICES.c.last_seen_s,
    "runs": RUNS.c.told_at_s,
    "traffic": TRAFFIC.c.told_at_s,
    "drift": DRIFT.c.place,
    "audit": AUDIT.c.place,
}


@dataclass(frozen=True)
class Standing:
    """A session that is.

    Args:
        used_at_s: When it was last used, s since the epoch.
        begun_at_s: Since when it is.
    """

    used_at_s: float
    begun_at_s: float


def stamps(database: Database) -> dict[str, float]:
    """Return a number for each kind of thing; 0: there is none."""
    newest = [
        select(func.coalesce(func.max(column), 0)).scalar_subquery().label(name) for name, column in _NEWEST.items()
    ]
    with database.reading() as sql:
        return {name: float(number) for name, number in sql.execute(select(*newest)).one()._asdict().items()}


def standing(database: Database, digests: Collection[str]) -> dict[str, Standing]:
    """Return those of the sessions that still are, of accounts that are not disabled."""
    wanted = (
        select(SESSIONS.c.digest, SESSIONS.c.used_at_s, SESSIONS.c.begun_at_s)
        .join(ACCOUNTS, ACCOUNTS.c.name == SESSIONS.c.account)
        .where(SESSIONS.c.digest.in_(digests), ACCOUNTS.c.disabled.is_(False))
    )
    with database.reading() as sql:
        return {row.digest: Standing(row.used_at_s, row.begun_at_s) for row in sql.execute(wanted)}


def counted(database: Database, tokens: Collection[str], now_s: float) -> frozenset[str]:
    """Return the ids of those tokens that count now, of accounts that are not disabled."""
    wanted = (
        select(TOKENS.c.id)
        .join(ACCOUNTS, ACCOUNTS.c.name == TOKENS.c.account)
        .where(
            TOKENS.c.id.in_(tokens),
            TOKENS.c.withdrawn_at_s.is_(None),
            or_(TOKENS.c.expires_at_s.is_(None), TOKENS.c.expires_at_s > now_s),
            ACCOUNTS.c.disabled.is_(False),
        )
    )
    with database.reading() as sql:
        return frozenset(sql.execute(wanted).scalars())
