"""What alerts are to be like: the words of a search.

In: devices, families, times and so on. Out: conditions on the table of alerts. Empty fields ask nothing; of several
values in a field one is to fit, and all fields are to fit.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from redshank.store.tables import ALERTS, EVIDENCE


@dataclass(frozen=True)
class Search:
    """What alerts are to be like.

    Args:
        devices, families, severities, states: Values, one of which fits.
        since_s, until_s: Packet times; the alert was last seen at `since_s` or later and before `until_s`.
        least_score: Lowest calibrated score, 0 to 1.
        address: Address of the device, or of what it acted on in a flow that is kept of the alert.
        recorded_before_s: By the clock; the latest revision was written down before.
    """

    devices: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since_s: float | None = None
    until_s: float | None = None
    least_score: float = 0.0
    address: str | None = None
    recorded_before_s: float | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """Return the conditions, all of which hold."""
        values = (
            (ALERTS.c.device, self.devices),
            (ALERTS.c.family, self.families),
            (ALERTS.c.severity, self.severities),
            (ALERTS.c.state, self.states),
        )
        found: list[ColumnElement[bool]] = [column.in_(some) for column, some in values if some]
        if self.since_s is not None:
            found.append(ALERTS.c.last_seen_s >= self.since_s)
        if self.until_s is not None:
            found.append(ALERTS.c.last_seen_s < self.until_s)
        if self.least_score > 0:
            found.append(ALERTS.c.score >= self.least_score)
        if self.recorded_before_s is not None:
            found.append(ALERTS.c.recorded_at_s < self.recorded_before_s)
        if self.address is not None:
            acted_on = select(EVIDENCE.c.alert).where(EVIDENCE.c.dst_ip == self.address)
            found.append((ALERTS.c.device == self.address) | ALERTS.c.id.in_(acted_on))
        return found
