from pathlib import Path
from typing import Any

import pytest

from records import alert
from redshank.core.allowance import Allowance
from redshank.core.records import Alert, Evidence
from redshank.pipeline.allowing import ALLOWED_BY, Given, effect, give
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.database import Database

NOW_S = 1_700_000_000.0
V6 = "fd00::7"


def told(name: str, device: str, port: int, domain: str | None = None, **changed: Any) -> Alert:
    flow = Evidence(f"C{name}", 1.0, device, 1, "10.0.0.1", port, "tcp", None, 0.9, "02:00:5e:10:00:01", domain)
    return alert(id=name, device=device, evidence=(flow,), targets=("10.0.0.1",), **changed)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "s", create=True)
    signed: dict[str, Any] = {"rules": ("Telnet-Sweep",), "detectors": ("signatures",)}
    Alerts(made).record(
        [
            told("a", "10.0.0.7", 23, **signed),
            told("b", "10.0.0.7", 80, "www.example.org"),
            told("c", V6, 23, family="dos"),
            told("d", "10.0.0.7", 23, **signed),
        ],
        [],
        NOW_S,
    )
    Alerts(made).judge(["d"], "false_alarm", "ana", NOW_S)
    return made


def allowance(**terms: Any) -> Allowance:
    return Allowance.of("ana", "known", NOW_S, NOW_S + 60, **terms)


@pytest.mark.parametrize(
    ("terms", "covered"),
    [
        ({"device": "10.0.0.7"}, ("ab", "d")),
        ({"device": "fd00:0::7"}, ("c", "")),
        ({"device": "02:00:5e:10:00:01"}, ("abc", "d")),
        ({"source": "10.0.0.7/32", "port": 23}, ("a", "d")),
        ({"source": "10.0.0.0/24"}, ("ab", "d")),
        ({"destination": "10.0.0.1"}, ("abc", "d")),
        ({"destination": "10.0.0.2"}, ("", "")),
        ({"network": "10.0.0.0/8", "family": "dos"}, ("c", "")),
        ({"rule": "Telnet-Sweep"}, ("a", "d")),
        ({"domain": "example.org"}, ("b", "")),
    ],
    ids=str,
)
def test_what_an_allowance_would_do_is_told_and_then_done(
    database: Database, terms: dict[str, Any], covered: tuple[str, str]
) -> None:
    alerts, one = Alerts(database), allowance(**terms)
    found = effect(alerts, one)
    assert tuple("".join(sorted(filed.alert.id for filed in some)) for some in (found.open, found.past)) == covered
    assert found.whole
    assert give(database, one, NOW_S) == Given(len(covered[0]), 0)
    closed = {filed.alert.id for filed in alerts.find() if filed.state_by == ALLOWED_BY}
    assert closed == set(covered[0])
    assert [given.alerts for given in Allowances(database).given()] == [len(covered[0])]
    assert effect(alerts, one).open == ()
    said = [entry for entry in Audit(database).entries() if entry.what == "alert closed"]
    assert {entry.detail["why"] for entry in said} <= {f"covered by allowance {one.id}"}


def test_of_many_alerts_the_newest_are_looked_at(database: Database) -> None:
    alerts, one = Alerts(database), allowance(family="scanning")
    alerts.record([alert(id=f"x{number}", last_seen_s=10.0 + number) for number in range(5)], [], NOW_S)
    found = effect(alerts, one, most=3)
    assert [filed.alert.id for filed in found.open] == ["x4", "x3", "x2"]
    assert not found.whole
    assert found.looked == 4  # one is not open
    assert give(database, one, NOW_S, most=3).closed == 3


def test_nothing_is_closed_that_somebody_judged_meanwhile(database: Database) -> None:
    alerts = Alerts(database)
    alerts.judge(["a", "b"], "escalated", "ben", NOW_S)
    assert give(database, allowance(device="10.0.0.7"), NOW_S) == Given(0, 0)
    assert alerts.judge(["a", "c"], "closed", "ben", NOW_S, only=("open",)) == ["c"]
    assert {filed.alert.id: filed.state for filed in alerts.find()}["a"] == "escalated"
