"""Alerts as they come, a line each, for a person at a terminal or a program behind a pipe.

In: alerts. Out: lines on standard output: time, severity in color, who does what to whom; or the whole alert as JSON.
Text from the wire is made inert before it is shown. There is color only on a terminal, and none if NO_COLOR says so.
"""

import ipaddress
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from redshank.alerts.message import document, headline, moment
from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.records import SEVERITIES, Alert
from redshank.core.registry import alternatives

STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}
MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Wanted:
    """Which alerts are shown.

    Args:
        severity: The lowest.
        families: Any of them; all if empty.
        devices: Addresses or networks, any of them; all if empty.

    Raises:
        ConfigError: If the severity is none.
    """

    severity: str = "low"
    families: Sequence[str] = ()
    devices: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what no alert has."""
        if self.severity not in SEVERITIES:
            raise ConfigError(f"--severity: '{self.severity}' is none; {alternatives(self.severity, SEVERITIES)}")

    def takes(self, alert: Alert) -> bool:
        """Tell whether an alert is wanted.

        Example:
            >>> alert = Alert("1", "10.0.0.66", "dos", "high", 0.0, 9.0, 120, 0.99, (), 0, "", "m", ())
            >>> Wanted("medium", devices=["10.0.0.0/24"]).takes(alert)
            True
        """
        if SEVERITIES.index(alert.severity) < SEVERITIES.index(self.severity):
            return False
        if self.families and alert.family not in self.families:
            return False
        return not self.devices or any(_is_in(alert.device, place) for place in self.devices)


def show(alerts: Iterable[Alert], *, as_json: bool) -> None:
    """Write a line for each alert."""
    if as_json:
        sys.stdout.writelines(f"{document(alert)}\n" for alert in alerts)
    else:
        console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        for alert in alerts:
            console.print(line(alert))
    sys.stdout.flush()


def line(alert: Alert) -> Text:
    """Return the line of an alert.

    Example:
        >>> line(Alert("1", "10.0.0.66", "dos", "high", 0.0, 9.0, 1, 0.99, (), 0, "", "m", (), rules=("flood",))).plain
        '1970-01-01 00:00:09 high: dos by 10.0.0.66, 1 flow, score 0.99, over [flood]'
    """
    severity, rest = headline(alert, MOST_CHARACTERS).split(":", 1)
    hints = ", ".join(inert(hint[:MOST_CHARACTERS]) for hint in (*alert.rules[:3], *alert.techniques[:3]))
    return Text.assemble(
        (moment(alert.last_seen_s).strftime("%Y-%m-%d %H:%M:%S "), "dim"),
        (severity, STYLES[alert.severity]),
        (f":{rest}", "dim" if alert.over else ""),
        (f" [{hints}]" if hints else "", "dim"),
    )


def _is_in(device: str, place: str) -> bool:
    if device == place:
        return True
    try:
        return ipaddress.ip_address(device) in ipaddress.ip_network(place, strict=False)
    except ValueError:
        return False
