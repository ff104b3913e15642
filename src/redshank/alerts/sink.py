"""What a sink is: the place an alert goes to.

In: one Alert. Out: nothing; the alert was delivered once, or DeliveryError says why not. A sink's settings are its
fields, and no secret shows in its repr.

Who is killed while a peer answers cannot know what it answered. So every delivery carries what tells this revision of
this alert from all others, in the form that receivers of its kind look for, and is the same whenever it comes again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar

from redshank.core.records import Alert
from redshank.core.registry import Kind


class Sink(ABC):
    """A place alerts go to."""

    recognises: ClassVar[bool] = False
    """Whether it sees by itself what it was handed before, so that to hand it over again changes nothing."""

    @property
    def may_repeat(self) -> bool:
        """Whether what may have arrived is handed over again; else it is a dead letter. A setting of most sinks."""
        return True

    @property
    def untold(self) -> int:
        """How often one of several recipients was refused of an alert that the others got, since it began."""
        return 0

    def resume(self, taken: Callable[[], Iterable[Alert]]) -> None:  # noqa: B027  most leave nothing behind
        """Learn what it took from an earlier run; called before the first delivery.

        One that leaves a state behind needs it: a revision that waited may come after a later one.

        Args:
            taken: Reads, where it is called, the newest revisions that the sink took, or may have taken, about devices
                and families of which others wait.

        Raises:
            RedshankError: If `taken` cannot read; it is called again then.
        """

    @abstractmethod
    def deliver(self, alert: Alert) -> None:
        """Deliver `alert` once, in bounded time.

        Raises:
            DeliveryError: If it could not be delivered, or nobody can tell; the pipeline records it and goes on.
        """

    def problem(self) -> str:
        """Say why nothing could be delivered, as far as that shows without a delivery: the setting, and what to do.

        Returns:
            As in "path: there is no folder 'x'; make it"; "" if nothing speaks against it.
        """
        return ""

    def unreached(self) -> str:
        """Say why the machine that alerts go to cannot be reached now; nothing is sent to it, and it may take long.

        Returns:
            As in "no answer in time"; "" if it can be reached, or if alerts go to no other machine.
        """
        return ""

    @abstractmethod
    def close(self) -> None:
        """Finish what is open; nothing is delivered after it."""


SINKS: Kind[Sink] = Kind("redshank.alerts.sinks", Sink, "sink")
