import pytest

from records import alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.risk import DAY_S, MONTH_S, WEEK_S, Risk, risks

NOW_S = 1_700_000_000.0


def test_open_alerts_count_by_severity_and_age(database: Database) -> None:
    alerts = Alerts(database)
    rows = (
        ("a", "critical", "10.0.0.1", 60.0),
        ("b", "high", "10.0.0.1", DAY_S + 1),
        ("c", "medium", "10.0.0.2", WEEK_S + 1),
        ("d", "low", "10.0.0.2", MONTH_S + 1),
        ("e", "low", "10.0.0.3", 1.0),
        ("f", "critical", "10.0.0.3", 1.0),
        ("g", "critical", "10.0.0.3", 1.0),
    )
    for name, severity, device, age_s in rows:
        alerts.record([alert(id=name, severity=severity, device=device, last_seen_s=NOW_S - age_s)], (), NOW_S)
    alerts.judge(["f"], "closed", "ana", NOW_S)
    alerts.judge(["g"], "false_alarm", "ana", NOW_S)
    alerts.judge(["a"], "escalated", "ana", NOW_S)
    found = risks(database, NOW_S)
    assert {device: one.points for device, one in found.items()} == {
        "10.0.0.1": 30 + 10 / 2,
        "10.0.0.3": 1,
        "10.0.0.2": 3 / 4,
    }
    assert list(found) == ["10.0.0.1", "10.0.0.3", "10.0.0.2"]
    assert found["10.0.0.1"] == Risk(35.0, {"critical": 1, "high": 1}, NOW_S - 60.0)
    assert risks(database, NOW_S, ("10.0.0.2", "10.9.9.9")) == {"10.0.0.2": found["10.0.0.2"]}


def test_addresses_of_one_device_add_up_the_worst_first() -> None:
    both = Risk(2.0, {"low": 2}, 5.0) + Risk(30.5, {"critical": 1, "low": 1}, 3.0)
    assert both == Risk(32.5, {"critical": 1, "low": 3}, 5.0)
    assert list(both.open) == ["critical", "low"]
    assert Risk().points == pytest.approx(0)
