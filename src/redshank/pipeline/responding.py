"""Answer alerts in a thread of its own, so that judging waits for no firewall.

In: alerts once they are recorded. Out: what the responder makes of them (`respond/responder.py`): lines of the ledger,
a kernel that does what they say. The one idea: the responder asks programs (`ip`, `nft`) that may take seconds, so it
has a queue: alerts are answered in the order in which they came, all that wait at once, and between them the kernel is
made what the ledger says, about once a second. Past MOST_WAITING alerts the oldest are not answered, and counted: each
of them is in the store and with the sinks, and its device is alerted of again.

An alert that a person escalates is answered once more at once, with the person's word: the device may have stopped, so
that the alert never grows. The audit tells of it. What was escalated while no service ran is answered by the next one,
up to ESCALATED_S later, unless the ledger has an answer to it. So is what a run that was killed recorded last: nobody
knows whether it was decided upon. An alert that a person called false is not answered when it grows, and is for
others neither repetition nor, if an action that answered it held, an offence. What was done because of it, or of what
allowances cover, is taken back by the same thread (`pipeline/taking_back.py`), so that nothing is proposed meanwhile.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import Protocol

from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.pipeline.rest import Rest, Tries
from redshank.store.alerts import Alerts
from redshank.store.audit import Audit
from redshank.store.search import Search

TICK_S = 1.0
MOST_WAITING = 10_000
ESCALATED_S = 86_400.0
"""As long as a proposal waits."""
UNHEARD_S = 60.0
"""How long before a killed run was heard of last its alerts may be without an answer: alerts are answered within about
a second, and a run is heard of every few."""
AT_ONCE = 500
"""Alerts of a killed run that are read from the store at once."""
ESCALATED = "alert escalated"
"""What the audit calls it."""
UNCONFIRMED = "none counts as confirmed"

_log = logging.getLogger(__name__)


class Answers(Protocol):
    """What answers; `respond.responder.Responder` does."""

    problem: str

    def take(self, alerts: Sequence[Alert], now_s: float, confirmed: Container[str], refuted: Container[str]) -> object:
        """Decide about alerts, and carry out what may be done at once."""
        ...

    def held_against(self, alerts: Sequence[Alert]) -> set[str]:
        """Return the ids of alerts that count for some, as repetition or because an action that answered them held."""
        ...

    def answered(self, since_s: Mapping[str, float]) -> set[str]:
        """Return because of which of some alerts something was proposed, of each at a time or later."""
        ...

    def tick(self, now_s: float) -> None:
        """Make the kernel do what was decided."""
        ...


class Responding:
    """The answers of one run.

    Args:
        responder: Decides, and carries out.
        alerts: Tell which alerts a person escalated or called false.
        audit: Tells when.
        metrics: Counted into.
        take_back: Takes back what was done because of alerts that nothing supports now, about once a second.
        clock: Gives the time, s since the epoch.
        rest: How long the kernel is left alone after something went wrong.
    """

    def __init__(
        self,
        responder: Answers,
        alerts: Alerts,
        audit: Audit,
        metrics: Metrics,
        take_back: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.time,
        rest: Rest | None = None,
    ) -> None:
        self._responder, self._metrics, self._clock = responder, metrics, clock
        self._alerts, self._audit, self._take_back = alerts, audit, take_back
        self._followed: int | None = None
        self._follow_due_s = 0.0
        self._rest = rest or Rest()
        self._waiting: deque[Alert] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._tries = Tries()
        self._unheard: list[str] = []
        self._thread: threading.Thread | None = None
        self._left = False
        self._in_hand = 0

    def resume(self, heard_s: float) -> None:
        """Have what a killed run recorded last answered, unless the ledger has an answer to it; before `start`.

        Args:
            heard_s: When that run was heard of last, s since the epoch.

        Raises:
            ActionError: If the store cannot be read.
        """
        since_s = max(heard_s - UNHEARD_S, self._clock() - ESCALATED_S)
        self._unheard = [alert for alert, *_ in self._alerts.lately(since_s, MOST_WAITING)]

    def start(self) -> None:
        """Begin to answer."""
        self._thread = threading.Thread(target=self._work, name="responder", daemon=True)
        self._thread.start()

    def take(self, alerts: Sequence[Alert]) -> None:
        """Have alerts answered; returns at once."""
        with self._changed:
            self._waiting.extend(alerts)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self._metrics.count("redshank_action_problems_total", where="overrun")
            self._changed.notify()

    def stop(self, within_s: float) -> None:
        """Answer what waits, then end; what takes longer than `within_s` is left alone."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread:
            self._thread.join(within_s)
            if self._thread.is_alive():
                left = self._in_hand + len(self._waiting)
                self._metrics.count("redshank_action_problems_total", left, where="unanswered")
                _log.warning("responder: still busy after %g s; left alone, with %d alerts to answer", within_s, left)

    @property
    def broken(self) -> bool:
        """Whether it ended by an error of the program; who supervises should start anew."""
        return self._thread is not None and not self._left and not self._thread.is_alive()

    @property
    def problem(self) -> str:
        """What went wrong the last time that something was tried; "" if nothing did."""
        return self._responder.problem

    def _work(self) -> None:
        self._answer_unheard()
        while True:
            with self._changed:
                if not self._waiting and not self._ended:
                    self._changed.wait(TICK_S)
                alerts, last = list(self._waiting), self._ended
                self._waiting.clear()
            if alerts:
                self._in_hand = len(alerts)
                self._answer(alerts, self._confirmed(alerts))
                self._in_hand = 0
            if last or time.monotonic() >= self._follow_due_s:
                self._follow_due_s = time.monotonic() + TICK_S
                self._answer_unheard()
                self._follow_escalations()
                self._follow_decisions()
            if self._rest.over():
                self._rest.begin()
                self._responder.tick(self._clock())
                if self._responder.problem:
                    self._rest.failed()
            if last:
                break
        self._left = True

    def _answer(self, alerts: Sequence[Alert], confirmed: Container[str]) -> None:
        self._responder.take(alerts, self._clock(), confirmed, self._refuted(alerts))

    def _confirmed(self, alerts: Sequence[Alert]) -> set[str]:
        """Return which of these a person escalated before they grew; nobody, if the store cannot tell."""
        grown = [alert.id for alert in alerts if alert.revision]
        found = self._tries.attempt("escalated alerts", partial(self._alerts.in_state, grown, "escalated"), UNCONFIRMED)
        return found or set()

    def _refuted(self, alerts: Sequence[Alert]) -> set[str]:
        """Return which of these, and of what is held against their devices, a person called false."""
        own, earlier = {alert.id for alert in alerts}, self._responder.held_against(alerts)
        asked = partial(self._alerts.in_state, sorted(own | earlier), "false_alarm")
        found = self._tries.attempt("alerts called false", asked, "nothing counts as repeated, nor as an offence")
        return earlier - own if found is None else found

    def _answer_unheard(self) -> None:
        """Answer what a killed run left without an answer; what the store does not give is asked for again."""
        while self._unheard:
            told = self._tries.attempt("alerts of a killed run", self._next_unheard, "they wait for their answer")
            if told is None:
                break
            del self._unheard[:AT_ONCE]
            if told:
                self._answer(told, ())

    def _next_unheard(self) -> list[Alert]:
        """Return some of them in their order, but none that a person decided upon: escalations are followed anyway."""
        some = self._unheard[:AT_ONCE]
        left = set(some) - self._responder.answered(dict.fromkeys(some, 0.0))
        wanted = Search(ids=tuple(left), states=("open", "acknowledged"))
        found = {one.alert.id: one.alert for one in self._alerts.find(wanted, len(left))} if left else {}
        return [found[alert] for alert in some if alert in found]

    def _follow_escalations(self) -> None:
        """Answer what a person escalated since the last time."""
        if told := self._tries.attempt("escalations", self._escalations, UNCONFIRMED):
            self._answer(told, {alert.id for alert in told})

    def _escalations(self) -> list[Alert]:
        if self._followed is None:
            self._followed = self._audit.place_before(self._clock() - ESCALATED_S)
        reached, entries = self._audit.follow(self._followed, ESCALATED)
        at_s = {entry.about: entry.at_s for entry in entries}
        still = self._alerts.find(Search(ids=tuple(at_s), states=("escalated",)), len(at_s)) if at_s else []
        answered = self._responder.answered(at_s) if still else set()
        self._followed = reached
        return [one.alert for one in still if one.alert.id not in answered]

    def _follow_decisions(self) -> None:
        if self._take_back is not None:
            look = partial(self._take_back, self._clock())
            self._tries.attempt("what people decided about alerts", look, "nothing is taken back for it")
