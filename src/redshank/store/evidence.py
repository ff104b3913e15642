"""Flows of alerts, of all their revisions.

In: alerts that were told, in the transaction that writes them down. Out: some of their flows. The one idea: of an alert
the first flow and those with the highest scores are kept, and as a revision mostly has flows that are there already,
only those that changed are written.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from redshank.core.inert import inert
from redshank.core.records import Alert, Evidence
from redshank.store.reading import read_evidence
from redshank.store.tables import EVIDENCE

MOST_EVIDENCE = 50
"""Flows kept of an alert: the first, and those with the highest scores."""


def keep_evidence(sql: Connection, told: Sequence[Alert], known: Mapping[str, int]) -> None:
    """Write down the flows of alerts.

    Args:
        sql: Of the transaction.
        told: The alerts, each revision behind the one before.
        known: Revisions of those that the store had before, by their ids.
    """
    grown = sorted({alert.id for alert in told} & known.keys())
    rows = sql.execute(select(EVIDENCE).where(EVIDENCE.c.alert.in_(grown))) if grown else ()
    there = {(row.alert, row.uid): row._asdict() for row in rows}
    flows: dict[str, dict[str, dict[str, Any]]] = {}
    for (alert, uid), row in there.items():
        flows.setdefault(alert, {})[uid] = row
    for one in told:
        for flow in one.evidence:
            row = _row(one.id, flow)
            flows.setdefault(one.id, {})[row["uid"]] = row
    wanted = {(alert, row["uid"]): row for alert, rows in flows.items() for row in _bounded(list(rows.values()))}
    new = [row for key, row in wanted.items() if there.get(key) != row]
    gone = [key for key in there if there[key] != wanted.get(key)]
    if gone:
        this = (EVIDENCE.c.alert == bindparam("its_alert")) & (EVIDENCE.c.uid == bindparam("its_uid"))
        sql.execute(delete(EVIDENCE).where(this), [{"its_alert": alert, "its_uid": uid} for alert, uid in gone])
    if new:
        sql.execute(insert(EVIDENCE), new)


def evidence_of(sql: Connection, alerts: Sequence[str]) -> dict[str, list[Evidence]]:
    """Return the flows that are kept of alerts, in the order of time; an alert without any is left out."""
    found: dict[str, list[Evidence]] = {}
    for row in sql.execute(select(EVIDENCE.c.alert, EVIDENCE.c.record).where(EVIDENCE.c.alert.in_(alerts))):
        found.setdefault(row.alert, []).append(read_evidence(row.record))
    return {alert: sorted(flows, key=lambda one: (one.ts_s, one.uid)) for alert, flows in found.items()}


def finite(value: float) -> float:
    """Return a number that every database takes: 0 for what is none."""
    return value if math.isfinite(value) else 0.0


def _row(alert: str, one: Evidence) -> dict[str, Any]:
    return {
        "alert": alert, "uid": inert(one.uid), "ts_s": one.ts_s, "dst_ip": inert(one.dst_ip),
        "score": finite(one.score), "record": json.dumps(vars(one)),
    }  # fmt: skip


def _bounded(flows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first flow, and of the others the strongest."""
    if len(flows) <= MOST_EVIDENCE:
        return flows
    first, *rest = sorted(flows, key=lambda row: (row["ts_s"], row["uid"]))
    return [first, *sorted(rest, key=lambda row: -row["score"])[: MOST_EVIDENCE - 1]]
