"""What a service shows while it runs, and what it left where it ran.

In: `Settings`. Out: `Remains`, facts without an opinion. The one idea: the store is opened to read alone and the
metrics endpoint is asked as Prometheus asks it, so looking changes nothing and no service need run.
"""

import math
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from redshank.config import Settings
from redshank.core.errors import RedshankError
from redshank.pipeline.acting import DEAD, UNRECORDED
from redshank.pipeline.archive import MIB
from redshank.pipeline.keeping import DAMAGED
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected, Surroundings
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.outbox import DEAD as GIVEN_UP
from redshank.store.outbox import WAITING, Outbox
from redshank.store.runs import Health, Runs

PATIENCE_S = 3.0
MOST_BYTES = 4 << 20
RUNS = 10

Samples = Mapping[tuple[str, tuple[str, ...]], float]
"""Values by name and values of labels."""


@dataclass(frozen=True)
class Backlog:
    """What one sink is owed.

    Args:
        waiting: Alerts that wait for it.
        dead: Alerts that it did not take, and that were given up.
        oldest_s: How long the one that is due first has waited, in s; 0 if none does.
        error: What the sink said the last time of one that waits; "" if nothing.
    """

    waiting: int = 0
    dead: int = 0
    oldest_s: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Remains:
    """The facts.

    Args:
        store: Its name.
        fresh: Whether there is none yet.
        problem: Why it cannot be read; "" if it can.
        store_mib: Its size in use.
        alerts: How many it holds.
        last_alert_s: How long ago the last one was seen, in s; None if there is none.
        sinks: What each sink is owed.
        actions: Actions that are not over, by state.
        free_mib: Disk that is free for the state folder; None if its place cannot be asked.
        files: Size in bytes of dead letters, of alerts that the store refused, and of what is damaged of these, by
            file, if there are any.
        runs: Runs that the store knows, those begun last first.
        samples: What the metrics endpoint shows; None if nobody answers there.
        health: What is wrong, as /healthz says; "" if nothing is, or nobody answers.
    """

    store: str = ""
    fresh: bool = False
    problem: str = ""
    store_mib: float = 0.0
    alerts: int = 0
    last_alert_s: float | None = None
    sinks: Mapping[str, Backlog] = field(default_factory=dict)
    actions: Mapping[str, int] = field(default_factory=dict)
    free_mib: float | None = None
    files: Mapping[str, int] = field(default_factory=dict)
    runs: tuple[Health, ...] = ()
    samples: Samples | None = None
    health: str = ""


def look(settings: Settings, now_s: float | None = None) -> Remains:
    """Look once.

    Args:
        settings: Of the service.
        now_s: The time, s since the epoch; the clock's if absent.
    """
    state = settings.service.state
    near = next((folder for folder in (state, *state.absolute().parents) if folder.is_dir()), None)
    letters = (state / DEAD, state / UNRECORDED, (state / UNRECORDED).with_suffix(DAMAGED))
    samples, health = _endpoint(settings.service.metrics) if settings.service.metrics else (None, "")
    return replace(
        _stored(settings, time.time() if now_s is None else now_s),
        free_mib=shutil.disk_usage(near).free / MIB if near else None,
        files={path.name: path.stat().st_size for path in letters if path.is_file() and path.stat().st_size},
        samples=samples,
        health=health,
    )


def _stored(settings: Settings, now_s: float) -> Remains:
    place = settings.store_place
    if isinstance(place, Path) and not place.exists():
        return Remains(str(place), fresh=True)
    try:
        with closing(Database(place, only_read=True)) as database:
            newest = Alerts(database).find(limit=1)
            with database.reading() as sql:
                size = database.used_bytes(sql) / MIB
            ledger = Ledger(Journal(database), lambda: Protected.of(Surroundings()))
            ledger.refresh()
            return Remains(
                database.name,
                store_mib=size,
                alerts=Alerts(database).count(),
                last_alert_s=now_s - newest[0].alert.last_seen_s if newest else None,
                sinks=_owed(Outbox(database), now_s),
                actions=Counter(entry.state for entry in ledger.open()),
                runs=tuple(Runs(database).runs(RUNS)),
            )
    except RedshankError as error:
        return Remains(problem=str(error))


def _owed(outbox: Outbox, now_s: float) -> dict[str, Backlog]:
    counts = outbox.counts()
    found = {}
    for sink in sorted({sink for sink, _ in counts}):
        first = outbox.due(sink, math.inf, 1)
        found[sink] = Backlog(
            counts.get((sink, WAITING), 0),
            counts.get((sink, GIVEN_UP), 0),
            now_s - first[0].since_s if first else 0.0,
            outbox.error(sink),
        )
    return found


def _endpoint(place: str) -> tuple[Samples | None, str]:
    try:
        status, text = _got(place, "/metrics")
        well, said = _got(place, "/healthz")
        if status != HTTPStatus.OK:
            return None, ""
        families = list(text_string_to_metric_families(text))
    except (OSError, HTTPException, ValueError):
        return None, ""
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("redshank_")
    }
    return samples or None, "" if well == HTTPStatus.OK else said.strip()


def _got(place: str, path: str) -> tuple[int, str]:
    host, _, port = place.rpartition(":")
    link = HTTPConnection(host.strip("[]") or "127.0.0.1", int(port), timeout=PATIENCE_S)
    with closing(link):
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read(MOST_BYTES).decode(errors="replace")
