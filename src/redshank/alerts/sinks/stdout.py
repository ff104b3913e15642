"""Write alerts to standard output: a line for a person, or a line of JSON for a program.

In: an Alert. Out: one line. Whoever reads may be slow or not read at all: a pipe that stays full is an error after some
time, and what standard output holds back for others is not waited for.
"""

import os
import select
from dataclasses import dataclass
from typing import Literal

from redshank.alerts import peer
from redshank.alerts.message import document, headline, moment
from redshank.alerts.sink import Sink
from redshank.core.errors import DeliveryError
from redshank.core.inert import inert
from redshank.core.records import Alert


@dataclass(frozen=True)
class Stdout(Sink):
    """Write each alert as a line.

    Args:
        format: "text" for a person, "json" for a program: the alert as `Alert.from_json` reads it.
        descriptor: 1 is standard output, 2 standard error.
        timeout_s: Seconds that a reader may take, 0.1 to 60.
        may_repeat: Whether a line that may have been read is written again; else the alert is a dead letter.

    Raises:
        ConfigError: If a setting is not allowed.
    """

    format: Literal["text", "json"] = "text"
    descriptor: int = 1
    timeout_s: float = 5.0
    may_repeat: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        wrong = self.descriptor < 0
        problems = [f"descriptor: {self.descriptor} is none; 1 is standard output, 2 standard error"] if wrong else []
        peer.refuse("stdout", problems + peer.time_problems(self.timeout_s))

    def deliver(self, alert: Alert) -> None:
        """Write one line.

        Raises:
            DeliveryError: If nobody reads in time, or nobody is there.
        """
        at = moment(alert.last_seen_s).strftime("%Y-%m-%d %H:%M:%S")
        text = document(alert) if self.format == "json" else f"{at} {headline(alert)}: {inert(alert.measure[:500])}"
        line = memoryview(f"{text}\n".encode())
        deadline = peer.Deadline(self.timeout_s)
        try:
            with deadline:
                while line:
                    if not select.select([], [self.descriptor], [], deadline.left_s())[1]:
                        raise TimeoutError
                    # A pipe that is ready has room for so much at least, so the write never waits.
                    line = line[os.write(self.descriptor, line[: select.PIPE_BUF]) :]
                    deadline.given = True
        except (OSError, ValueError) as error:
            raise DeliveryError(
                f"stdout: alert {alert.id} not written to descriptor {self.descriptor} ({peer.reason(error)}); see "
                "who reads it",
                in_doubt=deadline.given,
            ) from None

    def close(self) -> None:
        """Do nothing: standard output is not ours."""
