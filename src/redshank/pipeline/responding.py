"""Answer alerts in a thread of its own, so that judging waits for no firewall.

In: alerts once they are recorded. Out: what the responder makes of them (`respond/responder.py`): lines of the ledger,
a kernel that does what they say. The one idea: the responder asks programs (`ip`, `nft`) that may take seconds, so it
has a queue: alerts are answered in the order in which they came, all that wait at once, and between them the kernel is
made what the ledger says, about once a second. Past MOST_WAITING alerts the oldest are not answered, and counted: each
of them is in the store and with the sinks, and its device is alerted of again.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Sequence
from typing import Protocol

from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.pipeline.rest import Rest
from redshank.store.alerts import Alerts

TICK_S = 1.0
MOST_WAITING = 10_000

_log = logging.getLogger(__name__)


class Answers(Protocol):
    """What answers; `respond.responder.Responder` does."""

    problem: str

    def take(self, alerts: Sequence[Alert], now_s: float, confirmed: Container[str]) -> object:
        """Decide about alerts, and carry out what may be done at once."""
        ...

    def tick(self, now_s: float) -> None:
        """Make the kernel do what was decided."""
        ...


class Responding:
    """The answers of one run.

    Args:
        responder: Decides, and carries out.
        alerts: Tell which alerts a person escalated.
        metrics: Counted into.
        clock: Gives the time, s since the epoch.
        rest: How long the kernel is left alone after something went wrong.
    """

    def __init__(
        self,
        responder: Answers,
        alerts: Alerts,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        rest: Rest | None = None,
    ) -> None:
        self._responder, self._alerts, self._metrics, self._clock = responder, alerts, metrics, clock
        self._rest = rest or Rest()
        self._waiting: deque[Alert] = deque()
        self._changed = threading.Condition()
        self._ended = self._failing = False
        self._thread: threading.Thread | None = None
        self._left = False

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
                _log.warning("responder: still busy after %g s; left alone", within_s)

    @property
    def broken(self) -> bool:
        """Whether it ended by an error of the program; who supervises should start anew."""
        return self._thread is not None and not self._left and not self._thread.is_alive()

    @property
    def problem(self) -> str:
        """What went wrong the last time that something was tried; "" if nothing did."""
        return self._responder.problem

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._ended:
                    self._changed.wait(TICK_S)
                alerts, last = list(self._waiting), self._ended
                self._waiting.clear()
            if alerts:
                self._responder.take(alerts, self._clock(), self._confirmed(alerts))
            if self._rest.over():
                self._rest.begin()
                self._responder.tick(self._clock())
                if self._responder.problem:
                    self._rest.failed()
            if last:
                break
        self._left = True

    def _confirmed(self, alerts: Sequence[Alert]) -> set[str]:
        """Return which of these a person escalated before they grew; nobody, if the store cannot tell."""
        try:
            found = self._alerts.escalated([alert.id for alert in alerts if alert.revision])
        except ActionError as error:
            if not self._failing:
                _log.warning("escalated alerts: %s; none counts as confirmed", error)
            self._failing = True
            return set()
        self._failing = False
        return found
