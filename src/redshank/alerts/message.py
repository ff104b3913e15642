"""How an alert is told outside: as one line for a person, and as one line of JSON for a program.

In: an Alert, whose text may come from the wire. Out: text of bounded length in which nothing can steer a terminal, end
a line or pass for markup. Every sink that has no format of its own uses these two.
"""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from redshank.core.inert import inert
from redshank.core.records import Alert

MOST_CHARACTERS = 1_000  # of one text: addresses come from the wire, or from logs that others wrote
LAST_SECOND_S = 253_402_300_799.0  # the last that a year of four digits can write


def cut(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return the beginning of a text that may be endless."""
    return text[:most]


def moment(seconds: float) -> datetime:
    """Return a time that a calendar has, the nearest if there is none.

    Example:
        >>> moment(1_700_000_100.25).isoformat(), moment(float("nan")).year
        ('2023-11-14T22:15:00.250000+00:00', 1970)
    """
    return datetime.fromtimestamp(min(max(0.0, seconds), LAST_SECOND_S), tz=UTC)


def mark(alert: Alert) -> str:
    """Return what tells this revision of this alert from all others, in letters that need no quotes anywhere.

    Windows begin at round times, so two networks can have an alert of one id; no two see its first flow at one time.
    """
    began = hashlib.sha256(repr(alert.first_seen_s).encode()).hexdigest()[:12]
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in f"{cut(alert.id, 64)}-{alert.revision}-{began}")


def headline(alert: Alert, most: int = 200) -> str:
    """Say in one line who does what to whom.

    Example:
        >>> headline(Alert("1", "10.0.0.66", "dos", "high", 0.0, 9.0, 120, 0.99, ("10.0.0.1",), 3, "", "m", ()))
        'high: dos by 10.0.0.66 against 10.0.0.1 and 2 more, 120 flows, score 0.99, over'
    """
    first, others = (alert.targets or ("",))[0], alert.target_count - 1
    against = f" against {inert(cut(first, most))}" if first else ""
    more = f" and {others} more" if against and others > 0 else ""
    flows = "1 flow" if alert.count == 1 else f"{alert.count} flows"
    device = inert(cut(alert.device, most)) or "a device without address"
    told = "".join([", told again" if alert.revision else "", ", over" if alert.over else ""])
    family = inert(cut(alert.family, most))
    return f"{inert(alert.severity)}: {family} by {device}{against}{more}, {flows}, score {alert.score:.2f}{told}"


def rarity(p_value: float | None) -> str:
    """Say what the p-value of a flow means, "" if it has none: how often a benign flow is as suspicious to the models.

    Example:
        >>> rarity(0.0005), rarity(0.37)
        ('1 in 2,000 benign flows is as suspicious (p = 0.0005)', '37 in 100 benign flows are as suspicious (p = 0.37)')
    """
    if p_value is None:
        return ""
    share = f"1 in {1 / p_value:,.0f}" if 0 < p_value < 0.01 else f"{p_value * 100:.0f} in 100"
    verb = "is" if share.startswith("1 in ") else "are"
    return f"{share} benign flows {verb} as suspicious (p = {p_value:.2g})"


def document(alert: Alert) -> str:
    """Return one line of JSON in ASCII that `Alert.from_json` reads again; texts are cut."""
    # json escapes what lies below 0x20 and above 0x7e, but not DEL.
    return json.dumps(_cut_all(asdict(alert)), sort_keys=True).replace("\x7f", "\\u007f")


def _cut_all(value: Any) -> Any:  # noqa: ANN401  whatever a record holds
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dict):
        return {name: _cut_all(item) for name, item in value.items()}
    return [_cut_all(item) for item in value] if isinstance(value, list | tuple) else value
