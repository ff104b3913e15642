"""Alerts in the store: their revisions, some of their flows, and what a person made of them.

In: alerts as they are told. Out: the same, found by what they are about. The one idea: an alert, its flows and what is
to be delivered of it are written in one transaction, and a revision that is there already changes nothing: whoever was
killed before it heard that all is written down says it again. What a person decided stays whatever the device does.
Text from the wire is kept exactly in the JSON; in the columns that are looked for, what does not print is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, insert, select, update

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.records import SEVERITIES, Alert, Evidence
from redshank.store.audit import note_each
from redshank.store.database import Database
from redshank.store.evidence import evidence_of, finite, keep_evidence
from redshank.store.outbox import put
from redshank.store.reading import read_alert
from redshank.store.search import Search
from redshank.store.tables import ALERTS, REVISIONS, TERMS
from redshank.store.terms import RULE, keep

STATES = ("open", "acknowledged", "false_alarm", "escalated", "closed")
"""What a person can make of an alert; it begins open."""
CHANGES = (*(f"alert {state}" for state in STATES), "retention")
"""What the audit calls it when alerts come into another state, or go."""
HOUR_S = 3600.0
AT_ONCE = 500
"""Alerts looked up by one statement."""
_LATEST = (REVISIONS.c.alert == ALERTS.c.id) & (REVISIONS.c.revision == ALERTS.c.revision)
_FILED = select(ALERTS, REVISIONS.c.record).join(REVISIONS, _LATEST)


@dataclass(frozen=True)
class Filed:
    """An alert as the store has it.

    Args:
        alert: Its latest revision.
        arrival: Grows with every revision that the store writes down, of any alert.
        recorded_at_s: When the latest revision was written down, by the clock.
        state: One of STATES.
        state_by: Who said so; "" while nobody did.
        state_at_s: When, by the clock.
    """

    alert: Alert
    arrival: int
    recorded_at_s: float
    state: str
    state_by: str
    state_at_s: float | None


@dataclass(frozen=True)
class Group:
    """Alerts that have a device, family or hour in common.

    Args:
        value: What that is; of an hour its number since the epoch.
        count: How many they are.
        open: How many of them are open.
        severity: The gravest.
        last_seen_s: Packet time of the last.
    """

    value: str
    count: int
    open: int
    severity: str
    last_seen_s: float


class Alerts:
    """The alerts of a store; several processes may have one.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, alerts: Sequence[Alert], sinks: Iterable[str], at_s: float) -> int:
        """Write alerts down, and what is to be delivered of them; durable when this returns.

        Args:
            alerts: In the order in which they were told. Of what is there already, or is older, nothing is written.
            sinks: Names of those that each of them is for.
            at_s: The time, s since the epoch.

        Returns:
            How many revisions are new.
        """
        names, new = tuple(sinks), 0
        with self._database.writing() as sql:
            for begin in range(0, len(alerts), AT_ONCE):
                new += _record(sql, alerts[begin : begin + AT_ONCE], names, at_s)
        return new

    def judge(
        self,
        ids: Sequence[str],
        state: str,
        by: str,
        at_s: float,
        why: str = "",
        *,
        only: Sequence[str] = STATES,
        seen_at_s: float | None = None,
    ) -> list[str]:
        """Write down what a person makes of alerts; the audit keeps every such decision.

        Args:
            ids: The alerts.
            state: One of STATES.
            by: Who says so.
            at_s: When, s since the epoch.
            why: In words.
            only: Alerts that are in another state by now are left as they are.
            seen_at_s: When whoever decides looked at them, s since the epoch; what somebody decided later is left too.

        Returns:
            The alerts that it was done to.

        Raises:
            ConfigError: If the state is none, or nobody says so.
        """
        if state not in STATES:
            raise ConfigError(f"state: {state[:40]!r} is none; allowed are {', '.join(STATES)}")
        if not by.strip():
            raise ConfigError("state: nobody is named who decides it; say who")
        wanted, changed = list(dict.fromkeys(ids)), list[str]()
        for begin in range(0, len(wanted), AT_ONCE):
            with self._database.writing() as sql:
                some = ALERTS.c.id.in_(wanted[begin : begin + AT_ONCE]) & ALERTS.c.state.in_(only)
                if seen_at_s is not None:
                    some &= ALERTS.c.state_at_s.is_(None) | (ALERTS.c.state_at_s <= seen_at_s)
                were = {row.id: row.state for row in sql.execute(select(ALERTS.c.id, ALERTS.c.state).where(some))}
                decided = {"state": state, "state_by": inert(by.strip()), "state_at_s": at_s}
                sql.execute(update(ALERTS).where(some).values(decided))
                details = {one: {"was": was, "why": why} for one, was in were.items()}
                note_each(sql, at_s, by.strip(), f"alert {state}", details)
            changed += were
        return changed

    def find(
        self, search: Search | None = None, limit: int = 100, after: tuple[float, str] | None = None, skip: int = 0
    ) -> list[Filed]:
        """Return alerts, those seen last first.

        Args:
            search: What they are to be like; all if absent.
            limit: How many at most.
            after: `last_seen_s` and `id` of the last one of the page before: quick on any page.
            skip: How many to leave out; for a page by its number, slower the higher it is.
        """
        asked, beyond = search or Search(), []
        if after is not None:
            time, last = ALERTS.c.last_seen_s, ALERTS.c.id
            beyond.append((time <= after[0]) & ((time < after[0]) | (last < after[1])))
        order = (ALERTS.c.last_seen_s.desc(), ALERTS.c.id.desc())
        with self._database.reading() as sql:
            # What is sorted is ids: whole records would be carried along.
            page = select(ALERTS.c.id).where(*asked.where(sql), *beyond).order_by(*order).limit(limit).offset(skip)
            return [_filed(row) for row in sql.execute(_FILED.where(ALERTS.c.id.in_(page)).order_by(*order))]

    def beside(self, search: Search, place: tuple[float, str]) -> tuple[str | None, str | None]:
        """Return the ids of the alerts before and after a place in a list of `find`: newer, older; None: there is none.

        Args:
            search: What they are to be like; whatever has the place may be otherwise by now.
            place: `last_seen_s` and `id`.
        """
        time, name = ALERTS.c.last_seen_s, ALERTS.c.id
        newer = (time >= place[0]) & ((time > place[0]) | (name > place[1]))
        older = (time <= place[0]) & ((time < place[0]) | (name < place[1]))
        with self._database.reading() as sql:
            fits = search.where(sql)
            before = select(name).where(*fits, newer).order_by(time, name).limit(1)
            after = select(name).where(*fits, older).order_by(time.desc(), name.desc()).limit(1)
            return sql.execute(before).scalar(), sql.execute(after).scalar()

    def get(self, alert: str) -> Filed | None:
        """Return the alert with this id, or None."""
        with self._database.reading() as sql:
            row = sql.execute(_FILED.where(ALERTS.c.id == alert)).first()
        return None if row is None else _filed(row)

    def in_state(self, ids: Sequence[str], state: str) -> set[str]:
        """Return those of some alerts, by id, that are in one of STATES."""
        wanted = list(dict.fromkeys(ids))
        found: set[str] = set()
        for begin in range(0, len(wanted), AT_ONCE):
            some = ALERTS.c.id.in_(wanted[begin : begin + AT_ONCE])
            with self._database.reading() as sql:
                found.update(sql.execute(select(ALERTS.c.id).where(some, ALERTS.c.state == state)).scalars())
        return found

    def revisions(self, alert: str) -> list[Alert]:
        """Return an alert as it was told, each time that it was, in order."""
        wanted = select(REVISIONS.c.record).where(REVISIONS.c.alert == alert).order_by(REVISIONS.c.revision)
        with self._database.reading() as sql:
            return [read_alert(record) for record in sql.execute(wanted).scalars()]

    def evidence(self, alert: str) -> list[Evidence]:
        """Return the flows that are kept of an alert, of all its revisions, in the order of time."""
        return self.evidence_of([alert]).get(alert, [])

    def evidence_of(self, alerts: Sequence[str]) -> dict[str, list[Evidence]]:
        """Return the same of several alerts; of which there is none, it is left out."""
        with self._database.reading() as sql:
            return evidence_of(sql, alerts)

    def since(self, arrival: int, limit: int = 1000) -> list[Filed]:
        """Return what was written down after an arrival, in order; for those who follow. Begin with 0."""
        wanted = _FILED.where(ALERTS.c.arrival > arrival).order_by(ALERTS.c.arrival).limit(limit)
        with self._database.reading() as sql:
            return [_filed(row) for row in sql.execute(wanted)]

    def last_arrival(self) -> int:
        """Return the arrival of what was written down last, 0 if nothing was."""
        with self._database.reading() as sql:
            return _last_arrival(sql)

    def unfinished(self) -> list[Alert]:
        """Return the alerts whose windows were never closed: what a service that was killed had open."""
        with self._database.reading() as sql:
            rows = sql.execute(_FILED.where(ALERTS.c.over.is_(False)).order_by(ALERTS.c.arrival))
            return [read_alert(row.record) for row in rows]

    def lately(self, since_s: float, most: int) -> list[tuple[str, str, str, float]]:
        """Return what was written down of late and nobody called false, in the order of that.

        Each is id, device, family, time by the clock.

        Args:
            since_s: From when on, s since the epoch.
            most: How many at most, the latest.
        """
        at = ALERTS.c.recorded_at_s
        wanted = select(ALERTS.c.id, ALERTS.c.device, ALERTS.c.family, at)
        wanted = wanted.where(at >= since_s, ALERTS.c.state != "false_alarm")
        with self._database.reading() as sql:
            rows = sql.execute(wanted.order_by(at.desc(), ALERTS.c.arrival.desc()).limit(most)).all()
        return [(row.id, row.device, row.family, row.recorded_at_s) for row in reversed(rows)]

    def count(self, search: Search | None = None, most: int | None = None) -> int:
        """Return how many alerts there are.

        Args:
            search: What they are to be like; all if absent.
            most: Beyond it nobody counts; then this number is returned.
        """
        with self._database.reading() as sql:
            wanted = select(ALERTS.c.id).where(*(search or Search()).where(sql)).limit(most)
            return int(sql.execute(select(func.count()).select_from(wanted.subquery())).scalar_one())

    def ids(self, search: Search, limit: int) -> list[str]:
        """Return the ids of alerts, those seen last first.

        Args:
            search: What they are to be like.
            limit: How many at most.
        """
        order = (ALERTS.c.last_seen_s.desc(), ALERTS.c.id.desc())
        with self._database.reading() as sql:
            wanted = select(ALERTS.c.id).where(*search.where(sql)).order_by(*order).limit(limit)
            return list(sql.execute(wanted).scalars())

    def groups(self, by: str, search: Search | None = None, limit: int = 100) -> list[Group]:
        """Return alerts that have something in common, those that are most first; hours the latest first.

        Args:
            by: "device", "family" or "hour".
            search: What they are to be like; all if absent.
            limit: How many groups at most.
        """
        column, number = ALERTS.c[by], func.count()
        rank = case({name: place for place, name in enumerate(SEVERITIES)}, value=ALERTS.c.severity, else_=0)
        order = [column.desc()] if by == "hour" else [number.desc(), column]
        with self._database.reading() as sql:
            wanted = (search or Search()).where(sql)
            counted = select(column, number).where(*wanted).group_by(column).order_by(*order).limit(limit)
            counts = {value: count for value, count in sql.execute(counted)}  # noqa: C416  a row is no pair
            # Of the groups that are shown alone: this looks at every alert of them.
            more = select(
                column,
                func.sum(case((ALERTS.c.state == "open", 1), else_=0)),
                func.max(rank),
                func.max(ALERTS.c.last_seen_s),
            )
            rows = sql.execute(more.where(*wanted, column.in_(counts)).group_by(column))
            about = {value: (int(open_), SEVERITIES[severity], last_s) for value, open_, severity, last_s in rows}
        return [Group(str(value), int(count), *about[value]) for value, count in counts.items()]

    def counts(self, by: str, search: Search | None = None) -> dict[str, int]:
        """Return how many alerts there are of each device, family, severity or state, the most frequent first.

        Args:
            by: "device", "family", "severity" or "state".
            search: What they are to be like; all if absent.
        """
        column = ALERTS.c[by]
        wanted = select(column, func.count()).group_by(column).order_by(func.count().desc(), column)
        with self._database.reading() as sql:
            wanted = wanted.where(*(search or Search()).where(sql))
            return {name: number for name, number in sql.execute(wanted)}  # noqa: C416  a row is no pair

    def by_rule(self) -> dict[str, dict[str, int]]:
        """Return of each rule, in small letters, how many alerts hit it, by what people made of them."""
        ruled = select(TERMS.c.term, func.count()).where(TERMS.c.kind == RULE).group_by(TERMS.c.term)
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as sql:
            # A join would look up every alert; what is judged stands in an index, and the rest is open.
            for rule, number in sql.execute(ruled):
                found[rule] = {"open": number}
            for state in STATES[1:]:
                judged = ruled.where(TERMS.c.alert.in_(select(ALERTS.c.id).where(ALERTS.c.state == state)))
                for rule, number in sql.execute(judged):
                    found[rule][state] = number
                    found[rule]["open"] -= number
        return {rule: {state: number for state, number in states.items() if number} for rule, states in found.items()}

    def per_hour(self, since_s: float, until_s: float) -> list[tuple[float, str, int]]:
        """Return how many alerts began in each hour: its start in s since the epoch, the family, the number.

        Args:
            since_s: Packet time in the first hour.
            until_s: Packet time before which the last hour begins.
        """
        group = (ALERTS.c.hour, ALERTS.c.family)
        wanted = (
            select(*group, func.count())
            .where(ALERTS.c.hour >= since_s // HOUR_S, ALERTS.c.hour < until_s / HOUR_S)
            .group_by(*group)
            .order_by(*group)
        )
        with self._database.reading() as sql:
            return [(hour * HOUR_S, family, number) for hour, family, number in sql.execute(wanted)]


def _filed(row: Row[Any]) -> Filed:
    about = row.arrival, row.recorded_at_s, row.state, row.state_by, row.state_at_s
    return Filed(read_alert(row.record), *about)


def _record(sql: Connection, alerts: Sequence[Alert], sinks: tuple[str, ...], at_s: float) -> int:
    there = select(ALERTS.c.id, ALERTS.c.revision).where(ALERTS.c.id.in_({alert.id for alert in alerts}))
    known = {row.id: row.revision for row in sql.execute(there)}
    newest = dict(known)
    told = []
    for alert in alerts:
        if alert.revision > newest.get(alert.id, -1):
            newest[alert.id] = alert.revision
            told.append(alert)
    if not told:
        return 0
    latest = {alert.id: alert for alert in told}  # of several revisions the last
    arrival = _last_arrival(sql)
    rows = [_row(alert, arrival + 1 + place, at_s) for place, alert in enumerate(latest.values())]
    fresh = [row for row in rows if row["id"] not in known]
    grown = [row | {"this": row["id"]} for row in rows if row["id"] in known]
    if fresh:
        sql.execute(insert(ALERTS), fresh)
    if grown:
        sql.execute(update(ALERTS).where(ALERTS.c.id == bindparam("this")), grown)
    records = [{"alert": alert.id, "revision": alert.revision, "record": alert.to_json()} for alert in told]
    sql.execute(insert(REVISIONS), records)
    keep_evidence(sql, told, known)
    keep(sql, told)
    put(sql, told, sinks, at_s, arrival)
    return len(told)


def _row(alert: Alert, arrival: int, at_s: float) -> dict[str, Any]:
    return {
        "id": alert.id, "arrival": arrival, "revision": alert.revision, "device": inert(alert.device),
        "family": inert(alert.family), "severity": alert.severity,
        "hour": int(alert.first_seen_s // HOUR_S), "first_seen_s": alert.first_seen_s,
        "last_seen_s": alert.last_seen_s, "count": alert.count, "score": finite(alert.score), "over": alert.over,
        "recorded_at_s": at_s,
    }  # fmt: skip


def _last_arrival(sql: Connection) -> int:
    return int(sql.execute(select(func.coalesce(func.max(ALERTS.c.arrival), 0))).scalar_one())
