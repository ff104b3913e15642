"""What traffic there was, and what was said of it: flows and bytes per span of packet time.

In: counts of a running service (`pipeline/overview.py`, about every 5 s by the clock). Out: how much there was of each
service, protocol, verdict, family and group of devices. The one idea: every count is added twice, to a span of five
minutes and to one of an hour, so that nothing has to be rolled up; the fine ones go after two days (`sweep`).

- A flow counts once, by its final row, in the span of packet time in which it began; bytes are those at the IP level,
  of both directions.
- `verdict` is "alarm", "unknown" (nothing known fits), "benign", or "unjudged" (no detector could tell); `family` is
  that of an alarm ("unknown" if it has none), "" for the others.
- What is counted adds up over runs: a capture or a log that is read again counts again. A service that is killed loses
  the counts of its last seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, delete, func, insert, null, select, update

from redshank.core.inert import inert
from redshank.store.database import Database
from redshank.store.devices import MOST_IN_ALL
from redshank.store.tables import TRAFFIC

FINE_S, HOUR_S = 300, 3600
"""Spans that are counted, in s."""
FINE_KEPT_S = 2 * 86_400.0
"""How long the fine ones are kept, by the clock."""
AT_ONCE = 500
"""Times looked up by one statement."""
MOST_ROWS = 500_000
"""Rows kept, those that grew last: times and names in logs may be anything."""
COLUMNS = ("group", "service", "proto", "verdict", "family")
"""What can be told apart."""
_Key = tuple[int | str, ...]


class Kind(NamedTuple):
    """What is counted together; `start_s` is that of five minutes."""

    start_s: int
    group: str
    service: str
    proto: str
    verdict: str
    family: str


@dataclass(frozen=True)
class Share:
    """How much there was of something.

    Args:
        start_s: Packet time at which the span begins, s since the epoch; None: of the whole time asked about.
        value: What it was: a service, a verdict, ...
        flows: How many flows.
        ip_bytes: Bytes at the IP level, both directions.
    """

    start_s: int | None
    value: str
    flows: int
    ip_bytes: int


class Traffic:
    """The counts of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counts: Mapping[Kind, tuple[int, int]], at_s: float) -> None:
        """Add flows and bytes; durable when this returns.

        Args:
            counts: Flows and IP bytes by kind.
            at_s: The time, s since the epoch.
        """
        new: dict[_Key, tuple[int, int]] = {}
        for kind, (flows, size) in counts.items():
            texts = [inert(text) for text in (kind.group, kind.service, kind.proto, kind.verdict, kind.family)]
            for span_s in (FINE_S, HOUR_S):
                key: _Key = (span_s, kind.start_s // span_s * span_s, *texts)
                before = new.get(key, (0, 0))
                new[key] = (before[0] + flows, before[1] + size)
        if not new:
            return
        names = ("span_s", "start_s", *COLUMNS)
        # One record that says anything about its time would have everything read from there to now.
        starts = sorted({int(key[1]) for key in new})
        grown, fresh = [], []
        with self._database.writing() as sql:
            known: dict[_Key, Row[Any]] = {}
            for begin in range(0, len(starts), AT_ONCE):
                some = TRAFFIC.c.start_s.in_(starts[begin : begin + AT_ONCE])
                rows = sql.execute(select(TRAFFIC).where(TRAFFIC.c.span_s.in_((FINE_S, HOUR_S)), some))
                known |= {tuple(row[: len(names)]): row for row in rows}
            for key, (flows, size) in new.items():
                row = known.get(key)
                before = (row.flows, row.ip_bytes) if row else (0, 0)
                totals = {
                    "flows": min(before[0] + flows, MOST_IN_ALL),
                    "ip_bytes": min(before[1] + size, MOST_IN_ALL),
                    "told_at_s": at_s,
                }
                if row:
                    grown.append(totals | {f"its_{name}": value for name, value in zip(names, key, strict=True)})
                else:
                    fresh.append(totals | dict(zip(names, key, strict=True)))
            if grown:
                its = (TRAFFIC.c[name] == bindparam(f"its_{name}") for name in names)
                sql.execute(update(TRAFFIC).where(*its), grown)
            if fresh:
                sql.execute(insert(TRAFFIC), fresh)

    def over_time(
        self, by: str, since_s: float, until_s: float, *, span_s: int = HOUR_S, group: str | None = None
    ) -> list[Share]:
        """Return how much there was in each span, in the order of time; of one span by value.

        Args:
            by: One of COLUMNS.
            since_s: Packet time in the first span.
            until_s: Packet time before which the last begins.
            span_s: FINE_S or HOUR_S.
            group: Of this group of devices only.
        """
        return self._shares(by, (since_s, until_s), span_s, group, each=True)

    def mix(
        self, by: str, since_s: float, until_s: float, *, span_s: int = HOUR_S, group: str | None = None
    ) -> list[Share]:
        """Return how much there was in all, the most flows first; arguments as of `over_time`."""
        return self._shares(by, (since_s, until_s), span_s, group, each=False)

    def sweep(self, now_s: float, keep_s: float) -> int:
        """Throw away what is too old or too much, by the clock; return how many rows that were.

        Args:
            now_s: The time, s since the epoch.
            keep_s: How long hours are kept, in s.
        """
        fine = (TRAFFIC.c.span_s == FINE_S) & (TRAFFIC.c.told_at_s < now_s - min(FINE_KEPT_S, keep_s))
        gone = 0
        with self._database.writing() as sql:
            gone += sql.execute(delete(TRAFFIC).where(fine | (TRAFFIC.c.told_at_s < now_s - keep_s))).rowcount
            over = int(sql.execute(select(func.count()).select_from(TRAFFIC)).scalar_one()) - MOST_ROWS
            if over > 0:
                oldest = select(TRAFFIC.c.told_at_s).order_by(TRAFFIC.c.told_at_s).offset(over - 1).limit(1)
                bound = sql.execute(oldest).scalar_one()
                gone += sql.execute(delete(TRAFFIC).where(TRAFFIC.c.told_at_s <= bound)).rowcount
        return gone

    def _shares(
        self, by: str, times_s: tuple[float, float], span_s: int, group: str | None, *, each: bool
    ) -> list[Share]:
        if by not in COLUMNS:
            raise ValueError(f"by: {by[:40]!r} is not counted; allowed are {', '.join(COLUMNS)}")
        if span_s not in (FINE_S, HOUR_S):
            raise ValueError(f"span_s: {span_s} is not counted; allowed are {FINE_S} and {HOUR_S}")
        value, flows = TRAFFIC.c[by], func.sum(TRAFFIC.c.flows)
        start = TRAFFIC.c.start_s if each else null()
        wanted = [
            TRAFFIC.c.span_s == span_s,
            TRAFFIC.c.start_s >= times_s[0] // span_s * span_s,
            TRAFFIC.c.start_s < times_s[1],
        ]
        if group is not None:
            wanted.append(TRAFFIC.c.group == group)
        keys, order = ([start, value], [start, value]) if each else ([value], [flows.desc(), value])
        asked = select(start, value, flows, func.sum(TRAFFIC.c.ip_bytes)).where(*wanted).group_by(*keys)
        with self._database.reading() as sql:
            rows = sql.execute(asked.order_by(*order)).all()
        return [Share(at_s, name, *(min(int(n), MOST_IN_ALL) for n in totals)) for at_s, name, *totals in rows]
