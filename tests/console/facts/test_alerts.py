import pytest

from console.cases import put, told
from redshank.console.desk import Desk
from redshank.console.facts.alerts import Listing
from redshank.console.query import read


def test_pages_follow_on_one_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk, *(told(f"a{number}", last_seen_s=float(number // 2)) for number in range(5)))
    query, seen, after = read("", 0.0), [], None
    while True:
        page = Listing(desk, query, after, most=2)
        seen += [row.alert.id for row in page.rows]
        if not (after := page.older):
            break
    assert seen == ["a4", "a3", "a2", "a1", "a0"]
    assert (page.total, page.counted, page.arrival) == (5, "5", 5)
    monkeypatch.setattr("redshank.console.facts.alerts.COUNTED", 4)
    assert Listing(desk, query).counted == "more than 4"


def test_what_is_new_is_counted_beside_a_page(desk: Desk) -> None:
    put(desk, told("a"), told("b"))
    query = read("device:10.0.0.7", 0.0)
    page = Listing(desk, query)
    put(desk, told("c"), told("d", device="10.0.0.8"), told("a", revision=1))
    assert page.new(page.arrival) == 2


def test_groups_lead_to_their_alerts(desk: Desk) -> None:
    put(desk, told("a"), told("b", device="fd00::1"), told("c", family="dos"))
    found = Listing(desk, read("state:open", 0.0), by="device").sums
    assert [(one.group.value, one.group.count, one.query) for one in found] == [
        ("10.0.0.7", 2, "device:10.0.0.7 state:open"), ("fd00::1", 1, 'device:"fd00::1" state:open'),
    ]  # fmt: skip
    (hour,) = Listing(desk, read("", 0.0), by="hour").sums
    assert (hour.begins_s, hour.group.count) == (1_699_999_200.0 - 1_699_999_200.0 % 3600, 3)
