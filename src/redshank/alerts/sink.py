"""What a sink is: the place an alert goes to.

In: one Alert. Out: nothing; the alert was delivered once, or DeliveryError says why not. A sink's settings are its
fields, and no secret shows in its repr.
"""

from abc import ABC, abstractmethod

from redshank.core.records import Alert
from redshank.core.registry import Kind


class Sink(ABC):
    """A place alerts go to."""

    @abstractmethod
    def deliver(self, alert: Alert) -> None:
        """Deliver `alert` once, in bounded time.

        Raises:
            DeliveryError: If it could not be delivered; the pipeline records it and goes on.
        """

    def problem(self) -> str:
        """Say why nothing could be delivered, as far as that shows without a delivery: the setting, and what to do.

        Returns:
            As in "path: there is no folder 'x'; make it"; "" if nothing speaks against it.
        """
        return ""

    @abstractmethod
    def close(self) -> None:
        """Finish what is open; nothing is delivered after it."""


SINKS: Kind[Sink] = Kind("redshank.alerts.sinks", Sink, "sink")
