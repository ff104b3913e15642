"""Write alerts to standard output: a line for a person, or a line of JSON for a program.

In: an Alert. Out: one line. Whoever reads may be slow or not read at all: a pipe that stays full is an error after some
time, and what standard output holds back for others is not waited for. A line of which the reader has a part goes on
where it broke off, whatever comes next, so that no line is torn, and none is there twice.
"""

import os
import select
from dataclasses import dataclass, field
from typing import Literal

from redshank.alerts import peer
from redshank.alerts.message import document, headline, moment
from redshank.alerts.sink import Sink
from redshank.core.errors import DeliveryError
from redshank.core.inert import inert
from redshank.core.records import Alert

MOST_BEGUN = 100


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
    _begun: dict[bytes, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Lines that were not written whole when their time was over, and how many bytes of each the reader has by now."""

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
        line = f"{text}\n".encode()
        deadline = peer.Deadline(self.timeout_s)
        try:
            with deadline:
                for one in dict.fromkeys([*self._begun, line]):
                    self._write(one, deadline)
            del self._begun[line]
        except (OSError, ValueError) as error:
            raise DeliveryError(
                f"stdout: alert {alert.id} not written to descriptor {self.descriptor} ({peer.reason(error)}); see "
                "who reads it",
                in_doubt=line in self._begun,
            ) from None

    def _write(self, line: bytes, deadline: peer.Deadline) -> None:
        """Write what the reader has not got of a line."""
        while (written := self._begun.get(line, 0)) < len(line):
            if not select.select([], [self.descriptor], [], deadline.left_s())[1]:
                raise TimeoutError
            # A pipe that is ready has room for so much at least, so the write never waits.
            written += os.write(self.descriptor, line[written : written + select.PIPE_BUF])
            if line not in self._begun and len(self._begun) == MOST_BEGUN:
                del self._begun[next(iter(self._begun))]  # whole by now, and never asked for again
            self._begun[line] = written

    def close(self) -> None:
        """Do nothing: standard output is not ours."""
