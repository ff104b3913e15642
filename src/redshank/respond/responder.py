"""Alerts in, actions carried out: policy, ledger and backend put together.

In: alerts, as they are told, and the clock now and then. Out: actions in the ledger, and a kernel that does what the
ledger says. The one idea: the ledger is what should be and the backend tells what is; `tick` makes one the other, so
that a restart, a reboot, a firewall that somebody reloaded and an action that a person undid at a terminal are all the
same case: put back what is missing, for the rest of its time, and lift what the ledger does not know. What is missing
again and again is taken away by somebody else: that is counted and told, but is no line of the ledger each time.

Nothing that goes wrong here ends the caller: it is counted, told once in the log, and kept in `problem`.
"""

import logging
import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from redshank.core.errors import ActionError
from redshank.core.metrics import FORGOTTEN, Metrics
from redshank.core.records import MEASURES, Alert
from redshank.respond.backend import Backend, Hold, checked
from redshank.respond.ledger import STALE_S, Ledger
from redshank.respond.policy import Decision, History, Policy, decide
from redshank.respond.protected import Protected, Surroundings
from redshank.respond.states import Entry
from redshank.respond.target import canonical

POLICY, NEVER_BLOCK = "policy", "never_block"
"""Who did it, in the ledger, where no person did."""
EVERY_S = 10.0
"""How often the kernel is asked what holds, when nothing has changed."""
SLACK_S = 2.0
"""What kernel and ledger may differ by: the kernel tells whole seconds."""
STEP_S = 5.0
"""By how much the clock may go back before its word about the past counts for nothing."""
AGAIN_S = 600.0
"""What was put back and is missing again within this was taken away; a firewall may be reloaded now and then."""
NOTED_EVERY_S = 3_600.0
"""How old the last line about an action that holds is before the ledger gets one that it was put back."""
DEVICES_KEPT = 10_000
"""Devices and families whose windows are counted; beyond it the one seen longest ago is forgotten."""

PUT_BACK = "redshank_actions_put_back_total"
TAKEN_AWAY = (
    f"responder: what holds by the ledger was put back and went missing again within {AGAIN_S:.0f} s: something else "
    "takes it out of the kernel, so it holds in part only. Look for what reloads or empties the firewall over and "
    f"over, and have it leave the tables `redshank` alone; {PUT_BACK} at /metrics tells how often"
)

_log = logging.getLogger(__name__)


class Around(Protocol):
    """Who tells what is around; `surroundings.Lookout` does."""

    seen: Surroundings

    def protected(self) -> Protected:
        """Return the never-block list as it is now."""
        ...


class Responder:
    """Policy, ledger and backend of one service.

    Args:
        policy: The table.
        ledger: What became of every action.
        backend: Who carries them out.
        backend_name: Its name in the settings: what another one applied is not put back.
        around: Who tells what is protected.
        metrics: Counted into.
    """

    def __init__(
        self, policy: Policy, ledger: Ledger, backend: Backend, backend_name: str, around: Around, metrics: Metrics
    ) -> None:
        self.policy = policy if backend.enforces else replace(policy, fresh_s=math.inf)
        self.ledger, self.backend, self.backend_name = ledger, backend, backend_name
        self.problem = ""
        """What went wrong the last time that something was tried; "" if nothing did."""
        self._around, self._metrics = around, metrics
        self._windows: dict[tuple[str, str], dict[str, float]] = {}
        self._settled_s: float | None = None
        self._news = True
        self._put_back_s: dict[str, float] = {}
        self._taken_away_s = -math.inf
        self._forgotten: Counter[str] = Counter()
        ledger.tell = self._count

    def take(
        self, alerts: Sequence[Alert], now_s: float, confirmed: Container[str] = (), refuted: Container[str] = ()
    ) -> list[Decision]:
        """Decide about alerts, and carry out what may be done at once.

        Args:
            alerts: As they are told; one may come again as it grows.
            now_s: The time, s since the epoch.
            confirmed: Ids of alerts that a person confirmed.
            refuted: Ids of alerts that a person called false: of these, and of those `held_against` their devices.

        Returns:
            A decision for each; none if it is not known who is protected.
        """
        decisions: list[Decision] = []
        try:
            protected = self._around.protected()
            self.ledger.refresh()
            for alert in alerts:
                decision = self._decide(alert, protected, now_s, confirmed, refuted)
                self._metrics.count("redshank_decisions_total", outcome=decision.outcome)
                decisions.append(decision)
        except ActionError as error:
            self._metrics.count("redshank_decisions_total", len(alerts) - len(decisions), outcome="failed")
            self._trouble("decide", error)
        if any(decision.action for decision in decisions):
            self.tick(now_s)
        return decisions

    def remember(self, told: Iterable[tuple[str, str, str, float]]) -> None:
        """Count windows that an earlier run answered, so that a restart forgets no repetition; before the first `take`.

        Args:
            told: Alerts, the oldest first: id, device, family, and when it was told last, s since the epoch.
        """
        for alert, device, family, at_s in told:
            with suppress(ValueError):
                self._window(canonical(device), family, alert, at_s)

    def held_against(self, alerts: Iterable[Alert]) -> set[str]:
        """Return the ids of alerts that count for some, as repetition or because an action that answered them held."""
        found: set[str] = set()
        for alert in alerts:
            with suppress(ValueError):
                device = canonical(alert.device)
                found.update(self._windows.get((device, alert.family), ()))
                found.update(*map(self.ledger.addresses.struck, (device, *self._macs(device))))
        return found

    def answered(self, since_s: Mapping[str, float]) -> set[str]:
        """Return because of which of some alerts something was proposed.

        Args:
            since_s: The alerts, by id, each with the time from which on it counts, s since the epoch.

        Raises:
            ActionError: If the ledger cannot be read.
        """
        self.ledger.refresh()
        return {alert for alert, at_s in since_s.items() if self.ledger.answered_s(alert) >= at_s}

    def tick(self, now_s: float) -> None:
        """Make the kernel do what the ledger says; call it about once a second.

        Args:
            now_s: The time, s since the epoch.
        """
        try:
            self.ledger.refresh()
            self._show(now_s)
            due = self._settled_s is None or not 0 <= now_s - self._settled_s < EVERY_S
            over = any(entry.until_s is not None and entry.until_s <= now_s for entry in self.ledger.open())
            if due or over or self._news:
                self._settle(now_s)
                self._tell_of_missing(now_s)
        except ActionError as error:
            self._trouble("carry_out", error)

    def _decide(
        self, alert: Alert, protected: Protected, now_s: float, confirmed: Container[str], refuted: Container[str]
    ) -> Decision:
        with suppress(ValueError):
            alert = replace(alert, device=canonical(alert.device))
        macs = self._macs(alert.device)
        history = self._history(alert, macs, now_s, confirmed, refuted)
        decision = decide(alert, self.policy, protected, now_s, macs=macs, history=history)
        if decision.action is None:
            return decision
        waits = decision.approval or bool(self.ledger.held_up(now_s))
        try:
            entry = self.ledger.propose(decision.action, now_s, approval=waits)
            if not waits:
                self.ledger.approve(entry.action.id, POLICY, now_s)
        except ActionError as error:
            return Decision("refused", str(error))
        return decision

    def _macs(self, device: str) -> tuple[str, ...]:
        """Return the link-layer addresses of a device that are its own: those of a repeater stand for others, too."""
        neighbors = self._around.seen.neighbors
        shared = Counter(mac for ip, macs in neighbors.items() if ":" not in ip for mac in macs)
        return tuple(mac for mac in neighbors.get(device, ()) if shared[mac] <= 1)

    def _history(
        self,
        alert: Alert,
        macs: tuple[str, ...],
        now_s: float,
        confirmed: Container[str],
        refuted: Container[str],
    ) -> History:
        repeats = self._window(alert.device, alert.family, alert.id, now_s, refuted)
        targets = (alert.device, *macs)
        against = [entry.action.measure for entry in self.ledger.open() if entry.action.target in targets]
        allowed = (self.ledger.addresses.allowed(target, now_s) for target in targets)
        return History(
            repeats=repeats,
            confirmed=alert.id in confirmed,
            refuted=alert.id in refuted,
            strikes=sum(self.ledger.addresses.strikes(target, refuted) for target in targets),
            open=max(against, key=MEASURES.index, default=""),
            allowed=next(filter(None, allowed), ""),
        )

    def _window(self, device: str, family: str, alert: str, at_s: float, refuted: Container[str] = ()) -> int:
        """Note the window of an alert, and return how many there were lately; refuted ones make room first."""
        windows = {
            name: told_s
            for name, told_s in self._windows.pop((device, family), {}).items()
            if at_s - told_s < self.policy.repeat_s
        }
        windows.pop(alert, None)
        windows[alert] = at_s
        while len(windows) > self.policy.repeats:
            del windows[next((name for name in windows if name in refuted), next(iter(windows)))]
        self._windows[device, family] = windows
        if len(self._windows) > DEVICES_KEPT:
            del self._windows[next(iter(self._windows))]
            self._metrics.count(FORGOTTEN, by="responder", memory="windows")
        return sum(name not in refuted for name in windows)

    def _settle(self, now_s: float) -> None:
        before_s, self._settled_s = self._settled_s, now_s
        # What is written from here on, by us too, is looked at once more by the next tick.
        self._news = False
        protected = self._around.protected()
        self._close(protected, now_s)
        active = {hold.key: hold for hold in self.backend.active()}
        stepped = before_s is not None and now_s < before_s - STEP_S
        wanted, loads = self._compare(active, protected, now_s, stepped=stepped)
        strangers = [key for key in active if key not in wanted]
        if strangers:
            self.backend.lift(strangers)
        self._load(loads, protected, now_s)
        self._metrics.set("redshank_actions_active", sum(entry.state == "applied" for entry in self.ledger.open()))

    def _close(self, protected: Protected, now_s: float) -> None:
        """End what may not go on; approve what nobody has to approve."""
        for entry in self.ledger.open():
            name, applied = entry.action.id, entry.state == "applied"
            if (reason := protected.why(entry.action.target)) is not None:
                self.ledger.undo(name, NEVER_BLOCK, now_s, f"protected: {reason}", allow_s=0)
            elif applied and entry.until_s is not None and entry.until_s <= now_s:
                self.ledger.expire(name, now_s, "its time is over")
            elif applied and entry.backend != self.backend_name:
                self.ledger.expire(name, now_s, f"applied by {entry.backend}, not by {self.backend_name}")
            elif not applied and now_s - entry.changed_s >= STALE_S:
                self.ledger.expire(name, now_s, "it waited too long")
            elif entry.state == "proposed" and not entry.approval and not self.ledger.held_up(now_s):
                self.ledger.approve(name, POLICY, now_s)

    def _compare(
        self, active: dict[tuple[str, str], Hold], protected: Protected, now_s: float, *, stepped: bool
    ) -> tuple[set[tuple[str, str]], list[tuple[Entry, Hold]]]:
        """Return what should hold, and what is to be loaded so that it does."""
        wanted: set[tuple[str, str]] = set()
        loads = []
        for entry in self.ledger.open():
            held, left_s = active.get(entry.key), entry.action.ttl_s
            if entry.state == "approved":
                # It holds already if we died before we could write so.
                left_s = max(1.0, min(left_s, held.left_s)) if held else left_s
            elif entry.state == "applied" and entry.until_s is not None:
                if held is None and (stepped or entry.changed_s > now_s + STEP_S):
                    # By a clock that was set back it would hold longer than it was meant to.
                    self.ledger.expire(entry.action.id, now_s, "it no longer holds, and the clock was set back")
                    continue
                left_s = min(left_s, entry.until_s - now_s)
                if held is not None and held.left_s <= left_s + SLACK_S:
                    wanted.add(entry.key)
                    continue
            else:
                continue
            try:
                hold = checked(Hold(*entry.key, left_s), protected)
            except ActionError as error:
                # One that cannot be must not take the others of its batch with it.
                self.ledger.fail(entry.action.id, now_s, str(error))
                continue
            wanted.add(entry.key)
            loads.append((entry, hold))
        return wanted, loads

    def _load(self, loads: list[tuple[Entry, Hold]], protected: Protected, now_s: float) -> None:
        try:
            self.backend.apply([hold for _, hold in loads], protected)
        except ActionError as error:
            for entry, _ in loads:
                if entry.state == "approved":
                    self.ledger.fail(entry.action.id, now_s, str(error))
            raise
        missing = {entry.action.id for entry, _ in loads if entry.state == "applied"}
        self._put_back(missing, now_s)
        for entry, hold in loads:
            if entry.action.id in missing and _is_noted(entry, hold, now_s):
                continue
            try:
                self.ledger.applied(entry.action.id, now_s, hold.left_s, self.backend_name)
            except ActionError:
                # Somebody took it back while it was loaded.
                self.backend.lift([entry.key])

    def _put_back(self, names: set[str], now_s: float) -> None:
        """Note which actions were put back, and whether one of them was before."""
        before = {name: at_s for name, at_s in self._put_back_s.items() if 0 <= now_s - at_s < AGAIN_S}
        if names & before.keys():
            self._taken_away_s = now_s
        self._put_back_s = before | dict.fromkeys(names, now_s)
        self._metrics.count(PUT_BACK, len(names))

    def _tell_of_missing(self, now_s: float) -> None:
        problem = TAKEN_AWAY if 0 <= now_s - self._taken_away_s < AGAIN_S else ""
        if problem and problem != self.problem:
            _log.warning("%s", problem)
        self.problem = problem

    def _show(self, now_s: float) -> None:
        """Have the metrics show the breaker, and what the ledger forgot."""
        self._metrics.set("redshank_breaker_open", bool(self.ledger.held_up(now_s)))
        for bound, (used, most) in self.ledger.pressure(now_s).items():
            self._metrics.set("redshank_breaker_used", used, bound=bound)
            self._metrics.set("redshank_breaker_bound", most, bound=bound)
        for memory, count in self.ledger.addresses.forgotten.items():
            self._metrics.count(FORGOTTEN, count - self._forgotten[memory], by="ledger", memory=memory)
            self._forgotten[memory] = count

    def _count(self, entry: Entry) -> None:
        # That it was put back changes nothing of what should hold.
        self._news = self._news or entry.state != "applied" or entry.action.id not in self._put_back_s
        self._metrics.count("redshank_actions_total", measure=entry.action.measure, state=entry.state)

    def _trouble(self, where: str, error: ActionError) -> None:
        self._metrics.count("redshank_action_problems_total", where=where)
        if str(error) != self.problem:
            _log.warning("%s", error)
        self.problem = str(error)


def _is_noted(entry: Entry, hold: Hold, now_s: float) -> bool:
    """Tell whether the ledger says well enough of an action that holds until when it does, and lately."""
    as_noted = entry.until_s is not None and abs(now_s + hold.left_s - entry.until_s) <= SLACK_S
    return as_noted and 0 <= now_s - entry.changed_s < NOTED_EVERY_S
