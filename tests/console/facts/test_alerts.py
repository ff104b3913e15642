import pytest

from console.cases import put, told
from redshank.console.desk import Desk
from redshank.console.facts.alerts import COUNTED, Listing, listing, new, sums
from redshank.console.query import read
from redshank.core.errors import ConfigError


def test_pages_follow_on_one_another(desk: Desk) -> None:
    put(desk, *(told(f"a{number}", last_seen_s=float(number // 2)) for number in range(5)))
    query, seen, after = read("", 0.0), [], ""
    while True:
        page = listing(desk, query, after, rows=2)
        seen += [row.alert.id for row in page.rows]
        if not (after := page.older):
            break
    assert seen == ["a4", "a3", "a2", "a1", "a0"]
    assert (page.total, page.counted, page.arrival) == (5, "5", 5)
    assert Listing([], "", COUNTED + 1, 0).counted == "more than 10,000"
    with pytest.raises(ConfigError, match="after: 'soon' is no place in the list"):
        listing(desk, query, "soon")


def test_what_is_new_is_counted_beside_a_page(desk: Desk) -> None:
    put(desk, told("a"), told("b"))
    query = read("device:10.0.0.7", 0.0)
    arrival = listing(desk, query).arrival
    put(desk, told("c"), told("d", device="10.0.0.8"), told("a", revision=1))
    assert new(desk, query, arrival) == 2


def test_groups_lead_to_their_alerts(desk: Desk) -> None:
    put(desk, told("a"), told("b", device="fd00::1"), told("c", family="dos"))
    found = sums(desk, read("state:open", 0.0), "device")
    assert [(one.group.value, one.group.count, one.query) for one in found] == [
        ("10.0.0.7", 2, "device:10.0.0.7 state:open"), ("fd00::1", 1, 'device:"fd00::1" state:open'),
    ]  # fmt: skip
    (hour,) = sums(desk, read("", 0.0), "hour")
    assert (hour.begins_s, hour.group.count) == (1_699_999_200.0 - 1_699_999_200.0 % 3600, 3)
