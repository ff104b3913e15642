"""How much stands open against each address: the measure by which devices are at risk.

In: the alerts of a store. Out: points for each address that acted. The one idea: a number that a person can add up by
hand. Each alert that nobody has closed or called a false alarm counts by its severity (which has the value of the
device in it already), in full on its first day, by half in its first week, by a quarter in its first month; what is
older counts no more.

| severity | points |
|---|---|
| critical | 30 |
| high | 10 |
| medium | 3 |
| low | 1 |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import case, func, select

from redshank.store.database import Database
from redshank.store.tables import ALERTS

POINTS = {"critical": 30, "high": 10, "medium": 3, "low": 1}
OPEN = ("open", "acknowledged", "escalated")
"""States of alerts that are not done with."""
DAY_S, WEEK_S, MONTH_S = 86_400.0, 7 * 86_400.0, 30 * 86_400.0


@dataclass(frozen=True)
class Risk:
    """What stands open against one address, or against several of one device.

    Args:
        points: As the table above has it.
        open: Alerts by severity, the worst first.
        last_seen_s: Packet time at which the latest of them was seen last.
    """

    points: float = 0.0
    open: Mapping[str, int] = field(default_factory=dict)
    last_seen_s: float = 0.0

    def __add__(self, other: "Risk") -> "Risk":
        """Return what stands open against both."""
        numbers = {grade: self.open.get(grade, 0) + other.open.get(grade, 0) for grade in POINTS}
        return Risk(
            self.points + other.points,
            {grade: number for grade, number in numbers.items() if number},
            max(self.last_seen_s, other.last_seen_s),
        )


def risks(database: Database, now_s: float, devices: tuple[str, ...] = ()) -> dict[str, Risk]:
    """Return what stands open against addresses, the most first.

    Args:
        database: The store.
        now_s: The time, s since the epoch.
        devices: Of these addresses only; of all if empty.
    """
    quarters = case((ALERTS.c.last_seen_s >= now_s - DAY_S, 4), (ALERTS.c.last_seen_s >= now_s - WEEK_S, 2), else_=1)
    # In the order of the index, so that no row is read and nothing is sorted.
    group = (ALERTS.c.state, ALERTS.c.severity, ALERTS.c.device)
    some = (
        select(
            ALERTS.c.device, ALERTS.c.severity, func.count().label("number"), func.sum(quarters).label("quarters"),
            func.max(ALERTS.c.last_seen_s).label("last_seen_s"),
        )
        .where(ALERTS.c.state.in_(OPEN), ALERTS.c.severity.in_(POINTS), ALERTS.c.last_seen_s >= now_s - MONTH_S)
        .group_by(*group)
    )  # fmt: skip
    if devices:
        some = some.where(ALERTS.c.device.in_(devices))
    one = some.subquery()
    numbers = (func.sum(case((one.c.severity == grade, one.c.number), else_=0)) for grade in POINTS)
    points = func.sum(one.c.quarters * case(POINTS, value=one.c.severity))
    wanted = select(one.c.device, points, func.max(one.c.last_seen_s), *numbers).group_by(one.c.device)
    with database.reading() as sql:
        found = {
            device: Risk(
                int(quarters) / 4,
                {grade: int(count) for grade, count in zip(POINTS, counts, strict=True) if count},
                last_s,
            )
            for device, quarters, last_s, *counts in sql.execute(wanted)
        }
    return dict(sorted(found.items(), key=lambda one: (-one[1].points, one[0])))
