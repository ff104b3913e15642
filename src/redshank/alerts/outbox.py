"""What is to be delivered, to whom, and when it is tried again.

In: alerts as they are told, each with the sinks that want it. Out: rows of one sink that are due. The one idea: a row
stays until it is said to be delivered or given up, so whatever stops in between, it comes again. `store/` keeps the
rows of a service; here they are in memory, for runs that keep nothing.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from redshank.core.metrics import Metrics
from redshank.core.records import Alert

CAPACITY = 10_000

_log = logging.getLogger(__name__)


class Due(Protocol):
    """One alert on its way to one sink."""

    @property
    def key(self) -> str:
        """Name the row: alert, revision and sink; unique and stable."""

    @property
    def sink(self) -> str:
        """Name the sink."""

    @property
    def alert(self) -> Alert:
        """Return what is to be delivered."""

    @property
    def tries(self) -> int:
        """Count the tries that failed."""

    @property
    def since_s(self) -> float:
        """Tell when the row was recorded, by the clock."""


class Outbox(Protocol):
    """Rows that wait; safe to use from several threads. What goes wrong is a RedshankError."""

    def due(self, sink: str, now_s: float, limit: int) -> Sequence[Due]:
        """Return at most `limit` rows of the sink whose time has come, the longest due first.

        Rows of one sink only: another one's, however many wait behind a peer that hangs, never crowd them out.
        """

    def delivered(self, keys: Sequence[str], at_s: float) -> None:
        """Note that these rows arrived, all or none; they are never due again."""

    def failed(self, key: str, error: str, again_at_s: float | None) -> None:
        """Note a try that failed, and when the next one is due; None: given up."""


class DeadLetters(Protocol):
    """Where rows go that are given up."""

    def bury(self, row: Due, error: str, at_s: float) -> None:
        """Keep the row for a person; OSError if that is not possible."""


@dataclass(frozen=True)
class Row:
    """A row in memory; as `Due`, with the time of the next try."""

    key: str
    sink: str
    alert: Alert
    tries: int
    since_s: float
    at_s: float


class MemoryOutbox:
    """An outbox that is gone with its process.

    Args:
        dead: Where the oldest rows go when there is no room.
        metrics: Counted into, as outcome `dead`; as `lost` if they could not even go there.
        capacity: Rows that may wait.
    """

    def __init__(self, dead: DeadLetters, metrics: Metrics, capacity: int = CAPACITY) -> None:
        self._dead = dead
        self._metrics = metrics
        self._capacity = capacity
        self._rows: dict[str, Row] = {}
        self._known: dict[str, None] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many rows wait."""
        return len(self._rows)

    def record(self, alerts: Iterable[Alert], sinks: Sequence[str], at_s: float) -> None:
        """Put in each alert for each sink; the same revision again changes nothing."""
        with self._lock:
            for alert in alerts:
                for sink in sinks:
                    key = f"{alert.id}-{alert.revision}-{sink}"
                    if key not in self._known:
                        self._known[key] = None
                        self._rows[key] = Row(key, sink, alert, 0, at_s, at_s)
            while len(self._rows) > self._capacity:
                row = self._rows.pop(next(iter(self._rows)))
                outcome = "dead"
                try:
                    self._dead.bury(row, f"more than {self._capacity} rows waited", at_s)
                except OSError as error:
                    _log.error("%s is lost: no room, and no dead letter (%s)", row.key, error)
                    outcome = "lost"
                self._metrics.count("redshank_deliveries_total", sink=row.sink, outcome=outcome)
            while len(self._known) > 2 * self._capacity:
                del self._known[next(iter(self._known))]

    def due(self, sink: str, now_s: float, limit: int) -> list[Row]:
        """Return rows of the sink whose time has come."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.sink == sink and row.at_s <= now_s]
        return sorted(rows, key=lambda row: row.at_s)[:limit]

    def delivered(self, keys: Sequence[str], at_s: float) -> None:
        """Forget the rows."""
        del at_s
        with self._lock:
            for key in keys:
                self._rows.pop(key, None)

    def failed(self, key: str, error: str, again_at_s: float | None) -> None:
        """Let the row wait again, or forget it."""
        del error
        with self._lock:
            row = self._rows.pop(key, None)
            if row and again_at_s is not None:
                self._rows[key] = Row(key, row.sink, row.alert, row.tries + 1, row.since_s, again_at_s)
