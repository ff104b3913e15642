"""What is usual of a device, and what is different now.

In: what the store has of its hours and names (`store/usual.py`). Out: the usual of the month before, and the last day
beside it. The one idea: usual is only what was judged benign and no alert is about, and it is compared with all that
there is now, attacks too; before a device is known for LEAST_DAYS nothing is called different.

- Now is the 24 hours of packet time up to the latest hour in which any device was seen; the time before, up to a month,
  is the usual. An hour in which no device was seen at all is nobody's rest: it counts for nothing.
- More than usual is more than TIMES as much as on any day at this hour of the day, or an hour earlier or later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from redshank.console.desk import Desk
from redshank.console.shared import SLOWLY_S
from redshank.console.words import number_of
from redshank.flows.did import KINDS, MOST_NAMES
from redshank.store.devices import Device
from redshank.store.usual import DAY_S, HOUR_S, HOURS_KEPT, Hour, Name
from redshank.store.usual import Usual as Store

LEAST_DAYS = 7
"""A week: work days and others are not alike."""
LEAST_TIMES = 3
"""How often an hour of the day must have been watched before it is said that something is different at it."""
TIMES = 2.0
MOST_CHANGES = 20
WORDS = {"offers": "offers", "uses": "uses", "peers": "talks to"}


@dataclass(frozen=True)
class AtHour:
    """What is usual at an hour of the day, UTC, and what there is now; bytes are sent and received together.

    Args:
        hour: 0 to 23.
        days: On how many days it was watched.
        active: On how many of these the device did something that is usual.
        low, median, high: Bytes that are usual, of all these days; None: it was never watched.
        now_bytes, now_flows: In the last 24 hours, of all that there was; None: nobody watched.
        changes: What is different, in words.
    """

    hour: int
    days: int
    active: int
    low: int | None
    median: float | None
    high: int | None
    now_bytes: int | None
    now_flows: int | None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Usual:
    """What is usual of a device.

    Args:
        days: On how many days before now it did something that is usual.
        flows: How many of its flows of that time are usual.
        others: How many are set aside.
        flows_per_hour: The median, over the hours that were watched; None: there is none.
        since_s: When now begins, packet time, s since the epoch; None: nothing was ever seen.
        names: What it usually offers and uses, and its usual peers, by kind; those of the most days first. Before it is
            known for long enough all that was ever judged benign.
        hours: By hour of the day.
        changes: What is different now, in words; empty before it is known for long enough.
        full: Kinds of which as many names are kept as can be: one that is called new may have been there before.
    """

    days: int
    flows: int
    others: int
    flows_per_hour: float | None
    since_s: float | None
    names: Mapping[str, tuple[Name, ...]]
    hours: tuple[AtHour, ...]
    changes: tuple[str, ...]
    full: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether it is known for long enough to say what is different."""
        return self.days >= LEAST_DAYS


def usual(desk: Desk, device: Device) -> Usual:
    """Return what is usual of a device, and what is different now."""
    store, now_s = Store(desk.database), desk.now_s()
    watched = desk.shared.get("watched hours", (), now_s, lambda: _watched(store, now_s), SLOWLY_S)
    names = store.names(device.id)
    if not watched:
        return Usual(0, 0, 0, None, None, {}, (), (), ())
    last_s = watched[-1]
    since_s = last_s - 23 * HOUR_S
    hours = {one.start_s: one for one in store.hours(device.id, last_s - HOURS_KEPT * HOUR_S)}
    before = _before(hours, [at_s for at_s in watched if at_s < since_s])
    days = len({one.start_s // DAY_S for one in before if one.benign_flows})
    now = {at_s: hours.get(at_s, Hour(at_s, 0, 0, 0, 0, 0)) for at_s in watched if at_s >= since_s}
    enough = days >= LEAST_DAYS
    by_hour = _by_hour(before, now, enough=enough)
    by_kind = {kind: tuple(one for one in names if one.kind == kind) for kind in KINDS}
    changes = [*_new(by_kind, since_s), *(text for one in by_hour for text in one.changes)] if enough else []
    flows = [one.benign_flows or 0 for one in before]
    return Usual(
        days,
        sum(flows),
        sum(one.flows for one in before) - sum(flows),
        median(flows) if flows else None,
        float(since_s),
        {
            kind: tuple(one for one in found if _is_usual(one, since_s if enough else None))
            for kind, found in by_kind.items()
        },
        by_hour,
        tuple(changes),
        tuple(kind for kind, found in by_kind.items() if len(found) >= MOST_NAMES),
    )


def _watched(store: Store, now_s: float) -> list[int]:
    """Return the hours of the last month in which any device was seen; a record of next month is none."""
    hours = [at_s for at_s in store.watched(0.0) if at_s <= now_s]
    return [at_s for at_s in hours if at_s >= hours[-1] - HOURS_KEPT * HOUR_S]


def _before(hours: Mapping[int, Hour], watched: Sequence[int]) -> list[Hour]:
    """Return the hours that tell what is usual: from the first in which the device was, those that it rested too."""
    first_s = min((one.start_s for one in hours.values() if one.benign_flows), default=None)
    every = [hours.get(at_s, Hour(at_s, 0, 0, 0, 0, 0)) for at_s in watched if first_s is not None and at_s >= first_s]
    return [one for one in every if one.benign_flows is not None]


def _by_hour(before: Sequence[Hour], now: Mapping[int, Hour], *, enough: bool) -> tuple[AtHour, ...]:
    usual: list[list[Hour]] = [[] for _ in range(24)]
    for one in before:
        usual[_of_day(one.start_s)].append(one)
    highest = [max((one.benign_bytes or 0 for one in some), default=0) for some in usual]
    found = {_of_day(one.start_s): one for one in now.values()}
    rows = []
    for hour, some in enumerate(usual):
        sizes = [one.benign_bytes or 0 for one in some]
        active = sum(bool(one.benign_flows) for one in some)
        here = found.get(hour)
        size = None if here is None else here.sent_bytes + here.received_bytes
        changes = []
        if enough and here and size is not None and len(some) >= LEAST_TIMES:
            most = max(highest[hour - 1], highest[hour], highest[(hour + 1) % 24])
            if here.flows and not active:
                changes.append(
                    f"active from {hour:02}:00 to {(hour + 1) % 24:02}:00 UTC, never before in {len(some)} days"
                )
            elif size > TIMES * most:
                times = f"{size / most:.3g} times as much" if most else "more"
                changes.append(
                    f"{times} traffic from {hour:02}:00 to {(hour + 1) % 24:02}:00 UTC than on any day before"
                )
        rows.append(
            AtHour(
                hour,
                len(some),
                active,
                min(sizes, default=None),
                median(sizes) if sizes else None,
                max(sizes, default=None),
                size,
                None if here is None else here.flows,
                tuple(changes),
            )
        )
    return tuple(rows)


def _is_usual(name: Name, since_s: float | None) -> bool:
    return name.first_s is not None and (since_s is None or name.first_s < since_s)


def _new(by_kind: Mapping[str, Sequence[Name]], since_s: float) -> list[str]:
    """Say which services and peers of now are not usual."""
    found = []
    for kind, names in by_kind.items():
        for one in sorted(names, key=lambda one: -one.flows - one.others):
            if one.seen_s < since_s:
                continue
            if one.first_s is None:
                found.append(f"{WORDS[kind]} {one.name}, of which no flow is usual: {number_of(one.others, 'flow')}")
            elif one.first_s >= since_s:
                aside = f", {one.others:,} more set aside" if one.others else ""
                found.append(f"{WORDS[kind]} {one.name} for the first time: {number_of(one.flows, 'flow')}{aside}")
    return found[:MOST_CHANGES]


def _of_day(at_s: int) -> int:
    return at_s // HOUR_S % 24
