"""What is usual of a device: what it did hour by hour, and the services and peers that it has on one day after another.

In: what devices did since it was told last (`flows/did.py`). Out: hours, and names with the days on which flows with
them were judged benign. The one idea: what was judged benign on more days stays longest, so that no scan, and no flood
from forged addresses, puts out what is usual.

- Of a device MOST_NAMES names of each kind are kept, those of most days first, then those seen last; those not seen for
  a month go, and hours do; so do the oldest of all devices, beyond MOST_ROWS and MOST_HOURS (`sweep`).
- A day counts when it is newer than those counted: records that come late, or again, add flows and no days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, insert, select, update

from redshank.core.inert import inert
from redshank.flows.did import MOST_NAMES, ByName, Did, InHour
from redshank.store.database import Database
from redshank.store.devices import MOST_IN_ALL
from redshank.store.tables import DEVICE_HOURS, DEVICE_NAMES, DEVICES

HOUR_S, DAY_S = 3_600, 86_400
HOURS_KEPT = 24 * 31
"""Before the latest hour; names seen last before that go too."""
MOST_ROWS = 500_000
"""Names kept of all devices, those seen last."""
MOST_HOURS = 1_000_000
"""Hours kept of all devices, the latest: a month of 1,344 devices, some 80 MiB, however many are forged."""
ROWS_AT_ONCE = 2_048
"""Hours, or names, written in one transaction: some 0.2 s, and no question of more values than a store takes."""
_HOUR, _NAME = ("device", "hour"), ("device", "kind", "name")
_Names = dict[tuple[str, str, str], dict[int, ByName]]


@dataclass(frozen=True)
class Hour:
    """What a device did in an hour.

    Args:
        start_s: Packet time at which it begins, s since the epoch.
        flows, sent_bytes, received_bytes: Flows that ended in it, and their bytes at the IP level.
        benign_flows, benign_bytes: Those of them that speak for what is usual; None: nobody told.
    """

    start_s: int
    flows: int
    sent_bytes: int
    received_bytes: int
    benign_flows: int | None = None
    benign_bytes: int | None = None


@dataclass(frozen=True)
class Name:
    """A service that a device offers or uses, or a peer that it began flows to.

    Args:
        kind: "offers", "uses" or "peers".
        name: The service, or proto/port; the peer's address.
        flows: Flows with it that speak for what is usual.
        others: Flows with it that do not: of an alert, or not judged benign.
        days: On how many days of packet time the former were seen.
        first_s, last_s: Packet time of the first and last of the former; None: there is none.
        seen_s: Packet time of the last of all.
    """

    kind: str
    name: str
    flows: int
    others: int
    days: int
    first_s: float | None
    last_s: float | None
    seen_s: float


class Usual:
    """What is usual of the devices of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, did: Did) -> None:
        """Write down what devices did, of those that the inventory has, and take it out of `did`: it is durable then.

        A part of it at a time, each in a transaction of its own: who records alerts meanwhile waits for one at most.
        """
        hours, names = sorted(did.hours), sorted(did.names)
        for begin in range(0, len(hours), ROWS_AT_ONCE):
            some = hours[begin : begin + ROWS_AT_ONCE]
            self._add(Did({hour: did.hours[hour] for hour in some}, {}))
            for hour in some:
                del did.hours[hour]
        for begin in range(0, len(names), ROWS_AT_ONCE):
            part = names[begin : begin + ROWS_AT_ONCE]
            self._add(Did({}, {name: did.names[name] for name in part}))
            for name in part:
                del did.names[name]

    def _add(self, did: Did) -> None:
        hours: dict[tuple[str, int], InHour] = {}
        for (device, hour), done in did.hours.items():
            hours.setdefault((inert(device), hour), InHour()).add(done)
        names: _Names = {}
        for named, by_name in did.names.items():
            key = (inert(named.device), named.kind, inert(named.name))
            names.setdefault(key, {}).setdefault(named.day, ByName()).add(by_name)
        every = {key[0] for key in (*hours, *names)}
        with self._database.writing() as sql:
            there = set(sql.execute(select(DEVICES.c.id).where(DEVICES.c.id.in_(every))).scalars())
            _add_hours(sql, {key: done for key, done in hours.items() if key[0] in there})
            _add_names(sql, {key: days for key, days in names.items() if key[0] in there})

    def hours(self, device: str, since_s: float) -> list[Hour]:
        """Return what a device did in each hour from `since_s` on, packet time; hours without anything are left out."""
        wanted = select(DEVICE_HOURS).where(
            DEVICE_HOURS.c.device == device, DEVICE_HOURS.c.hour >= int(since_s // HOUR_S)
        )  # fmt: skip
        columns = ("flows", "sent_bytes", "received_bytes", "benign_flows", "benign_bytes")
        with self._database.reading() as sql:
            rows = sql.execute(wanted.order_by(DEVICE_HOURS.c.hour))
            return [Hour(row.hour * HOUR_S, *(getattr(row, name) for name in columns)) for row in rows]

    def names(self, device: str) -> list[Name]:
        """Return the names of a device, those of the most days first, then those with the most flows."""
        order = (DEVICE_NAMES.c.days.desc(), DEVICE_NAMES.c.flows.desc(), DEVICE_NAMES.c.kind, DEVICE_NAMES.c.name)
        with self._database.reading() as sql:
            rows = sql.execute(select(DEVICE_NAMES).where(DEVICE_NAMES.c.device == device).order_by(*order))
            return [Name(**{name: value for name, value in row._asdict().items() if name != "device"}) for row in rows]

    def watched(self, since_s: float) -> list[int]:
        """Return when the hours began, packet time, in which any device did something; from `since_s` on, in order.

        In other hours nobody watched, or nothing was there to see.
        """
        hour = DEVICE_HOURS.c.hour
        first = select(func.min(hour).label("hour")).where(hour >= int(since_s // HOUR_S))
        found = first.cte("watched", recursive=True)
        following = select(func.min(hour)).where(hour > found.c.hour).scalar_subquery()
        found = found.union_all(select(following).where(found.c.hour.is_not(None)))
        with self._database.reading() as sql:  # one look at the index for each hour, however many devices it has
            rows = sql.execute(select(found.c.hour).where(found.c.hour.is_not(None))).scalars()
            return [one * HOUR_S for one in rows]

    def sweep(self, now_s: float) -> int:
        """Throw away hours older than HOURS_KEPT, names not seen since, and what is too much; return how many rows.

        Args:
            now_s: The time, s since the epoch; hours after it, of a record that says anything, make no other one old.
        """
        with self._database.writing() as sql:
            latest = sql.execute(select(func.max(DEVICE_HOURS.c.hour))).scalar()
            bound = min(latest or 0, int(now_s // HOUR_S)) - HOURS_KEPT
            gone = sql.execute(delete(DEVICE_HOURS).where(DEVICE_HOURS.c.hour < bound)).rowcount
            gone += sql.execute(delete(DEVICE_NAMES).where(DEVICE_NAMES.c.seen_s < bound * HOUR_S)).rowcount
            over = int(sql.execute(select(func.count()).select_from(DEVICE_NAMES)).scalar_one()) - MOST_ROWS
            if over > 0:
                seen_s = DEVICE_NAMES.c.seen_s
                oldest = sql.execute(select(seen_s).order_by(seen_s).offset(over - 1).limit(1)).scalar_one()
                gone += sql.execute(delete(DEVICE_NAMES).where(seen_s <= oldest)).rowcount
            over = int(sql.execute(select(func.count()).select_from(DEVICE_HOURS)).scalar_one()) - MOST_HOURS
        while over > 0:  # an hour at a time: who records alerts meanwhile waits for one at most
            with self._database.writing() as sql:
                first = select(func.min(DEVICE_HOURS.c.hour)).scalar_subquery()
                some = sql.execute(delete(DEVICE_HOURS).where(DEVICE_HOURS.c.hour == first)).rowcount
            over, gone = over - some, gone + some
        return gone


def _add_hours(sql: Connection, hours: Mapping[tuple[str, int], InHour]) -> None:
    wanted = DEVICE_HOURS.c.device.in_({device for device, _ in hours})
    first = min((hour for _, hour in hours), default=0)
    known = {
        (row.device, row.hour): row._asdict()
        for row in sql.execute(select(DEVICE_HOURS).where(wanted, DEVICE_HOURS.c.hour >= first))
    }
    rows = []
    for key, done in hours.items():
        before = known.get(key, {})
        # Of an hour that began with an older version it is not known how much was benign.
        told = {name: (before.get(name, 0), getattr(done, name)) for name in done.__slots__}
        totals = {name: None if had is None else min(had + new, MOST_IN_ALL) for name, (had, new) in told.items()}
        rows.append((key, totals))
    _write(sql, DEVICE_HOURS, _HOUR, rows, known)


def _add_names(sql: Connection, names: _Names) -> None:
    some = DEVICE_NAMES.c.device.in_({key[0] for key in names}), DEVICE_NAMES.c.name.in_({key[2] for key in names})
    known = {tuple(row[:3]): row._asdict() for row in sql.execute(select(DEVICE_NAMES).where(*some))}
    rows = [(key, _grown(known.get(key), days)) for key, days in names.items()]
    _write(sql, DEVICE_NAMES, _NAME, rows, known)
    _forget(sql, {key[:2] for key in names if key not in known})


def _grown(known: Mapping[str, Any] | None, days: Mapping[int, ByName]) -> dict[str, Any]:
    """Return a name as it is with what is new of it, day by day."""
    before = known or {"flows": 0, "others": 0, "days": 0, "first_s": None, "last_s": None, "seen_s": float("-inf")}
    benign = sorted((day, one) for day, one in days.items() if one.flows)
    counted = -1 if before["last_s"] is None else before["last_s"] // DAY_S
    times = [one.seen_s for _, one in benign]
    return {
        "flows": min(before["flows"] + sum(one.flows for one in days.values()), MOST_IN_ALL),
        "others": min(before["others"] + sum(one.others for one in days.values()), MOST_IN_ALL),
        "days": before["days"] + sum(day > counted for day, _ in benign),
        "first_s": min((one for one in (before["first_s"], *times) if one is not None), default=None),
        "last_s": max((one for one in (before["last_s"], *times) if one is not None), default=None),
        "seen_s": max(before["seen_s"], *(one.seen_s for one in days.values())),
    }


def _forget(sql: Connection, grown: set[tuple[str, str]]) -> None:
    """Delete the names that are too many, of devices and kinds that got new ones."""
    if not grown:
        return
    device, kind = DEVICE_NAMES.c.device, DEVICE_NAMES.c.kind
    many = select(device, kind).where(device.in_({one for one, _ in grown})).group_by(device, kind)
    over = sql.execute(many.having(func.count() > MOST_NAMES)).all()
    gone: list[dict[str, str]] = []
    for its_device, its_kind in over:
        order = (DEVICE_NAMES.c.days.desc(), DEVICE_NAMES.c.seen_s.desc(), DEVICE_NAMES.c.name)
        beyond = select(DEVICE_NAMES.c.name).where(device == its_device, kind == its_kind).order_by(*order)
        names = sql.execute(beyond.offset(MOST_NAMES).limit(1_000_000)).scalars()
        gone += [{"its_device": its_device, "its_kind": its_kind, "its_name": name} for name in names]
    if gone:
        sql.execute(delete(DEVICE_NAMES).where(*_its(DEVICE_NAMES, _NAME)), gone)


def _write(
    sql: Connection,
    table: Table,
    keys: Sequence[str],
    rows: Sequence[tuple[tuple[Any, ...], dict[str, Any]]],
    known: Mapping[Any, object],
) -> None:
    fresh = [totals | dict(zip(keys, key, strict=True)) for key, totals in rows if key not in known]
    grown = [
        totals | {f"its_{name}": value for name, value in zip(keys, key, strict=True)}
        for key, totals in rows if key in known
    ]  # fmt: skip
    if fresh:
        sql.execute(insert(table), fresh)
    if grown:
        sql.execute(update(table).where(*_its(table, keys)), grown)


def _its(table: Table, keys: Sequence[str]) -> list[ColumnElement[bool]]:
    return [table.c[name] == bindparam(f"its_{name}") for name in keys]
