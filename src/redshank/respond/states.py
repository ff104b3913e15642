"""The states of an action, and what bounds how many there are.

    proposed -> approved -> applied -> expired | undone | failed
        |          |          ^ |
        |          |          +-+  applied again: put back for the rest of its time, never for more
        |          +-> failed
        +----------+-> refused | expired

In: nothing. Out: the table of transitions, the record of an action in its state, the breaker's numbers.
"""

from dataclasses import dataclass

from redshank.core.errors import ConfigError
from redshank.core.records import Action

EVENTS = ("proposed", "approved", "applied", "expired", "undone", "refused", "failed", "allowed")
OPEN = ("proposed", "approved", "applied")
NEXT: dict[str, tuple[str, ...]] = {
    "": ("proposed",),
    "proposed": ("approved", "refused", "expired"),
    "approved": ("applied", "refused", "expired", "failed"),
    "applied": ("applied", "expired", "undone", "failed"),
}
"""What may follow on a state; nothing follows on the others."""


@dataclass(frozen=True)
class Breaker:
    """How much may happen without somebody noticing.

    Args:
        per_minute: Actions approved within 60 s, at least 1.
        most_active: Actions that hold at once, at least 1.
        most_waiting: Proposals that wait at once, at least 1; beyond it none is taken.

    Raises:
        ConfigError: With every value that is not allowed.
    """

    per_minute: int = 10
    most_active: int = 1_000
    most_waiting: int = 100

    def __post_init__(self) -> None:
        """Refuse a breaker that is always open."""
        values = {"per_minute": self.per_minute, "most_active": self.most_active, "most_waiting": self.most_waiting}
        problems = [
            f"respond.breaker.{name}: {value} is not allowed; give 1 or more (a backend `dry_run` acts on nothing)"
            for name, value in values.items()
            if value < 1
        ]
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True)
class Entry:
    """An action and what became of it.

    Args:
        action: The action.
        state: One of EVENTS but "allowed".
        approval: Whether it waits for a person; of a proposed one.
        changed_s: When it came into its state.
        by: Who brought it there.
        note: Why.
        until_s: Until when it holds, once applied.
        backend: Where it was applied.
    """

    action: Action
    state: str
    approval: bool
    changed_s: float
    by: str
    note: str
    until_s: float | None = None
    backend: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Measure and target: what a backend knows an action by."""
        return self.action.measure, self.action.target
