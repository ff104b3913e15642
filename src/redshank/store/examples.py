"""Flows of alerts with their features, kept so that a person who calls an alert false labels them.

In: flows of an alert's evidence, as the questions that they would be. Out: the same, by alert. The one idea: they are
no questions until somebody says something of them, so nobody is asked about them and nothing counts them; they go with
their alert. At most `MOST` of an alert are kept, no two alike to a model: one decision weighs no more than that.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select

from redshank.store.database import Database
from redshank.store.question import Question, from_row, to_row
from redshank.store.tables import ALERTS, EXAMPLES

MOST = 3
"""Flows kept of an alert, and labels that one decision about it gives."""


class Examples:
    """The examples of a store; several processes may have one.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, found: Iterable[tuple[str, Question]]) -> int:
        """Keep flows of alerts; of an alert that is not there none, and none that looks like one that is kept.

        Args:
            found: Alerts, each with a flow of its evidence; of one alert the most useful first.

        Returns:
            How many are new.
        """
        wanted = list(found)
        names = {alert for alert, _ in wanted}
        rows: list[dict[str, Any]] = []
        with self._database.writing() as sql:
            had: dict[str, list[tuple[str, bytes]]] = {
                alert: [] for alert in sql.execute(select(ALERTS.c.id).where(ALERTS.c.id.in_(names))).scalars()
            }
            for row in sql.execute(select(EXAMPLES).where(EXAMPLES.c.alert.in_(names))):
                had[row.alert].append((row.question, row.x))
            for alert, one in wanted:
                there = had.get(alert)
                if there is None or len(there) >= MOST or any(one.id == name or one.x == x for name, x in there):
                    continue
                values = to_row(one)
                x = values.pop("x")
                rows.append(
                    {"alert": alert, "question": one.id, "place": len(there), "x": x, "record": json.dumps(values)}
                )
                there.append((one.id, one.x))
            if rows:
                sql.execute(insert(EXAMPLES), rows)
        return len(rows)

    def of(self, alerts: Sequence[str]) -> dict[str, list[Question]]:
        """Return what is kept of some alerts, of each the most useful first; of which nothing is, it is left out."""
        wanted = select(EXAMPLES).where(EXAMPLES.c.alert.in_(alerts)).order_by(EXAMPLES.c.alert, EXAMPLES.c.place)
        found: dict[str, list[Question]] = {}
        with self._database.reading() as sql:
            for row in sql.execute(wanted):
                found.setdefault(row.alert, []).append(from_row(json.loads(row.record) | {"x": row.x}))
        return found
