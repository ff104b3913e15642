"""The list of alerts: a page of what a query finds, or the same counted by what they have in common.

In: a query, and where a page begins. Out: rows with what a list shows of an alert. The one idea: a page begins after
the last row of the page before, so that any page is as quick as the first, a count ends where nobody reads on, and a
part that a browser brings up to date costs what that part costs.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from redshank.console.desk import Desk
from redshank.console.query import Query, hour_text
from redshank.store.alerts import HOUR_S, Filed, Group

ROWS = 50
"""On a page."""
COUNTED = 10_000
"""Beyond it a list says "more than"."""
GROUPS = ("none", "device", "family", "hour")
MOST_GROUPS = 200


@dataclass(frozen=True)
class Sum:
    """Alerts that have something in common, and the query that finds them.

    Args:
        group: The numbers.
        begins_s: Of an hour, when it begins.
        query: Finds the alerts.
    """

    group: Group
    begins_s: float | None
    query: str


class Listing:
    """A page of alerts, each part of which is read from the store when it is asked for.

    Args:
        desk: The store.
        query: What is looked for.
        after: The last row of the page before; None: the first page.
        most: Rows on it.
        by: One of GROUPS.
    """

    def __init__(
        self, desk: Desk, query: Query, after: tuple[float, str] | None = None, most: int = ROWS, by: str = GROUPS[0]
    ) -> None:
        self._desk, self._query, self._after, self._most, self.by = desk, query, after, most, by
        self.arrival = desk.alerts.last_arrival()
        """What had arrived when this was read: what is new is after it."""

    @property
    def rows(self) -> list[Filed]:
        """Those seen last first."""
        return self._found[: self._most]

    @property
    def older(self) -> tuple[float, str] | None:
        """What the next page begins after; None if this is the last."""
        if len(self._found) <= self._most:
            return None
        last = self._found[self._most - 1].alert
        return last.last_seen_s, last.id

    @cached_property
    def total(self) -> int:
        """How many there are, COUNTED + 1 at most."""
        return self._desk.alerts.count(self._query.search, COUNTED + 1)

    @property
    def counted(self) -> str:
        """How many there are, in words."""
        return f"more than {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"

    @cached_property
    def sums(self) -> list[Sum]:
        """The same by what they have in common."""
        found = []
        for group in self._desk.alerts.groups(self.by, self._query.search, MOST_GROUPS):
            begins_s = int(group.value) * HOUR_S if self.by == "hour" else None
            value = group.value if begins_s is None else hour_text(begins_s)
            found.append(Sum(group, begins_s, self._query.with_(self.by, value)))
        return found

    def new(self, arrival: int) -> int:
        """Return how many alerts are new, or grew, since an arrival; 1,000 at most."""
        return self._desk.alerts.count(replace(self._query.search, arrived_after=arrival), 1_000)

    @cached_property
    def _found(self) -> list[Filed]:
        return self._desk.alerts.find(self._query.search, self._most + 1, self._after)
