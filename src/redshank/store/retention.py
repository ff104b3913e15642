"""What a store throws away, so that it does not grow for ever: alerts by age and size, devices by number.

In: how long and how much is kept, and the time. Out: what was deleted, in figures and in the audit. The one idea:
little at a time, each in a transaction of its own, so that a service that writes meanwhile hardly waits. Never deleted:
labels and questions, ledger lines, allowances, the audit; alerts that a person escalated, or a sink still waits for.
Where the tables without alerts are larger than the store may be, no alert goes for room: none of them would make any.
Counts of traffic, what is usual of devices, and comparisons for drift go by age too; that is not worth a line there.

Age is not by the clock alone, for one that is a year ahead for an hour would have all thrown away. `SETTLED` hours in
which traffic was counted by a clock must stand before it is believed, so after a jump, or a long rest, nothing grows
old for a day.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, Integer, cast, delete, func, select

from redshank.store.audit import note
from redshank.store.database import Database
from redshank.store.drift import Readings
from redshank.store.outbox import WAITING
from redshank.store.tables import ALERTS, DEVICES, METADATA, OUTBOX, TRAFFIC
from redshank.store.traffic import Traffic
from redshank.store.usual import Usual

SETTLED = 24
"""Hours of counts by which age goes: their oldest, and as many hours more."""
HOUR_S = 3_600.0
AT_ONCE = 500
"""Alerts deleted in one transaction."""
FEWEST = 50
"""Alerts deleted at least before the size is looked at again."""
_OTHERS = [
    table for table in METADATA.sorted_tables
    if table is not ALERTS and all(key.column.table is not ALERTS for key in table.foreign_keys)
]  # fmt: skip


@dataclass(frozen=True)
class Swept:
    """What was thrown away.

    Args:
        old: Alerts deleted because of their age.
        large: Alerts deleted because the store was too large.
        devices: Devices deleted because there were too many.
        over_bytes: How much larger than allowed the store still is, because the rest is never deleted.
    """

    old: int
    large: int
    devices: int
    over_bytes: int


@dataclass(frozen=True)
class Retention:
    """How much a store keeps.

    Args:
        keep_s: Age in s, by a clock that is believed, after which alerts and their flows are deleted, above 0.
        keep_bytes: Size beyond which the oldest alerts are deleted: pages in use of a file, rows on a server.
        keep_devices: Devices kept, those seen last.
    """

    keep_s: float
    keep_bytes: int
    keep_devices: int = 65_536

    def sweep(self, database: Database, now_s: float) -> Swept:
        """Throw away what is too old or too much.

        Args:
            database: The store.
            now_s: The time, s since the epoch.
        """
        settled_s = settled(database, now_s)
        old = _delete(database, None, ALERTS.c.recorded_at_s < settled_s - self.keep_s)
        Traffic(database).sweep(settled_s, self.keep_s)
        Readings(database).sweep(settled_s, self.keep_s)
        Usual(database).sweep(settled_s)
        large = 0
        while (over := self._over(database)) > 0 and (large or self._helps(database)):
            gone = _delete(database, self._number(database, over))
            large += gone
            if not gone:
                break
        swept = Swept(old, large, self._forget(database), max(0, over))
        if swept.old or swept.large or swept.devices:
            with database.writing() as sql:
                note(sql, now_s, "redshank", "retention", "", asdict(swept))
            database.shrink()
        database.study()
        return swept

    def _over(self, database: Database) -> int:
        with database.reading() as sql:
            return database.used_bytes(sql) - self.keep_bytes

    def _helps(self, database: Database) -> bool:
        """Tell whether the store could be small enough without its alerts."""
        with database.reading() as sql:
            return database.used_bytes(sql, *_OTHERS) <= self.keep_bytes

    def _number(self, database: Database, over: int) -> int:
        """Guess how many alerts take as much; too few rather than too many."""
        with database.reading() as sql:
            count: int = sql.execute(select(func.count()).select_from(ALERTS)).scalar_one()
        return max(FEWEST, over * count // (over + self.keep_bytes))

    def _forget(self, database: Database) -> int:
        """Delete the devices that were not seen for longest."""
        latest = select(DEVICES.c.id).order_by(DEVICES.c.last_seen_s.desc(), DEVICES.c.id)
        with database.writing() as sql:
            beyond = latest.offset(self.keep_devices).limit(1_000_000)
            return sql.execute(delete(DEVICES).where(DEVICES.c.id.in_(beyond))).rowcount


def settled(database: Database, now_s: float) -> float:
    """Return the time by which things grow old: `now_s`, or one before it while that is not believed."""
    hour = cast(TRAFFIC.c.told_at_s / HOUR_S, Integer)
    newest = select(hour).distinct().order_by(hour.desc()).limit(SETTLED)
    with database.reading() as sql:
        hours = sql.execute(newest).scalars().all()
    return min(now_s, (hours[-1] + SETTLED) * HOUR_S) if hours else now_s


def _delete(database: Database, number: int | None, *wanted: ColumnElement[bool]) -> int:
    """Delete the oldest alerts that may be deleted; all that are wanted without a number."""
    gone = 0
    while number is None or gone < number:
        with database.writing() as sql:
            some = _oldest(sql, AT_ONCE if number is None else min(AT_ONCE, number - gone), *wanted)
            sql.execute(delete(ALERTS).where(ALERTS.c.id.in_(some)))
        gone += len(some)
        if not some:
            break
    return gone


def _oldest(sql: Connection, limit: int, *wanted: ColumnElement[bool]) -> list[str]:
    owed = select(OUTBOX.c.key).where(OUTBOX.c.alert == ALERTS.c.id, OUTBOX.c.state == WAITING).exists()
    # The last arrival stays: who follows goes on from it, so the number must not be given again.
    last = select(func.max(ALERTS.c.arrival)).scalar_subquery()
    free = (ALERTS.c.state != "escalated", ~owed, ALERTS.c.arrival < last)
    order = (ALERTS.c.recorded_at_s, ALERTS.c.id)
    return list(sql.execute(select(ALERTS.c.id).where(*free, *wanted).order_by(*order).limit(limit)).scalars())
