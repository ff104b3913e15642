"""What is to be delivered, to whom, and when it is tried again: what delivery needs of whoever keeps it.

In: what became of each try. Out: rows of one sink that are due. The one idea: a row stays until it is said to be
delivered or given up, so whatever stops in between, it comes again. `store/outbox.py` keeps the rows of a service.
"""

from collections.abc import Sequence
from typing import Protocol

from redshank.core.records import Alert


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

    @property
    def begun(self) -> bool:
        """Tell whether it was handed over before, and what became of it is not noted."""


class Outbox(Protocol):
    """Rows that wait; safe to use from several threads. What goes wrong is a RedshankError."""

    def due(self, sink: str, now_s: float, limit: int, *, untried: bool = False) -> Sequence[Due]:
        """Return at most `limit` rows of the sink whose time has come, the longest due first.

        Last come rows due later than the longest wait between two tries: the clock was set back since. `untried`: only
        such as no try failed of.

        Rows of one sink only: another one's, however many wait behind a peer that hangs, never crowd them out.
        """

    def waiting(self, sink: str) -> int:
        """Return how many rows of the sink wait, due or not."""

    def taken(self, sink: str, limit: int) -> Sequence[Alert]:
        """Return what the sink took, or may have, about devices and families of which something waits for it.

        Of each alert that is its newest revision; at most `limit` of them, those recorded last.
        """

    def begin(self, key: str, delivered: Sequence[str], at_s: float) -> None:
        """Note that `delivered` arrived and that `key` is handed over next, all or none."""

    def delivered(self, keys: Sequence[str], at_s: float) -> None:
        """Note that these rows arrived, all or none; they are never due again."""

    def failed(self, key: str, error: str, again_at_s: float | None, *, begun: bool = False) -> None:
        """Note a try that failed, and when the next one is due; None: given up. `begun`: it may have arrived."""


class DeadLetters(Protocol):
    """Where rows go that are given up."""

    def bury(self, row: Due, error: str, at_s: float) -> None:
        """Keep the row for a person; OSError if that is not possible."""
