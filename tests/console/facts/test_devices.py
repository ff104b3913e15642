import pytest

from console.filled import Filled
from records import alert
from redshank.console.desk import Desk
from redshank.console.facts import devices as facts
from redshank.console.facts.responses import Book
from redshank.console.shared import SLOWLY_S
from redshank.store.risk import Risk

BUSY = "192.168.39.30"


@pytest.fixture
def desk(filled: Filled) -> Desk:
    return Desk(filled.settings, filled.database, now_s=lambda: filled.now_s)


def test_the_inventory_goes_page_by_page_in_any_order(desk: Desk) -> None:
    for order in facts.ORDERS:
        whole = facts.inventory(desk, order=order, limit=500)
        names, after = [], None
        while True:
            page = facts.inventory(desk, order=order, limit=4, after=after)
            names += [row.device.id for row in page.rows]
            after = page.after
            if after is None:
                break
        assert names == [row.device.id for row in whole.rows], order
        assert len(names) == len(set(names)) > 4


def test_risk_is_that_of_all_addresses_of_a_device(desk: Desk) -> None:
    found = facts.inventory(desk, order=facts.RISK).rows
    points = [row.risk.points for row in found]
    assert points == sorted(points, reverse=True)
    assert points[-1] > 0
    plain = {row.device.id: row.risk for row in facts.inventory(desk, limit=500).rows}
    assert all(plain[row.device.id] == row.risk for row in found)
    assert next(iter(facts.at_risk(desk))) == found[0].device.id


def test_a_device_is_found_by_an_address_and_worth_what_the_settings_say(desk: Desk) -> None:
    device = facts.find(desk, BUSY)
    assert device is not None
    assert facts.find(desk, device.id) == device
    (row,) = facts.inventory(desk, [BUSY]).rows
    assert (row.device, row.value) == (device, "critical")
    assert facts.find(desk, "10.9.9.9") is None
    assert facts.inventory(desk, ["no such thing"]).rows == ()
    assert facts.inventory(desk, [BUSY], order=facts.RISK).rows[0].device == device


def test_what_is_known_of_a_device_is_its_own(desk: Desk) -> None:
    device = facts.find(desk, BUSY)
    assert device is not None
    about = facts.about(desk, Book(desk), device, facts.DAY_S)
    assert {filed.alert.device for filed in about.alerts} <= set(about.addresses)
    assert about.alert_count >= len(about.alerts) > 0
    assert {entry.action.target for entry in about.actions} == {BUSY}
    assert about.said
    assert about.group == "all"
    assert not about.traffic.empty
    assert device.peers
    assert [one.reason for one in about.allowances] == []
    scanner = facts.find(desk, "192.168.39.10")
    assert scanner is not None
    names = [one.reason for one in facts.about(desk, Book(desk), scanner, facts.DAY_S).allowances]
    assert names == ["our own scanner"]


def test_what_stands_open_is_added_up_again_after_a_while_and_after_a_decision(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s, added = filled.now_s, list[float]()
    desk, add_up = Desk(filled.settings, filled.database, now_s=lambda: now_s), facts.at_risk

    def counted(asked: Desk) -> dict[str, Risk]:
        added.append(now_s)
        return add_up(asked)

    monkeypatch.setattr(facts, "at_risk", counted)
    first = facts.ranked(desk)
    desk.alerts.record([alert(id="new", device="10.9.9.9", severity="critical", last_seen_s=now_s)], (), now_s)
    assert facts.ranked(desk) == first
    now_s += SLOWLY_S
    assert facts.ranked(desk)["10.9.9.9"].open == {"critical": 1}
    desk.audit.write(now_s, "ana", "logged in", "ana")
    assert facts.ranked(desk)["10.9.9.9"].open == {"critical": 1}
    assert len(added) == 2, "who logs in changes no risk"
    desk.alerts.judge(["new"], "closed", "ana", now_s)
    assert "10.9.9.9" not in facts.ranked(desk)
    assert len(added) == 3
