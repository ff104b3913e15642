"""What becomes of alerts: recorded, delivered, answered; and what is looked after between them.

In: alerts in the order in which they were told, and a tick about once a second. Out: rows of the store, alerts at the
sinks, actions of the responder. The one idea: the store is where the processes of a site meet. What a person does there
(an allowance, an approval) is seen within a tick, and whatever must not be lost is in it before anything else happens.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from redshank.alerts.allow import AllowList
from redshank.alerts.dead_letters import LetterFile
from redshank.alerts.delivery import Delivery
from redshank.alerts.group import Groups
from redshank.alerts.sink import Sink
from redshank.core.metrics import FORGOTTEN, LOST, Metrics
from redshank.core.records import Alert
from redshank.flows.devices import Devices
from redshank.flows.did import Did, Doing
from redshank.pipeline.allowing import AT_ONCE, close_covered
from redshank.pipeline.aside import Aside, judged_benign
from redshank.pipeline.beside import Beside
from redshank.pipeline.keeping import Keeping
from redshank.pipeline.orphans import bury_orphans
from redshank.pipeline.responding import Responding
from redshank.pipeline.rest import Tries
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances, Quiet
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.outbox import Outbox
from redshank.store.search import Search
from redshank.store.usual import Usual

UNRECORDED, DEAD = "unrecorded.jsonl", "dead-letters.jsonl"
DEVICES_EVERY_S = 60.0
NAMES_EVERY_S = 300.0
"""How often the services and peers of devices are written down: some twenty rows of each device that did something."""
AHEAD_S = 2 * 86_400.0
"""Flows of a later day than this from now speak for nothing: a clock was wrong, or somebody lies."""
INVENTORY_ENDS_S = 5.0
"""How long the end waits for devices that are being written down."""
RECORDED_S = 5.0
"""How long the end has alerts recorded at least, also if sinks have no time left."""
QUIET_EVERY_S = 10.0
"""How often it is written down what allowances kept quiet."""

_log = logging.getLogger(__name__)


class Acting:
    """What is done with alerts.

    Args:
        database: The store.
        sinks: Who is told, by name; closed by `finish`.
        responder: What answers; None: nothing does.
        groups: Of the judging, so that an allowance holds for what is open too.
        allow: Of the judging.
        state: Folder for dead letters, and for alerts that the store refused.
        metrics: Counted into.
        live: Whether what an earlier run judged does not come again. A log that is read anew makes the same alerts, and
            counts them from the beginning; a wire goes on.
        bundles: Tells what judges: names of bundles, with the SHA-256 of their graphs.
        tell: Called with alerts once they are recorded.
        clock: Gives the time, s since the epoch.
    """

    def __init__(
        self,
        database: Database,
        sinks: Mapping[str, Sink],
        responder: Responding | None,
        groups: Groups,
        allow: AllowList,
        state: Path,
        metrics: Metrics,
        *,
        live: bool,
        bundles: Callable[[], Mapping[str, str]] = dict,
        tell: Callable[[Sequence[Alert]], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._alerts, self._allowances = Alerts(database), Allowances(database)
        self._inventory, self._usual, self._noting = Inventory(database), Usual(database), Beside("inventory")
        self._aside = Aside()
        self._doing = Doing(self._aside.of)
        self._devices = Devices(doing=self._doing)
        self._unwritten = Did({}, {})
        self._responder, self._groups, self._allow, self._clock = responder, groups, allow, clock
        self._live, self._bundles, self._tell = live, bundles, tell
        self._names, self._metrics = tuple(sinks), metrics
        self._forgotten: Counter[str] = Counter()
        for name in sinks:
            metrics.expect("redshank_dead_letters_total", sink=name)
            metrics.expect("redshank_deliveries_in_doubt_total", sink=name)
            metrics.expect("redshank_recipients_refused_total", sink=name)
        self._keeping = Keeping(self._record, state / UNRECORDED, metrics)
        self._dead, self._outbox = LetterFile(state / DEAD, metrics), Outbox(database)
        self._delivery = Delivery(self._outbox, sinks, self._dead, metrics, clock=clock)
        self._stamp = -1
        self._looked_at: tuple[float, str] | None = None
        self._looking = False
        self._devices_due_s = self._names_due_s = self._quiet_due_s = 0.0
        self._quiet: dict[str, int] = {}
        self._tries = Tries()

    def start(self) -> None:
        """Go on with the alerts that an earlier run had open, put allowances in force, and begin to deliver."""
        self._keeping.resume()
        if self._live:
            self._groups.resume([*self._alerts.unfinished(), *self._closed_early()])
        self._follow_allowances()
        self._delivery.start()
        if self._responder:
            self._responder.start()

    def _closed_early(self) -> list[Alert]:
        """Return the alerts whose windows go on, and were only closed because a service was asked to end."""
        settings, after = self._groups.settings, None
        found: list[Alert] = []
        search, looked = Search(since_s=self._clock() - settings.window_s - settings.late_s), 0
        while page := self._alerts.find(search, AT_ONCE, after):
            found += [filed.alert for filed in page if filed.alert.over]
            after, looked = (page[-1].alert.last_seen_s, page[-1].alert.id), looked + len(page)
            if len(found) >= settings.most_open:
                self._metrics.count(FORGOTTEN, self._alerts.count(search) - looked, by="alerts", memory="groups")
                break
        return found

    def act(self, alerts: Sequence[Alert]) -> None:
        """Record alerts, a step of them at once; what is recorded is delivered and answered."""
        self._aside.note(alerts)
        self._answer(self._keeping.keep(alerts))

    def see(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Learn from flows which devices there are, and what is usual of them."""
        self._devices.take(flows, judged_benign(verdicts))

    def tick(self) -> None:
        """Look after everything that does not come with an alert."""
        self.act(())
        self._tries.attempt("allowances", self._follow_allowances)
        self._tries.attempt("open alerts", self._close_covered)
        now_s = self._clock()
        # Also where the clock was set back, as gateways without a clock of their own do.
        if not (self._noting.busy or 0 < self._devices_due_s - now_s <= DEVICES_EVERY_S):
            self._devices_due_s = now_s + DEVICES_EVERY_S
            self._noting.begin(self._noted())
        if not 0 < self._quiet_due_s - now_s <= QUIET_EVERY_S:
            self._quiet_due_s = now_s + QUIET_EVERY_S
            self._tries.attempt("what is allowed", self._note_quiet)

    def finish(self, within_s: float) -> None:
        """Record what is left, and deliver it within a time in s; what must be written takes a few seconds at least.

        A store that hangs holds it up for as long as it may (`Database.end_by`); what it does not get is counted.
        """
        begin = time.monotonic()
        self._answer(self._keeping.finish(max(within_s, RECORDED_S)))
        if not (self._noting.wait(INVENTORY_ENDS_S) and self._tries.attempt("inventory", self._note_last)):
            self._metrics.count(LOST, self._devices.rows().num_rows, what="devices")
        self._tries.attempt("what is allowed", self._note_quiet)
        unwritten = (one.flows - self._quiet.get(one.allowance.id, 0) for one in self._allow.snapshot())
        self._metrics.count(LOST, sum(max(0, flows) for flows in unwritten), what="quiet_flows")
        if self._responder:
            self._responder.stop(max(0.0, within_s - (time.monotonic() - begin)))
        self._delivery.stop(max(0.0, within_s - (time.monotonic() - begin)))

    def bury_orphans(self) -> int:
        """Give up what waits for sinks that the settings no longer name; may be called from another thread."""
        return bury_orphans(self._outbox, self._names, self._dead, self._clock())

    @property
    def problem(self) -> str:
        """Why devices were not written down, in words; "" if they were."""
        return self._noting.problem

    @property
    def unrecorded(self) -> int:
        """Alerts that wait because the store refused."""
        return self._keeping.unrecorded

    @property
    def behind(self) -> bool:
        """Whether alerts wait for their turn to be recorded; each call of `act` records some."""
        return self._keeping.behind

    def broken(self) -> list[str]:
        """Name what no longer works because of an error of the program: sinks, the responder."""
        sinks = [f"sink {name}" for name in self._delivery.broken()]
        return [*sinks, *(["responder"] if self._responder and self._responder.broken else [])]

    def _answer(self, recorded: Sequence[Alert]) -> None:
        if not recorded:
            return
        self._delivery.wake()
        if self._tell:
            self._tell(recorded)
        if self._responder:
            self._responder.take(recorded)

    def _record(self, alerts: Sequence[Alert]) -> None:
        self._alerts.record(alerts, self._names, self._clock())

    def _noted(self, *, last: bool = False) -> Callable[[], None]:
        """Take the devices that there are, and return what writes them down: thousands take a second."""
        devices, bundles, now_s = self._devices.rows(), dict(self._bundles()), self._clock()
        did = self._unwritten
        told, ahead = self._devices.did().only_before(now_s + AHEAD_S)
        if left := did.add(told) + ahead:
            self._metrics.count(FORGOTTEN, left, by="inventory", memory="usual")
        forgotten = {"devices": self._devices.evicted, "usual": self._doing.missing, "alerts": self._aside.forgotten}
        for memory, count in forgotten.items():
            self._metrics.count(FORGOTTEN, count - self._forgotten[memory], by="inventory", memory=memory)
            self._forgotten[memory] = count

        names = did.names
        if not last and 0 < self._names_due_s - now_s <= NAMES_EVERY_S:
            names = {}
        else:
            self._names_due_s = now_s + NAMES_EVERY_S

        def write() -> None:
            self._inventory.take(devices)
            self._usual.add(Did(did.hours, names))
            for name, sha256 in bundles.items():
                self._inventory.use(name, sha256, now_s)

        return write

    def _note_last(self) -> bool:
        self._noted(last=True)()
        return True

    def _note_quiet(self) -> None:
        """Write down what allowances kept quiet since the last time."""
        flows = {quieted.allowance.id: quieted for quieted in self._allow.snapshot()}
        more = {name: one.flows - self._quiet.get(name, 0) for name, one in flows.items()}
        if any(more.values()):
            self._allowances.count(Quiet(name, new, 0, flows[name].last_s) for name, new in more.items() if new)
        self._quiet = {name: one.flows for name, one in flows.items()}

    def _follow_allowances(self) -> None:
        stamp = self._allowances.stamp()
        if stamp == self._stamp:
            return
        self._note_quiet()  # what is taken back now is no longer told of
        self._allow.replace(self._allowances.standing(self._clock()))
        self.act(self._groups.drop(self._covered))
        self._looking, self._looked_at, self._stamp = True, None, stamp

    def _close_covered(self) -> None:
        """Close some of the open alerts of the store that an allowance covers; all of them at once would take long."""
        if not self._looking:
            return
        page = self._alerts.find(Search(states=("open",)), AT_ONCE, self._looked_at)
        close_covered(self._database, self._allow, page, self._clock())
        self._looking = bool(page)
        self._looked_at = (page[-1].alert.last_seen_s, page[-1].alert.id) if page else None

    def _covered(self, alert: Alert) -> bool:
        return self._allow.covers(alert, self._clock()) is not None
