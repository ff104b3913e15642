"""A whole service from its settings: made, run until asked to end, and ended in order.

In: `Settings`. Out: what its sources, store, sinks and firewall show; a `Summary` at the end. The one idea: everything
that can be wrong is found while it is made, before the first packet; and what was begun is ended in the reverse order,
whatever happens: sources, then judging, then delivery, then the store.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import Self

from redshank import site
from redshank.alerts.allow import AllowList
from redshank.alerts.severity import UNKNOWN
from redshank.config import Settings
from redshank.core.errors import ActionError, RedshankError
from redshank.core.files import held, writable_folder
from redshank.core.memory import give_back, hold_little
from redshank.core.metrics import LOST, Metrics
from redshank.core.metrics_server import MetricsServer
from redshank.core.records import Alert
from redshank.detect.detector import kind_of
from redshank.parts import LOCK, Parts
from redshank.pipeline.acting import UNRECORDED, Acting
from redshank.pipeline.archive import DAY_S, MIB, Archive, ArchiveSettings
from redshank.pipeline.asking import Asking
from redshank.pipeline.beside import Beside
from redshank.pipeline.examples import Remembering
from redshank.pipeline.failures import Failures
from redshank.pipeline.judging import Judging
from redshank.pipeline.keeping import LOST_ALERTS
from redshank.pipeline.notify import READY, STOPPING, WATCHDOG, Systemd
from redshank.pipeline.overview import Moment, Overview
from redshank.pipeline.responding import Responding
from redshank.pipeline.service import Feed, Service
from redshank.pipeline.taking_back import TakingBack
from redshank.pipeline.tally import Summary, Tally
from redshank.respond.ledger import Ledger
from redshank.respond.names import Names
from redshank.respond.responder import DEVICES_KEPT, Responder
from redshank.respond.surroundings import Lookout
from redshank.store.alerts import Alerts
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.retention import Retention, settled
from redshank.store.runs import ENDED, ENDING, JUDGING, Runs

UNJUDGED = "unjudged"
"""The folder in service.state for batches that a detector could not judge."""
FIRST_SWEEP_S, SWEEP_EVERY_S = 30.0, 3_600.0
"""Soon after the start, for who begins anew within each hour must throw away too."""
GIVE_BACK_EVERY_S = 60.0
CACHE_KIB = 2_048
"""Of the store, for each connection: who mostly writes gains a twentieth by eight times as much."""
ASKING_ENDS_S = 5.0
"""How long the end waits for questions that are being chosen, and for flows of alerts that are being kept."""
SWEEPER_ENDS_S = 5.0
"""How long the end waits for a sweep; one that is broken off goes on with the next run."""
OVERVIEW_ENDS_S = 5.0
"""How long the end waits for what is being told of the run."""
DELIVERED_S = 2.0
"""How long the end delivers at least, also if all of service.drain_s went into judging."""
STORE_ENDS_S = 8.0
"""How long a store that hangs may hold up the end beyond service.drain_s."""
ENDS_S = 15.0
"""How long an end takes at most beyond service.drain_s, on a machine that does what it is asked: what is left is given
up, said and counted."""

_log = logging.getLogger(__name__)


class Running:
    """A service; use it as a context.

    Args:
        settings: Of everything.
        metrics: Counted into.
        feeds: Sources in place of those that the settings name.
        tell: Called with alerts once they are recorded.
        again: Gives the settings as they are now, for what `reload` takes of them; nothing if absent.
        seed: Of what chance chooses for questions; drawn anew if absent, so that nobody can know what is chosen.
        clock: Gives the time, s since the epoch.
        timer: Gives a time in s that never goes back, for what is done now and then.

    Raises:
        ConfigError: With every mistake in the settings.
        RedshankError: If something that it needs is not there.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics | None = None,
        *,
        feeds: Mapping[str, Feed] | None = None,
        tell: Callable[[Sequence[Alert]], None] | None = None,
        again: Callable[[], Settings] | None = None,
        seed: int | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        hold_little()
        self.metrics = metrics or Metrics()
        self._settings, self._again, self._clock = settings, again, clock
        self._stack = ExitStack()
        self._systemd = Systemd()
        self._ready = False
        self.metrics_port: int | None = None
        """Where metrics are served, if they are."""
        self._reload = False
        self._fed_s = 0.0
        self._give_back_due_s = time.monotonic() + GIVE_BACK_EVERY_S
        self._sweep_due_s = time.monotonic() + FIRST_SWEEP_S
        self._sweeper = Beside("retention")
        parts = Parts(settings, self.metrics, feeds)
        parts.problems().end()
        state = writable_folder(settings.service.state, "service.state")
        feeds, detectors = parts.feeds, parts.detectors
        for one in detectors:
            if one.bundles and not one.compares:
                names = ", ".join(one.bundles)
                _log.info(
                    "bundle %s: carries no traffic to compare with: no drift is looked for; train it again", names
                )
        for family in {UNKNOWN, *chain.from_iterable(one.families for one in detectors)}:
            self.metrics.expect("redshank_alerts_total", family=family)
        self._detectors, tally = detectors, Tally(self.metrics)
        self._tell = tell
        self._failures = Failures(state / UNJUDGED, self.metrics)
        with self._stack:
            self._stack.enter_context(held(state / LOCK, "service.state"))
            self.database = Database(settings.store_place, create=True, alone=True, cache_kib=CACHE_KIB)
            self._stack.callback(self.database.close)
            self._names = Names(site.called(settings), self.metrics)
            around = self._around = Lookout(parts.protected, settings.respond.ssh_ports, names=self._names)
            self._stack.callback(around.close)
            ledger = Ledger(Journal(self.database), around.protected, parts.breaker)
            responder = Responder(parts.policy, ledger, parts.backend, settings.respond.backend, around, self.metrics)
            alerts = Alerts(self.database)
            responder.remember(alerts.lately(clock() - parts.policy.repeat_s, DEVICES_KEPT))
            taking_back = TakingBack(self.database, ledger)
            self._responding = Responding(
                *(responder, alerts, Audit(self.database), self.metrics, taking_back.look), clock=clock
            )
            if (before := Runs(self.database).latest()) and before.state != ENDED:
                self._responding.resume(before.told_at_s)
            self._overview = Overview(
                *(self.database, tally, self.metrics),
                dict(zip(dict.fromkeys(settings.detect.detectors), detectors, strict=True)),
                parts.device_groups,
                silent=self._failures.silent,
                most_waiting_rows=settings.service.waiting_rows,
                clock=clock,
                timer=timer,
            )
            per_day = settings.questions.per_day
            self._asking = Asking(
                *(self.database, detectors, parts.device_groups, per_day),
                metrics=self.metrics,
                seed=seed,
                clock=clock,
                timer=timer,
            )
            self._remembering = Remembering(self.database, detectors, self.metrics, clock=clock)
            live = not any(feed.patient for feed in feeds.values())
            allow = AllowList()
            self._acting = Acting(
                *(self.database, parts.sinks, self._responding, parts.groups, allow, state, self.metrics),
                live=live,
                bundles=lambda: {name: digest for one in detectors for name, digest in one.bundles.items()},
                tell=self._told,
                clock=clock,
            )
            self._archive = self._archived(settings)
            also = [
                self._acting.see,
                self._overview.see,
                self._asking.see,
                self._remembering.see,
                *([self._archive.write] if self._archive else []),
            ]
            judging = Judging(detectors, parts.groups, tally, also, allow, failures=self._failures, clock=clock)
            self.service = Service(
                feeds,
                judging,
                tally,
                self.metrics,
                self._acting.act,
                self._tick,
                behind=lambda: self._acting.behind,
                waiting=settings.service.waiting_rows,
                drain_s=settings.service.drain_s,
            )
            if settings.service.metrics:
                server = MetricsServer(self.metrics, settings.service.metrics, self._problem)
                self._stack.callback(server.close)
                self.metrics_port = server.port
            self._kept = self._stack.pop_all()

    def __enter__(self) -> Self:
        """Begin to deliver what an earlier run left."""
        self._names.start()
        self._acting.start()
        self._overview.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """End everything that was begun, in order; whoever broke off waits for no sink."""
        broken_off = kind is not None and issubclass(kind, KeyboardInterrupt)
        problem = "" if error is None else str(error) or type(error).__name__
        drained_s = time.monotonic() if broken_off else self.service.drained_s
        ends_s = drained_s + ENDS_S
        self.database.end_by(drained_s + STORE_ENDS_S)

        def most(usual_s: float) -> float:
            return max(0.0, min(usual_s, ends_s - time.monotonic()))

        # The last that is noted here is done first, and whatever fails, the others are done.
        with self._kept as ending:
            ending.callback(lambda: self._overview.finish(self._moment(ENDED, problem), most(OVERVIEW_ENDS_S)))
            if self._archive:
                ending.callback(self._archive.close)
            ending.callback(lambda: self._sweeper.wait(most(SWEEPER_ENDS_S)))
            ending.callback(lambda: self._remembering.finish(0.0 if broken_off else most(ASKING_ENDS_S)))
            ending.callback(lambda: self._asking.finish(0.0 if broken_off else most(ASKING_ENDS_S)))
            delivers_s = max(DELIVERED_S, drained_s - time.monotonic())
            ending.callback(self._acting.finish, 0.0 if broken_off else delivers_s)

    def run(self) -> Summary:
        """Work until every source is done, or until asked to end.

        Raises:
            RedshankError: If a source cannot be opened at all.
        """
        self._systemd.tell("STATUS=no source is open yet")
        threading.Thread(target=self._bound, name="end", daemon=True).start()
        try:
            summary = self.service.run()
            self._tell_ready()  # of a source that was read whole within the first second
            return summary
        finally:
            self._systemd.tell(STOPPING, "STATUS=delivering what is left")

    def _bound(self) -> None:
        """Have nobody wait for the store beyond the end, once that was asked for: judging, too, may hang on it."""
        self.service.wait()
        self.database.end_by(self.service.drained_s + STORE_ENDS_S)

    def stop(self) -> None:
        """Ask the service to end; may be called from a signal's handler."""
        self.service.stop()

    def reload(self) -> None:
        """Have lists read again: those of detectors and respond.protect; may be called from a signal's handler."""
        self._reload = True

    @property
    def unkept(self) -> str:
        """What the store did not get of alerts, in words, once all has ended; "" if it has all."""
        lost, filed = self.metrics.named(LOST).get(LOST_ALERTS, 0), self.metrics.total("redshank_filed_alerts_total")
        words = {
            f"{lost} alerts are lost: neither the store nor {UNRECORDED} took them": lost,
            f"{filed} alerts are not in the store: the next run takes them from {UNRECORDED}": filed,
        }
        return "; ".join(text for text, count in words.items() if count)

    def _problem(self) -> str:
        """Say what is not well, for whoever asks at /healthz."""
        if broken := self._acting.broken():
            return f"{', '.join(broken)}: no longer works"
        if self._acting.unrecorded:
            return f"{self._acting.unrecorded} alerts wait for the store"
        if problem := self.service.problem or self._failures.problem:
            return problem
        beside = (self._acting, self._overview, self._asking, self._remembering, self._sweeper)
        return self._responding.problem or next(filter(None, (one.problem for one in beside)), "")

    def _tick(self) -> None:
        self._acting.tick()
        if self._reload:
            self._reload = False
            self._read_again()
        self._tell_ready()
        every = self._systemd.watchdog_s
        # What is fed once while it ends is watched again, and the end, which feeds nothing, would be broken off.
        if every and not self.service.ending and time.monotonic() - self._fed_s >= every:
            self._fed_s = time.monotonic()
            self._systemd.tell(WATCHDOG)
        if broken := self._acting.broken():
            raise ActionError(f"{', '.join(broken)}: ended by an error of the program; start again")
        if time.monotonic() >= self._sweep_due_s and self._sweeper.begin(self._sweep):
            self._sweep_due_s = time.monotonic() + SWEEP_EVERY_S
        if time.monotonic() >= self._give_back_due_s:
            self._give_back_due_s = time.monotonic() + GIVE_BACK_EVERY_S
            give_back()
        self._asking.tick()
        self._remembering.tick()
        self._overview.tick(lambda: self._moment(ENDING if self.service.ending else JUDGING, self._problem()))

    def _tell_ready(self) -> None:
        """Say that the service is up, once, when the first source is open: until then nothing is watched."""
        if not self._ready and any(source.up or source.rows for source in self.service.sources()):
            self._ready = True
            self._systemd.tell(READY, "STATUS=judging")

    def _moment(self, state: str, problem: str) -> Moment:
        one = self.service
        return Moment(one.sources(), one.waiting_rows, self._acting.unrecorded, problem, state)

    def _told(self, alerts: Sequence[Alert]) -> None:
        self._overview.told(alerts)
        self._remembering.told(alerts)
        if self._tell:
            self._tell(alerts)

    def _read_again(self) -> None:
        for detector in self._detectors:
            name = kind_of(detector)
            try:
                detector.reload()
            except RedshankError as error:
                _log.warning("%s: %s; it goes on as it was", name, error)
            else:
                _log.info("%s: read again", name)
        if self._again is None:
            return
        try:
            # Its peers are those that it began with.
            settings = self._settings.model_copy(update={"respond": self._again().respond})
            protect = site.protected(settings)
        except RedshankError as error:
            _log.warning("respond.protect: not read again: %s; it goes on as it was", error)
        else:
            self._around.protect(protect)
            _log.info("respond.protect: read again")

    def _sweep(self) -> None:
        """Throw away what is too old or too much."""
        chosen, now_s = self._settings.store, self._clock()
        swept = Retention(chosen.keep_days * DAY_S, int(chosen.keep_mib * MIB)).sweep(self.database, now_s)
        if swept.over_bytes:
            _log.warning(
                "store: %d MiB larger than store.keep_mib allows, and what may go would not make it small; raise it",
                -(-swept.over_bytes // MIB),
            )
        gone = {"old_alerts": swept.old, "alerts_for_room": swept.large, "devices": swept.devices}
        if self._archive:
            gone["archive_files"] = self._archive.clean(settled(self.database, now_s))
        for what, count in gone.items():
            self.metrics.count("redshank_swept_total", count, what=what)
        if buried := self._acting.bury_orphans():
            _log.warning("%d alerts for sinks that are no longer in the settings are dead letters now", buried)

    def _archived(self, settings: Settings) -> Archive | None:
        chosen = settings.archive
        if chosen.folder is None:
            return None
        return Archive(
            chosen.folder,
            ArchiveSettings(
                file_s=chosen.file_minutes * 60,
                file_rows=chosen.file_rows,
                keep_s=chosen.keep_days * DAY_S,
                keep_bytes=chosen.keep_mib * MIB,
            ),
            self.metrics,
        )
