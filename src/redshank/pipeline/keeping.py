"""Record alerts before anything is done about them, however the store feels.

In: alerts as they are told. Out: the same, once they are in the store. The one idea: an alert that was recorded will be
delivered even if the process is killed, so nobody hears of one that was not; when the store refuses (a full disk, a
database that is away) alerts wait in memory and are tried again, and at the end those that are left go to a file, which
the next run takes up.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.pipeline.rest import Rest

MOST_WAITING = 100_000
"""Alerts that wait for the store; past it the oldest go to the file at once."""

_log = logging.getLogger(__name__)


class Keeping:
    """Alerts on their way into the store.

    Args:
        record: Puts alerts into the store, all or none; ActionError if it cannot.
        rest: File for alerts that could not be recorded; JSON lines, appended to.
        metrics: Counted into.
        pause: How long the store is left alone after it refused.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Alert]], None],
        rest: Path,
        metrics: Metrics,
        pause: Rest | None = None,
    ) -> None:
        self._record, self._rest, self._metrics, self._pause = record, rest, metrics, pause or Rest()
        self._waiting: list[Alert] = []
        self._refused = False

    def resume(self) -> None:
        """Record what an earlier run wrote to the file; the file goes once the store has all of it.

        Nobody but the sinks hears of it: it may be old, and an address may be somebody else's by now.
        """
        if not self._rest.exists():
            return
        try:
            with self._rest.open() as file:
                lines = list(islice(file, MOST_WAITING + 1))
            found = [Alert.from_json(line) for line in lines]
            if len(found) <= MOST_WAITING:
                self._record(found)
                self._rest.unlink()
        except (ActionError, OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("%s: what an earlier run could not record is still there (%s)", self._rest, error)
            return
        if len(found) > MOST_WAITING:
            _log.warning("%s: holds more than %d alerts and is left to a person", self._rest, MOST_WAITING)
        else:
            _log.info("%s: its %d alerts are in the store now", self._rest, len(found))

    @property
    def waiting(self) -> int:
        """Alerts that wait."""
        return len(self._waiting)

    def keep(self, alerts: Sequence[Alert] = ()) -> list[Alert]:
        """Record alerts, after those that waited.

        Args:
            alerts: New ones; without any, those that wait are tried again.

        Returns:
            What is recorded now and was not before.
        """
        self._waiting += alerts
        recorded = self._tried() if self._waiting and self._pause.over() else []
        if len(self._waiting) > MOST_WAITING:
            self._write(self._waiting[:-MOST_WAITING])
            del self._waiting[:-MOST_WAITING]
        self._metrics.set("redshank_unrecorded_alerts", len(self._waiting))
        return recorded

    def finish(self) -> list[Alert]:
        """Try once more; what the store still refuses goes to the file."""
        recorded = self._tried() if self._waiting else []
        if self._waiting:
            self._write(self._waiting)
            _log.error("%d alerts could not be recorded; they are in %s", len(self._waiting), self._rest)
            self._waiting = []
        return recorded

    def _tried(self) -> list[Alert]:
        self._pause.begin()
        try:
            self._record(self._waiting)
        except ActionError as error:
            self._pause.failed()
            self._metrics.count("redshank_records_failed_total")
            if not self._refused:
                _log.warning("%s; %d alerts wait for the store", error, len(self._waiting))
            self._refused = True
            return []
        if self._refused:
            _log.info("the store took the %d alerts that waited", len(self._waiting))
        self._refused = False
        recorded, self._waiting = self._waiting, []
        return recorded

    def _write(self, alerts: Sequence[Alert]) -> None:
        try:
            with self._rest.open("a") as file:
                file.writelines(f"{alert.to_json()}\n" for alert in alerts)
        except OSError as error:
            _log.critical("%s: %d alerts are lost (%s)", self._rest, len(alerts), error)
