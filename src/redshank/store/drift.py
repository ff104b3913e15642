"""Whether the traffic of groups of devices is still what was learnt, comparison after comparison.

In: the comparisons that a running service makes (`detect/drift.py`), within seconds of each. Out: the newest of each
group by each detector, and the earlier ones. The one idea: a comparison is kept whether or not anything moved, so that
a person sees how near to its bound a group is; of each group and detector the last MOST_KEPT.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, and_, delete, func, insert, select
from sqlalchemy.sql import Select

from redshank.core.inert import inert
from redshank.store.database import Database
from redshank.store.tables import DRIFT

MOST_KEPT = 500
"""Comparisons of a group by a detector that are kept."""


@dataclass(frozen=True)
class Reading:
    """A comparison of a group's traffic with what the bundle learnt from.

    Args:
        group: The group.
        detector: Who compared it.
        bundle: What it was compared with.
        at_s: Packet time, s since the epoch.
        told_at_s: When it was written down, by the clock.
        p_value: Share of the ways to draw blocks that differ as much.
        moved: Whether that is beyond the bound.
        score_psi: Population stability index of the p-values: what the model says of the traffic.
        input_psi: The largest of the columns: the traffic itself.
        worst: The columns with the largest, with theirs.
        place: 1, 2, 3, ... in the store; 0: not written down yet.
    """

    group: str
    detector: str
    bundle: str
    at_s: float
    told_at_s: float
    p_value: float
    moved: bool
    score_psi: float
    input_psi: float
    worst: tuple[tuple[str, float], ...]
    place: int = 0


class Readings:
    """The comparisons of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, readings: Sequence[Reading]) -> None:
        """Write comparisons down, in order."""
        if not readings:
            return
        with self._database.writing() as sql:
            last = int(sql.execute(select(func.coalesce(func.max(DRIFT.c.place), 0))).scalar_one())
            rows = [
                vars(one) | {"place": last + number, "group": inert(one.group), "worst": json.dumps(one.worst)}
                for number, one in enumerate(readings, 1)
            ]
            sql.execute(insert(DRIFT), rows)
            for group, detector in {(row["group"], row["detector"]) for row in rows}:
                own = and_(DRIFT.c.group == group, DRIFT.c.detector == detector)
                newest = select(DRIFT.c.place).where(own).order_by(DRIFT.c.place.desc())
                bound = sql.execute(newest.offset(MOST_KEPT - 1).limit(1)).scalar()
                if bound is not None:
                    sql.execute(delete(DRIFT).where(own, DRIFT.c.place < bound))

    def newest(self) -> list[Reading]:
        """Return the last comparison of each group by each detector, by their names.

        What a bundle found that its detector does not use any more is not told beside what the present one finds.
        """
        last = select(func.max(DRIFT.c.place)).group_by(DRIFT.c.group, DRIFT.c.detector)
        return self._found(select(DRIFT).where(DRIFT.c.place.in_(last)).order_by(DRIFT.c.group, DRIFT.c.detector))

    def of(self, group: str, limit: int = 100, before: int | None = None) -> list[Reading]:
        """Return comparisons of a group, the newest first.

        Args:
            group: The group.
            limit: How many at most.
            before: `place` of the last one of the page before.
        """
        wanted = select(DRIFT).where(DRIFT.c.group == group).order_by(DRIFT.c.place.desc()).limit(limit)
        return self._found(wanted if before is None else wanted.where(DRIFT.c.place < before))

    def sweep(self, now_s: float, keep_s: float) -> int:
        """Throw away what is older than `keep_s`, by the clock; return how much that was."""
        with self._database.writing() as sql:
            return sql.execute(delete(DRIFT).where(DRIFT.c.told_at_s < now_s - keep_s)).rowcount

    def _found(self, wanted: Select[tuple[object, ...]]) -> list[Reading]:
        with self._database.reading() as sql:
            return [_reading(row) for row in sql.execute(wanted)]


def _reading(row: Row[tuple[object, ...]]) -> Reading:
    values = row._asdict()
    return Reading(**values | {"worst": tuple((name, psi) for name, psi in json.loads(values["worst"]))})
