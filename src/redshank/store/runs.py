"""How the running service is, and how earlier runs were when they were heard of last.

In: a `Health` every few seconds (`pipeline/overview.py`: about every 5 s by the clock, at once at the start, and a last
one whose state is "ended"). Out: the newest, and those of earlier runs. The one idea: a run has one row, which is
written over, so that whoever reads it sees one whole moment, and sees from `told_at_s` whether it is still true: a
service that was killed says nothing more, and its state stays "judging". Totals are those of the run, not of the store.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sqlalchemy import delete, insert, select, update

from redshank.detect.agreed import Agreed, OfFamily, summed
from redshank.store.database import Database
from redshank.store.tables import RUNS

JUDGING, ENDING, ENDED = "judging", "ending", "ended"
"""States of a run."""
SILENT_AFTER_S = 30.0
"""A run that is not over and was not heard of for so long has most likely been killed, or its store is away."""
MOST_RUNS = 200
"""Runs kept, those begun last."""


@dataclass(frozen=True)
class SourceHealth:
    """A source of a run.

    Args:
        name: As the settings name it.
        up: Whether it is open.
        packets, packet_bytes: Metered so far; 0 for records of other tools.
        rows: FLOW rows that it gave, interim ones too.
        dropped: Packets that the kernel had no room for.
        evicted: Flows that the flow table put out early to make room.
        failures: How often it stopped before its end.
        reached_s: Packet time that it has reached, s since the epoch; None: it gave nothing yet.
    """

    name: str
    up: bool = False
    packets: int = 0
    packet_bytes: int = 0
    rows: int = 0
    dropped: int = 0
    evicted: int = 0
    failures: int = 0
    reached_s: float | None = None


@dataclass(frozen=True)
class Judge:
    """A detector in service, and a bundle of it.

    Args:
        detector: Its name in the settings.
        bundle: Name of its bundle; "" for one that has none.
        sha256: Digest of the bundle's graph.
        fingerprint: Of the features that it reads.
        since_s: Since when it judges without another in between, over restarts too, by the clock.
        silent: Why it says nothing at present, in words; "" if it judges.
    """

    detector: str
    bundle: str = ""
    sha256: str = ""
    fingerprint: str = ""
    since_s: float = 0.0
    silent: str = ""


@dataclass(frozen=True)
class Health:
    """A run of the service at one moment. Counts are since it began.

    Args:
        run: Its id.
        host: Name of the machine.
        version: Of the program.
        started_at_s: When it began, by the clock.
        told_at_s: When this was so, by the clock.
        state: "judging", "ending" (what is left is judged and delivered) or "ended".
        problem: What is not well, in words; "" if nothing is known.
        packets, packet_bytes: Metered, of all sources.
        flows: Flows judged, each at its end.
        interim: Rows judged before their flow's end, beside them.
        alarms: Flows that raised an alarm.
        alerts: Alerts told, each once.
        allowed: Flows that allowances kept quiet.
        shed: Rows given up because judging fell behind ("interim", "quiet", "oldest"), or the end came ("drain").
        lost: What is nowhere any more though it should be kept, by what it is ("alerts", "archive_rows", ...).
        forgotten: What memories of bounded size forgot to make room, by who remembers and what: "alerts.evidence".
        anomalies: Malformed or odd input, by "stage.name"; "capture.ring_dropped" are the kernel's drops.
        waiting_rows: FLOW rows that wait to be judged.
        most_waiting_rows: How many may.
        unrecorded_alerts: Alerts that wait for the store.
        uncounted: Flows that are missing in the counts of traffic, because there were too many kinds at once.
        packet_time_s: Packet time that was judged last; None: nothing was yet.
        lag_s: The clock at that moment minus that time; small for a wire, without meaning for old captures.
        alert_delay_s: From when a device was last seen in an alert to the alert in the store: the middle of those
            told last; None: none was.
        worst_alert_delay_s: The longest of these.
        sources, judges: One each.
        agreed: A detector's champion beside its shadow, since both judge.
    """

    run: str
    started_at_s: float
    told_at_s: float
    state: str = JUDGING
    host: str = ""
    version: str = ""
    problem: str = ""
    packets: int = 0
    packet_bytes: int = 0
    flows: int = 0
    interim: int = 0
    alarms: int = 0
    alerts: int = 0
    allowed: int = 0
    shed: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    forgotten: Mapping[str, int] = field(default_factory=dict)
    anomalies: Mapping[str, int] = field(default_factory=dict)
    waiting_rows: int = 0
    most_waiting_rows: int = 0
    unrecorded_alerts: int = 0
    uncounted: int = 0
    packet_time_s: float | None = None
    lag_s: float | None = None
    alert_delay_s: float | None = None
    worst_alert_delay_s: float | None = None
    sources: tuple[SourceHealth, ...] = ()
    judges: tuple[Judge, ...] = ()
    agreed: tuple[Agreed, ...] = ()

    def silent_s(self, now_s: float) -> float:
        """Return for how long nothing was heard of a run that is not over, in s; 0 if it is heard of, or has ended.

        Example:
            >>> Health("1f", 0.0, 100.0).silent_s(150.0)
            50.0
        """
        quiet_s = now_s - self.told_at_s
        return quiet_s if self.state != ENDED and quiet_s > SILENT_AFTER_S else 0.0


class Runs:
    """The runs of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, health: Health) -> None:
        """Write down how a run is, in place of what it told before; of older runs than MOST_RUNS nothing is kept."""
        values = {
            "started_at_s": health.started_at_s,
            "told_at_s": health.told_at_s,
            "record": json.dumps(asdict(health)),
        }
        with self._database.writing() as sql:
            if not sql.execute(update(RUNS).where(RUNS.c.id == health.run).values(**values)).rowcount:
                sql.execute(insert(RUNS).values(id=health.run, **values))
                newest = select(RUNS.c.id).order_by(RUNS.c.started_at_s.desc(), RUNS.c.id)
                sql.execute(delete(RUNS).where(RUNS.c.id.in_(newest.offset(MOST_RUNS).limit(1_000_000))))

    def latest(self) -> Health | None:
        """Return the run that was heard of last; None: no service ever ran with this store."""
        wanted = select(RUNS.c.record).order_by(RUNS.c.told_at_s.desc(), RUNS.c.id).limit(1)
        with self._database.reading() as sql:
            row = sql.execute(wanted).first()
        return None if row is None else _health(row.record)

    def runs(self, limit: int = 50, before: tuple[float, str] | None = None) -> list[Health]:
        """Return runs, those begun last first.

        Args:
            limit: How many at most.
            before: `started_at_s` and `run` of the last one of the page before.
        """
        wanted = select(RUNS.c.record).order_by(RUNS.c.started_at_s.desc(), RUNS.c.id.desc()).limit(limit)
        if before is not None:
            time, last = RUNS.c.started_at_s, RUNS.c.id
            wanted = wanted.where((time < before[0]) | ((time == before[0]) & (last < before[1])))
        with self._database.reading() as sql:
            return [_health(row.record) for row in sql.execute(wanted)]

    def agreed(self, champion_sha256: str, shadow_sha256: str) -> Agreed | None:
        """Return how far a shadow agreed with a champion, over all runs that are kept; None: no run compared them.

        Args:
            champion_sha256: Digest of the champion's graph.
            shadow_sha256: Digest of the shadow's.
        """
        pair = (champion_sha256, shadow_sha256)
        return summed(one for run in self.runs(MOST_RUNS) for one in run.agreed if one.pair == pair)


def _health(text: str) -> Health:
    """Return what was written, also by a program whose records had other fields."""
    values = json.loads(text)
    values["sources"] = tuple(SourceHealth(**_known(SourceHealth, one)) for one in values.get("sources", ()))
    values["judges"] = tuple(Judge(**_known(Judge, one)) for one in values.get("judges", ()))
    values["agreed"] = tuple(_agreed(one) for one in values.get("agreed", ()))
    return Health(**_known(Health, values))


def _agreed(values: dict[str, Any]) -> Agreed:
    families = tuple(OfFamily(**_known(OfFamily, one)) for one in values["families"])
    return Agreed(**_known(Agreed, values | {"families": families}))


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: values[one.name] for one in fields(kind) if one.name in values}
