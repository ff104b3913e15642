"""The list of alerts: a page of what a query finds, or the same counted by what they have in common.

In: a query, and where a page begins. Out: rows with what a list shows of an alert. The one idea: a page begins after
the last row of the page before, so that any page is as quick as the first, and a count ends where nobody reads on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redshank.console.desk import Desk
from redshank.console.query import Query, hour_text
from redshank.core.errors import ConfigError
from redshank.store.alerts import HOUR_S, Filed, Group

ROWS = 50
"""On a page."""
COUNTED = 10_000
"""Beyond it a list says "more than"."""
GROUPS = ("none", "device", "family", "hour")
MOST_GROUPS = 200


@dataclass(frozen=True)
class Listing:
    """A page of alerts.

    Args:
        rows: Those seen last first.
        older: Where the next page begins; "" if this is the last.
        total: How many there are, COUNTED + 1 at most.
        arrival: What had arrived when this was read: what is new is after it.
    """

    rows: Sequence[Filed]
    older: str
    total: int
    arrival: int

    @property
    def counted(self) -> str:
        """How many there are, in words."""
        return f"more than {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"


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


def listing(desk: Desk, query: Query, after: str = "", rows: int = ROWS) -> Listing:
    """Return a page.

    Args:
        desk: The store.
        query: What is looked for.
        after: `older` of the page before; "": the first page.
        rows: How many at most.

    Raises:
        ConfigError: If `after` is no such text.
    """
    arrival = desk.alerts.last_arrival()
    found = desk.alerts.find(query.search, rows + 1, _place(after) if after else None)
    older = f"{found[rows - 1].alert.last_seen_s!r}:{found[rows - 1].alert.id}" if len(found) > rows else ""
    total = desk.alerts.count(query.search, COUNTED + 1)
    return Listing(found[:rows], older, total, arrival)


def new(desk: Desk, query: Query, arrival: int) -> int:
    """Return how many alerts are new, or grew, since an arrival; 1,000 at most."""
    return desk.alerts.count(replace(query.search, arrived_after=arrival), 1_000)


def sums(desk: Desk, query: Query, by: str) -> list[Sum]:
    """Return the alerts of a query by what they have in common.

    Args:
        desk: The store.
        query: What is looked for.
        by: One of GROUPS but "none".
    """
    found = []
    for group in desk.alerts.groups(by, query.search, MOST_GROUPS):
        begins_s = int(group.value) * HOUR_S if by == "hour" else None
        value = group.value if begins_s is None else hour_text(begins_s)
        found.append(Sum(group, begins_s, query.with_(by, value)))
    return found


def _place(after: str) -> tuple[float, str]:
    time, _, last = after.partition(":")
    try:
        return float(time), last
    except ValueError:
        raise ConfigError(f"after: '{after[:40]}' is no place in the list; go back to its first page") from None
