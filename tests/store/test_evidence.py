from dataclasses import replace

from sqlalchemy import Engine, event

from records import alert
from redshank.core.records import Evidence
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.evidence import MOST_EVIDENCE

NOW_S = 1_700_000_000.0
SINKS = ("eve", "webhook")


def flow(uid: str, ts_s: float = 1.5, score: float = 0.9) -> Evidence:
    return Evidence(uid, ts_s, "10.0.0.7", 1, "10.0.0.1", None, "tcp", None, score)


def test_the_evidence_of_all_revisions_is_kept_up_to_its_bound(database: Database) -> None:
    alerts = Alerts(database)
    weak = [flow(f"W{n:02}", 10 + n, 0.5 + n / 1000) for n in range(MOST_EVIDENCE)]
    alerts.record([alert(evidence=(flow("first", 1, 0.1), *weak[:10]))], SINKS, NOW_S)
    alerts.record([alert(revision=1, evidence=(*weak, flow("W00", 10, 0.99)))], SINKS, NOW_S)
    alerts.record([alert(revision=2, evidence=())], SINKS, NOW_S)
    kept = alerts.evidence("00ff")
    assert len(kept) == MOST_EVIDENCE
    assert [one.uid for one in kept[:2]] == ["first", "W00"]
    assert kept[1].score == 0.99
    assert "W01" not in {one.uid for one in kept}


def test_of_an_alert_that_grew_only_flows_that_changed_are_written(database: Database) -> None:
    alerts, flows = Alerts(database), tuple(flow(f"F{n}", n) for n in range(5))
    alerts.record([alert(evidence=flows, over=False)], SINKS, NOW_S)
    written: list[str] = []

    def note(sql: object, cursor: object, statement: str, values: object, *_: object) -> None:
        del sql, cursor
        if "evidence" in statement.split("(", maxsplit=1)[0] and not statement.startswith("SELECT"):
            written.append(f"{statement.split(maxsplit=1)[0]} {len(values) if isinstance(values, list) else 1}")

    event.listen(Engine, "before_cursor_execute", note)
    try:
        alerts.record([alert(revision=1, evidence=flows)], SINKS, NOW_S)
        assert written == []
        grown = (*flows[:4], replace(flows[4], score=0.99), flow("new", 9))
        alerts.record([alert(revision=2, evidence=grown)], SINKS, NOW_S)
        assert written == ["DELETE 1", "INSERT 2"]
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert alerts.evidence("00ff") == [*grown]
