"""An outbox in memory, for tests of delivery; `tests/alerts/test_outbox.py` holds it to what a store's promises."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from redshank.core.errors import ActionError
from redshank.core.records import Alert
from redshank.store.outbox import LONGEST_WAIT_S, Owed


@dataclass
class Box:
    """An outbox in memory, whose disk is busy, or hangs, when it is told so."""

    busy: bool = False
    hangs: threading.Event | None = None
    held: threading.Event = field(default_factory=threading.Event)
    forgets: bool = False
    notes: int = 0
    rows: dict[str, tuple[float, Owed]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    gone: dict[str, Owed] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.rows)

    def record(self, alerts: Iterable[Alert], sinks: Iterable[str], at_s: float) -> None:
        with self.lock:
            for key, sink, alert in [(f"{a.id}-{a.revision}-{sink}", sink, a) for a in alerts for sink in sinks]:
                if key not in self.known:
                    self.known.add(key)
                    self.rows[key] = at_s, Owed(key, sink, alert, 0, at_s)

    def due(self, sink: str, now_s: float, limit: int, *, untried: bool = False) -> list[Owed]:
        with self.lock:
            waits = sorted((one for one in self.rows.values() if one[1].sink == sink), key=lambda one: one[0])
        waits = [(at_s, row) for at_s, row in waits if not (untried and row.tries)]
        due = [row for at_s, row in waits if at_s <= now_s]
        return [*due, *(row for at_s, row in waits if at_s > now_s + LONGEST_WAIT_S)][:limit]

    def waiting(self, sink: str) -> int:
        with self.lock:
            return sum(row.sink == sink for _, row in self.rows.values())

    def taken(self, sink: str, limit: int) -> list[Alert]:
        self._look()
        with self.lock:
            waits = [row for _, row in self.rows.values() if row.sink == sink]
        about = {(row.alert.device, row.alert.family) for row in waits}
        had = [
            row.alert for row in (*self.gone.values(), *waits) if row.sink == sink and (row.begun or row not in waits)
        ]
        newest = {one.id: one for one in sorted(had, key=lambda one: one.revision)}
        return [one for one in newest.values() if (one.device, one.family) in about][::-1][:limit]

    def begin(self, key: str, delivered: Sequence[str], at_s: float) -> None:
        self._look()
        if delivered:
            self.delivered(delivered, at_s)
        with self.lock:
            self.rows[key] = self.rows[key][0], replace(self.rows[key][1], begun=True)
        if self.forgets:
            raise ActionError("store: server closed the connection")

    def delivered(self, keys: Sequence[str], at_s: float) -> None:
        del at_s
        self._look()
        self.notes += 1
        with self.lock:
            for key in keys:
                if key in self.rows:
                    _, self.gone[key] = self.rows.pop(key)

    def failed(self, key: str, error: str, again_at_s: float | None, *, begun: bool = False) -> None:
        self._look()
        with self.lock:
            _, row = self.rows.pop(key)
            if again_at_s is not None:
                self.rows[key] = again_at_s, replace(row, tries=row.tries + 1, error=error, begun=begun)

    def _look(self) -> None:
        if self.hangs:
            self.held.set()
            self.hangs.wait(120)
        if self.busy:
            raise ActionError("store: database is locked")
