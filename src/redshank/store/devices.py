"""Which devices were ever seen, and which bundles judged.

In: DEVICE batches of a running service, whose totals begin with it; names of bundles. Out: one entry for each, with
totals over all runs. The one idea: who gives totals that grow remembers what was written of them, so that only what is
new is added; a service that was killed loses at most what was seen since the last time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, ColumnElement, Row, bindparam, func, insert, or_, select, update

from redshank.core.inert import inert
from redshank.core.prefix import meant_as_network, network, within
from redshank.store.database import Database
from redshank.store.question import flow_values
from redshank.store.tables import BUNDLES, DEVICES

TOTALS = ("flows", "sent_bytes", "received_bytes")
MOST_NAMES = 32
"""IP addresses, and services offered and used, that are kept of a device, those told of last."""
MOST_IN_ALL = 1 << 62
"""Of any total: a database holds numbers up to 2^63."""
AT_ONCE = 500
"""Devices looked up by one statement."""
SORTS = ("last_seen_s", "first_seen_s", *TOTALS)
"""What devices can be sorted by, the greatest first."""
FEW = 8
"""Addresses that are looked for by words; for more, every device is looked at."""
_LISTS = ("ips", "offers", "uses", "peers")
_LOOKED_IN = ("id", "ips", "vendor", "offers", "uses")
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Device:
    """A device as the store has it.

    Args:
        id: Its link-layer address, or else the IP address that stands for it.
        mac, ips, vendor, offers, uses, peers: As in DEVICE.
        first_seen_s, last_seen_s: Packet time, s since the epoch.
        flows, sent_bytes, received_bytes: Totals over all runs of the service.
    """

    id: str
    mac: str | None
    ips: tuple[str, ...]
    vendor: str | None
    first_seen_s: float
    last_seen_s: float
    offers: tuple[str, ...]
    uses: tuple[str, ...]
    flows: int
    sent_bytes: int
    received_bytes: int
    peers: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeenBundle:
    """A bundle that judged here.

    Args:
        sha256: Digest of its graph.
        name: Its name.
        first_used_s: When it began to judge first, by the clock.
        last_used_s: When it was told of last.
    """

    sha256: str
    name: str
    first_used_s: float
    last_used_s: float


class Inventory:
    """The devices and bundles of a store, and what one service has told of them.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: dict[str, dict[str, int]] = {}

    def take(self, devices: pa.RecordBatch) -> None:
        """Write down what is new of devices.

        Args:
            devices: DEVICE rows, with totals since this service began. One whose totals are smaller than before was
                forgotten meanwhile and is counted anew.
        """
        rows = {row["id"]: row for row in map(_row, flow_values(devices)) if row["id"]}
        gains = {name: self._gain(name, row) for name, row in rows.items()}
        names = list(rows)
        with self._database.writing() as sql:
            for begin in range(0, len(names), AT_ONCE):
                some = names[begin : begin + AT_ONCE]
                known = {
                    row.id: row._asdict() for row in sql.execute(select(DEVICES).where(DEVICES.c.id.in_(some)))
                }  # fmt: skip
                fresh = [_stored(rows[name] | gains[name]) for name in some if name not in known]
                grown = [
                    _stored(_joined(known[name], rows[name], gains[name])) | {"this": name}
                    for name in some if name in known
                ]  # fmt: skip
                if fresh:
                    sql.execute(insert(DEVICES), fresh)
                if grown:
                    sql.execute(update(DEVICES).where(DEVICES.c.id == bindparam("this")), grown)
        self._told = {name: {total: row[total] for total in TOTALS} for name, row in rows.items()}

    def devices(self, limit: int = 1000, skip: int = 0) -> list[Device]:
        """Return devices, those seen last first."""
        wanted = select(DEVICES).order_by(DEVICES.c.last_seen_s.desc(), DEVICES.c.id).limit(limit).offset(skip)
        with self._database.reading() as sql:
            return [_device(row) for row in sql.execute(wanted)]

    def find(
        self,
        words: Sequence[str] = (),
        sort: str = SORTS[0],
        limit: int = 100,
        after: tuple[float, str] | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[Device]:
        """Return devices that have all words in their addresses, vendor or services; the greatest first.

        Args:
            words: Parts of words, in any case; a network like 10.0.0.0/24 stands for its addresses.
            sort: One of SORTS.
            limit: How many at most.
            after: The value of `sort`, and the id, of the last one of the page before.
            ids: Only of these.

        Raises:
            ValueError: If they cannot be sorted so, or a network is none.
        """
        if sort not in SORTS:
            raise ValueError(f"sort: {sort[:40]!r} is not kept; allowed are {', '.join(SORTS)}")
        networks = [network(word) for word in words if meant_as_network(word)]
        column, wanted = DEVICES.c[sort], [_has(word) for word in words if not meant_as_network(word)]
        if ids is not None:
            wanted.append(DEVICES.c.id.in_(ids))
        order, at_once = (column.desc(), DEVICES.c.id), max(limit, AT_ONCE) if networks else limit
        found: list[Device] = []
        with self._database.reading() as sql:
            while True:
                beyond = [] if after is None else [_beyond(column, after)]
                asked = select(DEVICES).where(*wanted, *beyond).order_by(*order).limit(at_once)
                rows = [_device(row) for row in sql.execute(asked)]
                found += [one for one in rows if all(_is_in(one, wide) for wide in networks)]
                if len(found) >= limit or len(rows) < at_once:
                    return found[:limit]
                after = (getattr(rows[-1], sort), rows[-1].id)

    def get(self, device: str) -> Device | None:
        """Return the device with this id, or None."""
        with self._database.reading() as sql:
            row = sql.execute(select(DEVICES).where(DEVICES.c.id == device)).first()
        return None if row is None else _device(row)

    def owners(self, addresses: Sequence[str]) -> dict[str, str]:
        """Return the device, by its id, that each of these IP addresses was seen with last; of others nothing."""
        if not addresses:
            return {}
        some = set(addresses)
        wanted = select(DEVICES.c.id, DEVICES.c.ips).order_by(DEVICES.c.last_seen_s, DEVICES.c.id.desc())
        if len(some) <= FEW:
            wanted = wanted.where(or_(*(DEVICES.c.ips.contains(json.dumps(one), autoescape=True) for one in some)))
        with self._database.reading() as sql:
            return {ip: row.id for row in sql.execute(wanted) for ip in json.loads(row.ips) if ip in some}

    def owner(self, address: str) -> Device | None:
        """Return the device that an IP address was seen with last, or None."""
        found = self.owners([address]).get(address)
        return None if found is None else self.get(found)

    def count(self) -> int:
        """Return how many devices are known."""
        with self._database.reading() as sql:
            return int(sql.execute(select(func.count()).select_from(DEVICES)).scalar_one())

    def use(self, name: str, sha256: str, at_s: float) -> None:
        """Write down that a bundle judges.

        Args:
            name: Its name.
            sha256: Digest of its graph.
            at_s: The time, s since the epoch.
        """
        with self._database.writing() as sql:
            changed = sql.execute(update(BUNDLES).where(BUNDLES.c.sha256 == sha256).values(name=name, last_used_s=at_s))
            if not changed.rowcount:
                sql.execute(insert(BUNDLES).values(sha256=sha256, name=name, first_used_s=at_s, last_used_s=at_s))

    def bundles(self) -> list[SeenBundle]:
        """Return the bundles that judged here, the one used last first."""
        with self._database.reading() as sql:
            rows = sql.execute(select(BUNDLES).order_by(BUNDLES.c.last_used_s.desc(), BUNDLES.c.sha256))
            return [SeenBundle(**row._asdict()) for row in rows]

    def _gain(self, name: str, row: dict[str, Any]) -> dict[str, int]:
        before = self._told.get(name)
        if before is None or any(row[total] < before[total] for total in TOTALS):
            return {total: row[total] for total in TOTALS}
        return {total: row[total] - before[total] for total in TOTALS}


def _beyond(column: Column[Any], after: tuple[float, str]) -> ColumnElement[bool]:
    return (column < after[0]) | ((column == after[0]) & (DEVICES.c.id > after[1]))


def _is_in(device: Device, wide: tuple[int, int]) -> bool:
    return any(within(one, [wide]) for one in (*device.ips, device.id))


def _has(word: str) -> ColumnElement[bool]:
    return or_(*(DEVICES.c[name].icontains(word, autoescape=True) for name in _LOOKED_IN))


def _device(row: Row[Any]) -> Device:
    return Device(**row._asdict() | {name: tuple(json.loads(getattr(row, name))) for name in _LISTS})


def _row(device: dict[str, Any]) -> dict[str, Any]:
    lists = {name: [inert(one) for one in device.get(name, ())] for name in _LISTS}
    times = {f"{name}_s": device[name] / _NS_PER_S for name in ("first_seen", "last_seen")}
    totals = {name: device.get(name, 0) for name in TOTALS}
    texts = {name: inert(device[name]) if name in device else None for name in ("mac", "vendor")}
    return {"id": texts["mac"] or next(iter(lists["ips"]), ""), **texts, **lists, **times, **totals}


def _joined(known: dict[str, Any], new: dict[str, Any], gain: dict[str, int]) -> dict[str, Any]:
    """Return a device as it is known, with what is new of it."""
    lists = {name: _newest(new[name], json.loads(known[name])) for name in _LISTS}
    times = {
        "first_seen_s": min(known["first_seen_s"], new["first_seen_s"]),
        "last_seen_s": max(known["last_seen_s"], new["last_seen_s"]),
    }
    return new | lists | times | {total: min(known[total] + gain[total], MOST_IN_ALL) for total in TOTALS}


def _newest(new: Sequence[str], old: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*new, *old]))[:MOST_NAMES]


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: json.dumps(row[name]) for name in _LISTS}
