"""A few alerts for tests of the console that need no pipeline, and questions about flows of one of them."""

from dataclasses import replace

from bundles import flows
from questions import questions
from records import alert
from redshank.console.desk import Desk
from redshank.core.records import Alert, Evidence
from redshank.store.question import Question, flow_values

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e'\";--"
NOW_S = 1_700_000_000.0


def told(name: str, device: str = "10.0.0.7", port: int = 23, **changed: object) -> Alert:
    """Return an alert with one flow of evidence, seen a minute ago."""
    seen_s = NOW_S - 60.0
    flow = Evidence(f"C{name}", seen_s, device, 1, "10.0.0.1", port, "tcp", "1:abc=", 0.9, None, None)
    values = {
        "id": name, "device": device, "evidence": (flow,), "targets": ("10.0.0.1",), "target_count": 1,
        "first_seen_s": seen_s, "last_seen_s": seen_s, **changed,
    }  # fmt: skip
    return alert(**values)


def asked_about(number: int = 2) -> tuple[Alert, list[Question]]:
    """Return an alert, and questions about the first flows of its evidence; of the others there are none."""
    rows = flow_values(flows(("scanning",) * (number + 1)))
    evidence = tuple(
        Evidence(
            row["uid"], row["ts"] / 1e9, row["src_ip"], row.get("src_port"), row["dst_ip"], row.get("dst_port"),
            row["proto"], None, 0.9,
        )
        for row in rows
    )  # fmt: skip
    found = questions(("scanning",) * (number + 1))[:number]
    return replace(told("asked"), device=evidence[0].src_ip, evidence=evidence), found


def put(desk: Desk, *alerts: Alert) -> None:
    """Let a store have alerts."""
    desk.alerts.record(alerts, [], desk.now_s())
