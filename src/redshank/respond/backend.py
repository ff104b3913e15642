"""What a backend is: the thing that carries actions out.

In: what is to hold, and for how long. Out: nothing, or ActionError. The one idea: a backend is told what to do in one
batch, which happens as a whole or not at all, and whatever it sets up ends by itself. It trusts nobody: targets are put
into canonical form and checked against the never-block list here once more, for every backend, before its own code
sees them. A backend's settings are its fields.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from redshank.core.errors import ActionError
from redshank.core.records import MEASURES
from redshank.core.registry import Kind
from redshank.respond.protected import Protected
from redshank.respond.target import canonical, is_mac

LONGEST_S = 30 * 86_400.0
"""No longer than this holds anything: see `policy.MOST_S`."""


@dataclass(frozen=True)
class Hold:
    """Something that holds, or is to hold, against one address.

    Args:
        measure: rate_limit, block or isolate.
        target: Canonical address.
        left_s: For how long from now, s.
        packets, bytes: What it stopped so far, where the backend counts; of a rate limit, what came.
    """

    measure: str
    target: str
    left_s: float
    packets: int = 0
    bytes: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Measure and target: two holds with one key are one."""
        return self.measure, self.target


class Backend(ABC):
    """The thing that carries actions out."""

    enforces: ClassVar[bool] = True
    """Whether traffic stops; if not, a recording is answered however old it is: nobody is harmed."""

    def apply(self, holds: Sequence[Hold], protected: Protected) -> None:
        """Make all of these hold; one that holds already gets the time it is given now.

        Args:
            holds: Any number; none does nothing.
            protected: The never-block list.

        Raises:
            ActionError: If one of them is not allowed, or it cannot be done; then none of them is.
        """
        wanted = {hold.key: hold for hold in (checked(one, protected) for one in holds)}
        if wanted:
            self.load(list(wanted.values()))

    @abstractmethod
    def load(self, holds: Sequence[Hold]) -> None:
        """Carry out what `apply` has checked; nobody else calls it.

        Raises:
            ActionError: If it cannot be done.
        """

    @abstractmethod
    def lift(self, keys: Sequence[tuple[str, str]]) -> None:
        """End what holds under these keys (measure, canonical target); what does not hold is no error.

        Raises:
            ActionError: If it cannot be done.
        """

    @abstractmethod
    def active(self) -> list[Hold]:
        """Return what holds now, with the time that is left.

        Raises:
            ActionError: If it cannot be told.
        """

    @abstractmethod
    def flush(self) -> None:
        """End everything that this backend set up.

        Raises:
            ActionError: If it cannot be done.
        """


def checked(hold: Hold, protected: Protected) -> Hold:
    """Return the hold with its target in canonical form.

    Raises:
        ActionError: If its target is protected, or it cannot be carried out.
    """
    if hold.measure not in MEASURES[1:]:
        raise ActionError(
            f"backend: {hold.measure[:40]!r} cannot be carried out; allowed are {', '.join(MEASURES[1:])}"
        )
    if (reason := protected.why(hold.target)) is not None:
        raise ActionError(f"backend: {hold.target[:64]!r} is protected: {reason}; nothing of this batch was done")
    if not (math.isfinite(hold.left_s) and 0 < hold.left_s <= LONGEST_S):
        raise ActionError(f"backend: {hold.target} for {hold.left_s} s: give seconds above 0, at most {LONGEST_S:.0f}")
    target = canonical(hold.target)
    if is_mac(target) and hold.measure != "isolate":
        raise ActionError(f"backend: {hold.measure} of {target}: a link-layer address can only be isolated")
    return replace(hold, target=target)


BACKENDS: Kind[Backend] = Kind("redshank.respond.backends", Backend, "backend")
