"""What is still to be delivered: each revision of an alert, once for each sink.

In: what `store/alerts.py` writes down together with the alert; what became of each attempt. Out: what is due. The one
idea: the alert and the promise to deliver it are one transaction, so that neither is there without the other; a row
stays until its alert goes, so that nothing is promised twice. That a row is handed over is written down before it is:
of what a kill cut off exactly those rows are known that may have arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, tuple_, update

from redshank.core.inert import inert
from redshank.core.records import Alert
from redshank.store.database import Database
from redshank.store.reading import read_alert
from redshank.store.tables import ALERTS, OUTBOX, REVISIONS

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
LONGEST_WAIT_S = 300.0
"""Between two tries (`alerts/delivery.py`): what is due later than that was noted by a clock that was wrong."""
MOST_CHARACTERS = 500
"""Of an error that is kept."""
_ONE = update(OUTBOX).where(OUTBOX.c.key == bindparam("one"))
# Made once: for each row that is handed over, to make them would take as long as the rest of the transaction.
_BEGUN = _ONE.where(OUTBOX.c.state == WAITING).values(begun=True)
_ARRIVED = _ONE.values(state=DELIVERED, at_s=bindparam("at"), error="", begun=False)


@dataclass(frozen=True)
class Owed:
    """One alert on its way to one sink.

    Args:
        key: Alert id, revision and sink: unique and stable.
        sink: The sink.
        alert: What is to be delivered.
        tries: How many tries failed.
        since_s: When it was recorded, by the clock.
        error: What the last try said; "" before one failed.
        begun: Whether it was handed over, and what became of it is not noted: it may have arrived.
    """

    key: str
    sink: str
    alert: Alert
    tries: int
    since_s: float
    error: str = ""
    begun: bool = False


class Outbox:
    """The outbox of a store; several threads and processes may have one.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, sink: str, now_s: float, limit: int, *, untried: bool = False) -> list[Owed]:
        """Return what is to be tried now, the longest due first.

        Last comes what a clock that was set back since would have wait until the wrong time comes.

        Args:
            sink: For whom.
            now_s: The time, s since the epoch.
            limit: How much at most.
            untried: Whether only what no try failed of.
        """
        waits = [OUTBOX.c.sink == sink, OUTBOX.c.state == WAITING, *([OUTBOX.c.tries == 0] if untried else [])]
        found = self._owed(limit, *waits, OUTBOX.c.at_s <= now_s)
        if len(found) < limit:  # as a question of its own, for the index is in the order of this time
            found += self._owed(limit - len(found), *waits, OUTBOX.c.at_s > now_s + LONGEST_WAIT_S)
        return found

    def waiting(self, sink: str) -> int:
        """Return how much waits for a sink, due or not."""
        wanted = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.sink == sink, OUTBOX.c.state == WAITING)
        with self._database.reading() as sql:
            return sql.execute(wanted).scalar_one()

    def taken(self, sink: str, limit: int) -> list[Alert]:
        """Return what a sink took, or may have, about devices and families of which something waits for it.

        Args:
            sink: Who took it.
            limit: How many alerts at most, those recorded last; of each the newest revision that it took.
        """
        about = (ALERTS.c.device, ALERTS.c.family)
        waits = select(*about).join(OUTBOX, OUTBOX.c.alert == ALERTS.c.id)
        waits = waits.where(OUTBOX.c.sink == sink, OUTBOX.c.state == WAITING)
        newest = (
            select(OUTBOX.c.alert, func.max(OUTBOX.c.revision).label("revision"))
            .join(ALERTS, ALERTS.c.id == OUTBOX.c.alert)
            # As a set, not as a join: SQLite would look at everything for each device that something waits about.
            .where(tuple_(*about).in_(waits))
            .where(OUTBOX.c.sink == sink, (OUTBOX.c.state == DELIVERED) | OUTBOX.c.begun)
            .group_by(OUTBOX.c.alert)
            .order_by(func.max(OUTBOX.c.place).desc())
            .limit(limit)
            .subquery()
        )
        told = (REVISIONS.c.alert == newest.c.alert) & (REVISIONS.c.revision == newest.c.revision)
        with self._database.reading() as sql:
            return [
                read_alert(record) for record in sql.execute(select(REVISIONS.c.record).join(newest, told)).scalars()
            ]

    def begin(self, key: str, delivered: Sequence[str], at_s: float) -> None:
        """Note that `delivered` arrived and that `key` is handed over next, all or none."""
        with self._database.writing() as sql:
            _arrived(sql, delivered, at_s)
            sql.execute(_BEGUN, {"one": key})

    def delivered(self, keys: Sequence[str], at_s: float) -> None:
        """Note that these arrived, all or none; they are never due again."""
        with self._database.writing() as sql:
            _arrived(sql, keys, at_s)

    def failed(self, key: str, error: str, again_at_s: float | None, *, begun: bool = False) -> None:
        """Note a try that failed.

        Args:
            key: What was tried.
            error: What the sink said; the beginning is kept.
            again_at_s: When it is to be tried again, s since the epoch; None: it is given up.
            begun: Whether it stays so that it may have arrived.
        """
        values: dict[str, str | float] = {"state": DEAD} if again_at_s is None else {"at_s": again_at_s}
        with self._database.writing() as sql:
            sql.execute(
                update(OUTBOX)
                .where(OUTBOX.c.key == key, OUTBOX.c.state == WAITING)
                .values(tries=OUTBOX.c.tries + 1, error=inert(error[:MOST_CHARACTERS]), begun=begun, **values)
            )

    def revive(self, sink: str, now_s: float) -> int:
        """Let what was given up for a sink be tried anew, also what may have arrived; return how much that is."""
        wanted = update(OUTBOX).where(OUTBOX.c.sink == sink, OUTBOX.c.state == DEAD)
        with self._database.writing() as sql:
            return sql.execute(wanted.values(state=WAITING, tries=0, since_s=now_s, at_s=now_s, begun=False)).rowcount

    def error(self, sink: str) -> str:
        """Return what a sink said the last time of what waits for it; "" if nothing."""
        tried = select(OUTBOX.c.error).where(OUTBOX.c.sink == sink, OUTBOX.c.state == WAITING, OUTBOX.c.error != "")
        with self._database.reading() as sql:
            # Who failed last is due last: the wait grows.
            return sql.execute(tried.order_by(OUTBOX.c.at_s.desc()).limit(1)).scalar() or ""

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how much there is by sink and state: "waiting", "delivered" or "dead"."""
        wanted = select(OUTBOX.c.sink, OUTBOX.c.state, func.count()).group_by(OUTBOX.c.sink, OUTBOX.c.state)
        with self._database.reading() as sql:
            return {(sink, state): number for sink, state, number in sql.execute(wanted)}

    def _owed(self, limit: int, *wanted: ColumnElement[bool]) -> list[Owed]:
        told = (REVISIONS.c.alert == OUTBOX.c.alert) & (REVISIONS.c.revision == OUTBOX.c.revision)
        rows = select(OUTBOX, REVISIONS.c.record).join(REVISIONS, told).where(*wanted)
        rows = rows.order_by(OUTBOX.c.at_s, OUTBOX.c.place).limit(limit)
        with self._database.reading() as sql:
            found = sql.execute(rows).all()
        return [
            Owed(row.key, row.sink, read_alert(row.record), row.tries, row.since_s, row.error, row.begun)
            for row in found
        ]


def _arrived(sql: Connection, keys: Sequence[str], at_s: float) -> None:
    if keys:
        sql.execute(_ARRIVED, [{"one": key, "at": at_s} for key in keys])


def put(sql: Connection, told: Sequence[Alert], sinks: Sequence[str], at_s: float, place: int) -> None:
    """Write down, in the transaction of the alerts, that each of them is to be delivered to each sink.

    Args:
        sql: Of the transaction.
        told: The alerts, in order.
        sinks: Names of those that each is for.
        at_s: The time, s since the epoch.
        place: Arrival of what was written down before: of what is due at one time, what came first goes first.
    """
    rows = [
        {
            "key": f"{alert.id}-{alert.revision}-{sink}", "place": place + 1 + number, "alert": alert.id,
            "revision": alert.revision, "sink": sink, "since_s": at_s, "at_s": at_s,
        }
        for number, alert in enumerate(told) for sink in sinks
    ]  # fmt: skip
    if rows:
        sql.execute(insert(OUTBOX), rows)
