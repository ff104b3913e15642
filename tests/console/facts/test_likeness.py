import pytest

from records import alert
from redshank.console.desk import Desk
from redshank.console.facts.likeness import LEAST, WEIGHTS, endings, how, likeness, likest, traits
from redshank.core.records import Evidence


def flow(port: int) -> Evidence:
    return Evidence(f"C{port}", 1.5, "10.0.0.7", 1, "10.0.0.1", port, "tcp", None, 0.97)


def test_likeness_is_the_share_of_what_both_tell() -> None:
    one = alert(evidence=(flow(23),), rules=("irc",))
    assert likeness(traits(one), traits(one)) == 1.0
    assert likeness(traits(one), traits(alert(evidence=(flow(80),), rules=("irc",)))) == pytest.approx(
        1 - WEIGHTS["ports"]
    )
    other = alert(family="dos", device="10.0.0.8", targets=("10.0.0.3",), evidence=(flow(80),))
    assert likeness(traits(one), traits(other)) == 0.0
    bare = alert(evidence=())
    assert likeness(traits(bare), traits(alert(evidence=(), device="10.0.0.8"))) == pytest.approx(
        0.45 / 0.6
    )  # no ports, no reasons
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert how().startswith("family 30 %, device 15 %")


def test_judged_alerts_that_are_alike_come_with_how_they_ended(desk: Desk) -> None:
    others = [
        alert(id="same", last_seen_s=1.0), alert(id="near", device="10.0.0.8"),
        alert(id="far", family="dos", device="10.0.0.9", targets=("10.9.9.9",)), alert(id="open"),
    ]  # fmt: skip
    desk.alerts.record([alert(), *others], [], 1.0)
    desk.alerts.judge(["same", "far"], "false_alarm", "ana", 2.0)
    desk.alerts.judge(["near"], "escalated", "ben", 2.0)
    found = likest(desk, alert())
    assert [(one.filed.alert.id, one.filed.state) for one in found] == [("same", "false_alarm"), ("near", "escalated")]
    assert found[0].likeness == 1.0
    assert found[0].shared == "same family, same device, same targets"
    assert all(one.likeness >= LEAST for one in found)
    assert endings(found) == [("false_alarm", 1), ("escalated", 1)]
