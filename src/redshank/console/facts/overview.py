"""What is happening: the page that stays open all day.

In: a desk. Out: a `Moment`, each part of which is read from the store when it is asked for. The one idea: a part that a
browser brings up to date costs what that part costs; and what many browsers ask for in the same second is read once
(`Shared`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from redshank.console.charts import Chart, stacked
from redshank.console.desk import Desk
from redshank.console.facts.devices import ranked
from redshank.console.facts.learning import verdict
from redshank.console.facts.responses import Book, State
from redshank.console.query import minute_text, written
from redshank.console.words import number_of
from redshank.core.errors import BundleError
from redshank.pipeline.keeping import LOST_ALERTS
from redshank.store.alerts import Filed
from redshank.store.devices import Device
from redshank.store.drift import Reading, Readings
from redshank.store.outbox import Outbox
from redshank.store.risk import Risk
from redshank.store.runs import ENDED, Health, Runs
from redshank.store.search import Search
from redshank.store.stamps import stamps
from redshank.store.traffic import FINE_S, HOUR_S, Share, Traffic

T = TypeVar("T")
DAY_S = 86_400.0
SPANS_S = {"24h": DAY_S, "7d": 7 * DAY_S}
CHANGED_BY = {
    **dict.fromkeys(("alerts", "newest"), ("alerts",)),
    **dict.fromkeys(("urgent", "latest"), ("alerts", "comments", "audit")),
    **dict.fromkeys(("verdicts", "services"), ("traffic",)),
    **dict.fromkeys(("health", "earlier", "owed"), ("runs",)),
    "drift": ("drift",),
    "questions": ("labels", "audit", "runs"),
    "models": ("audit",),
}
"""Of each part, whose stamps tell that it changed; what none tells of is as it was seconds ago at most (`Shared`)."""
OVER_A_SPAN = frozenset({"alerts", "newest", "verdicts", "services"})
MOST_AT_RISK = 8
MOST_URGENT = 5
LATELY = 10
"""Runs begun last of which it is told what they lost."""
URGENT = ("critical", "high")


@dataclass(frozen=True)
class AtRisk:
    """A device that alerts stand open against.

    Args:
        name: Its id, or an address that no device is known for.
        device: The device, if it is known.
        risk: What stands open.
    """

    name: str
    device: Device | None
    risk: Risk


@dataclass(frozen=True)
class InService:
    """Which bundles judge.

    Args:
        champion: Name of the bundle in service; "" if the settings name no shelf, or it has none.
        shadow: The one that judges beside it, or "".
        since_s: Since when the champion is in service; None if nobody knows.
        next_answers: Whether more labels pay, in a sentence; "" without a shelf.
        problem: Why the shelf cannot be read, or "".
    """

    champion: str = ""
    shadow: str = ""
    since_s: float | None = None
    next_answers: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Need:
    """Something that only a person can do.

    Args:
        kind: "bad", "warn" or "good".
        text: What it is.
        link: Where.
    """

    kind: str
    text: str
    link: str


@dataclass(frozen=True)
class Newest:
    """The alert that was seen last.

    Args:
        last_seen_s: Packet time, s since the epoch.
        query: Finds it, and those of the day before.
    """

    last_seen_s: float
    query: str


class Moment:
    """The site now.

    Args:
        desk: The desk.
        book: The ledger.
        span: One of SPANS_S.
    """

    def __init__(self, desk: Desk, book: Book, span: str) -> None:
        self._desk, self._book, self.span = desk, book, span
        self._stamp, self._now_s = stamps(desk.database), desk.now_s()

    @property
    def span_s(self) -> float:
        """How far back it goes, in s."""
        return SPANS_S[self.span]

    @cached_property
    def alerts(self) -> Chart:
        """Alerts per hour, by family."""
        return self._read("alerts", self._alerts)

    @cached_property
    def newest(self) -> Newest | None:
        """The alert that was seen last, if that was before the span; None if there is none, or a later one."""
        return self._read("newest", self._newest)

    @cached_property
    def verdicts(self) -> Chart:
        """Flows over time, by what was said of them."""
        return self._read("verdicts", lambda: self._mixed("verdict"))

    @cached_property
    def services(self) -> list[Share]:
        """Traffic by service, the most flows first."""
        return self._read("services", lambda: self._traffic.mix("service", self._since_s, self._now_s)[:6])

    @cached_property
    def at_risk(self) -> list[AtRisk]:
        """The devices most at risk, as `ranked` has them; kept by nobody else, for that would be too long."""
        most = list(ranked(self._desk).items())[:MOST_AT_RISK]
        known = {one.id: one for one in self._desk.inventory.find(ids=[name for name, _ in most])}
        return [AtRisk(name, known.get(name), risk) for name, risk in most]

    @cached_property
    def health(self) -> Health | None:
        """The run of a service that was heard of last."""
        return self._read("health", Runs(self._desk.database).latest)

    @cached_property
    def earlier(self) -> list[Health]:
        """Runs before that one, of the last week, that gave up rows or lost something; those begun last first."""
        return self._read("earlier", self._earlier)

    @property
    def silent_s(self) -> float:
        """For how long nothing was heard of the service, in s; 0 if it is heard of, or has ended."""
        return self.health.silent_s(self._now_s) if self.health else 0.0

    @cached_property
    def owed(self) -> Mapping[tuple[str, str], int]:
        """Deliveries by sink and state."""
        return self._read("owed", Outbox(self._desk.database).counts)

    @cached_property
    def drift(self) -> list[Reading]:
        """The last comparison of each group of devices with what each detector's bundle learnt."""
        return self._read("drift", Readings(self._desk.database).newest)

    @cached_property
    def in_service(self) -> InService:
        """Which bundles judge."""
        return self._read("models", self._in_service)

    @cached_property
    def questions(self) -> Mapping[str, int]:
        """Questions by state: open, held, answered."""
        return self._read("questions", lambda: self._desk.queue.counts(self._now_s))

    @cached_property
    def urgent_count(self) -> int:
        """Open alerts of high or critical severity."""
        return self._read("urgent", lambda: self._desk.alerts.count(_URGENT))

    @cached_property
    def urgent(self) -> list[Filed]:
        """The latest of them."""
        return self._read("latest", lambda: self._desk.alerts.find(_URGENT, MOST_URGENT))

    @cached_property
    def ledger(self) -> State:
        """What was done."""
        return self._book.state()

    @cached_property
    def needs(self) -> list[Need]:
        """What needs a person now, the worst first."""
        found = [*self._broken(), *self._waiting()]
        return sorted(found, key=lambda one: ("bad", "warn", "good").index(one.kind))

    @property
    def _since_s(self) -> float:
        return self._now_s - self.span_s

    @property
    def _traffic(self) -> Traffic:
        return Traffic(self._desk.database)

    def _read(self, what: str, read: Callable[[], T]) -> T:
        key = (what, self.span if what in OVER_A_SPAN else "")
        stamp = tuple(self._stamp[name] for name in CHANGED_BY[what])
        return self._desk.shared.get(key, stamp, self._now_s, read)

    def _alerts(self) -> Chart:
        since_s = self._since_s + HOUR_S
        rows = self._desk.alerts.per_hour(since_s, self._now_s)
        step_s = float(HOUR_S if self.span_s <= 2 * DAY_S else 3 * HOUR_S)
        return stacked(rows, since_s, self._now_s, step_s, "alerts")

    def _newest(self) -> Newest | None:
        found = self._desk.alerts.find(Search(), 1)
        if not found or found[0].alert.last_seen_s >= self._since_s:
            return None
        last_s = found[0].alert.last_seen_s
        span = {"since": (minute_text(last_s - DAY_S),), "until": (minute_text(last_s + 60.0),)}
        return Newest(last_s, written(span))

    def _earlier(self) -> list[Health]:
        if self.health is None:
            return []
        latest, since_s = self.health.run, self._now_s - 7 * DAY_S
        runs = Runs(self._desk.database).runs(LATELY)
        return [one for one in runs if (one.shed or one.lost) and one.run != latest and one.told_at_s >= since_s]

    def _mixed(self, by: str) -> Chart:
        span_s = FINE_S if self.span_s <= DAY_S else HOUR_S
        rows = self._traffic.over_time(by, self._since_s, self._now_s, span_s=span_s)
        values = [(float(one.start_s or 0), one.value or "none", float(one.flows)) for one in rows]
        step_s = 1_800.0 if span_s == FINE_S else 3 * float(HOUR_S)
        return stacked(values, self._since_s + step_s, self._now_s, step_s, "flows")

    def _in_service(self) -> InService:
        shelf = self._desk.shelf
        if shelf is None:
            return InService()
        try:
            entries = shelf.history().entries
        except BundleError as error:
            return InService(shelf.champion() or "", shelf.shadow() or "", problem=str(error))
        champion = shelf.champion() or ""
        since_s = next(
            (one.at_s for one in reversed(entries) if one.what in {"promote", "rollback"} and one.champion == champion),
            None,
        )
        return InService(champion, shelf.shadow() or "", since_s, verdict(self._desk).text)

    def _broken(self) -> list[Need]:
        found = []
        if self.health is None:
            found.append(
                Need("warn", "No service has run with this store yet; `redshank run` begins one.", "/settings")
            )
        elif self.silent_s:
            found.append(Need("bad", "The service was not heard of; nothing is judged if it has ended.", "#sensor"))
        elif self.health.state == ENDED:
            found.append(Need("warn", "The service has ended; nothing is judged until it runs again.", "#sensor"))
        elif self.health.problem:
            found.append(Need("bad", f"The service says: {self.health.problem}", "#sensor"))
        if self.health and self.health.state != ENDED:
            found += _given_up(self.health)
        over = [*([self.health] if self.health and self.health.state == ENDED else []), *self.earlier]
        if lost := sum(run.lost.get(LOST_ALERTS, 0) for run in over):
            alerts = number_of(lost, "alert")
            found.append(Need("bad", f"Runs of the last week lost {alerts}; see the disk", "#sensor"))
        dead = sum(number for (_, state), number in self.owed.items() if state == "dead")
        if dead:
            found.append(Need("bad", f"{dead:,} deliveries were given up; the dead letters have them.", "#sensor"))
        if self.ledger.problem:
            found.append(Need("bad", "The ledger of responses cannot be believed.", "/responses/ledger"))
        if self.ledger.held_up:
            found.append(Need("warn", "The breaker is open: nothing is approved for now.", "/responses"))
        if self.in_service.problem:
            found.append(Need("bad", "The decisions about bundles cannot be read.", "/models"))
        moved = dict.fromkeys(one.group for one in self.drift if one.moved)
        if moved:
            found.append(Need("warn", f"The traffic of {', '.join(moved)} is no longer what was learnt.", "#drift"))
        return found

    def _waiting(self) -> list[Need]:
        found = []
        if self.urgent_count:
            link = "/alerts?state=open&severity=critical&severity=high"
            found.append(
                Need("bad", f"{number_of(self.urgent_count, 'open alert')} of high or critical severity", link)
            )
        if self.ledger.waiting:
            actions = number_of(len(self.ledger.waiting), "action")
            found.append(Need("warn", f"{actions} waiting for approval", "/responses"))
        if self.questions["open"]:
            found.append(
                Need("good", f"{number_of(self.questions['open'], 'question')} waiting for an answer", "/labels")
            )
        return found


_URGENT = Search(states=("open",), severities=URGENT)


def _given_up(health: Health) -> list[Need]:
    """Tell what a run that goes on did not judge, or lost, since it began."""
    dropped, shed = sum(source.dropped for source in health.sources), sum(health.shed.values())
    lost = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in health.lost.items())
    told = (
        (f"{number_of(dropped, 'packet')} dropped by the kernel", dropped, "warn"),
        (f"{number_of(shed, 'row')} of flows given up unjudged", shed, "warn"),
        (f"Lost: {lost}", lost, "bad" if LOST_ALERTS in health.lost else "warn"),
    )
    return [Need(kind, f"{words} since the service began", "#sensor") for words, count, kind in told if count]
