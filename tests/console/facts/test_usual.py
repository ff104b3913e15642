import pytest

from device_rows import S, rows
from redshank.console.desk import Desk
from redshank.console.facts import usual as facts
from redshank.console.facts.usual import LEAST_DAYS, Usual, usual
from redshank.flows.did import MOST_NAMES, ByName, Did, InHour, Named
from redshank.store.devices import Inventory
from redshank.store.usual import DAY_S, HOUR_S
from redshank.store.usual import Usual as Store

LAMP, HUB = "02:00:00:00:00:01", "02:00:00:00:00:02"
DAYS = 10
"""Known before; the lamp works from 08:00 to 10:00, with 1,000 bytes an hour and 100 more each day."""
FIRST = 20_000
LAST = FIRST + DAYS
"""Days since the epoch."""


@pytest.fixture
def desk(desk: Desk) -> Desk:
    made = Desk(desk.settings, desk.database, now_s=lambda: LAST * DAY_S + 23.5 * HOUR_S)
    last_seen = LAST * DAY_S * S
    Inventory(desk.database).take(
        rows({"last_seen": last_seen}, {"mac": HUB, "ips": ["10.0.0.1"], "last_seen": last_seen})
    )
    tell(made, {(HUB, hour): InHour(1, 1, 1, 1, 2) for hour in range(FIRST * 24, LAST * 24 + 24)})
    for day in range(DAYS):
        live(made, FIRST + day, 1_000 + 100 * day)
    return made


def tell(desk: Desk, hours: dict[tuple[str, int], InHour], names: dict[Named, ByName] | None = None) -> None:
    Store(desk.database).add(Did(hours, names or {}))


def live(desk: Desk, day: int, size: int, begin: int = 8, names: tuple[str, ...] = ("mqtt",)) -> None:
    hours = {(LAMP, day * 24 + hour): InHour(4, size // 2, size // 2, 4, size) for hour in (begin, begin + 1)}
    seen_s = day * DAY_S + (begin + 1) * HOUR_S
    tell(desk, hours, {Named(LAMP, "uses", name, day): ByName(8, 0, seen_s) for name in names})


def found(desk: Desk) -> Usual:
    device = Inventory(desk.database).get(LAMP)
    assert device is not None
    return usual(desk, device)


def test_what_is_usual_is_told_by_hour_of_the_day_and_by_name(desk: Desk) -> None:
    live(desk, LAST, 1_500)
    told = found(desk)
    assert (told.days, told.enough, told.flows, told.others, told.since_s) == (DAYS, True, DAYS * 8, 0, LAST * DAY_S)
    at_8, at_20 = told.hours[8], told.hours[20]
    assert (at_8.days, at_8.active, at_8.low, at_8.median, at_8.high) == (DAYS, DAYS, 1_000, 1_450, 1_900)
    assert (at_8.now_bytes, at_8.now_flows) == (1_500, 4)
    assert (at_20.active, at_20.low, at_20.high, at_20.now_flows) == (0, 0, 0, 0)
    assert [(one.name, one.flows, one.days) for one in told.names["uses"]] == [("mqtt", 8 * (DAYS + 1), DAYS + 1)]
    assert told.changes == ()


def test_more_than_twice_the_most_is_told_and_an_hour_early_is_nothing_new(desk: Desk) -> None:
    live(desk, LAST, 3_900)
    assert [text.split(" UTC")[0] for text in found(desk).changes] == [
        "2.05 times as much traffic from 08:00 to 09:00",
        "2.05 times as much traffic from 09:00 to 10:00",
    ]


def test_an_hour_in_which_it_never_was_active_is_told(desk: Desk) -> None:
    """It came at 08:00 of its first day: that day does not say what it does at three."""
    live(desk, LAST, 100, begin=3)
    assert f"active from 03:00 to 04:00 UTC, never before in {DAYS - 1} days" in found(desk).changes


def test_new_names_are_told_with_what_of_them_was_set_aside(desk: Desk) -> None:
    live(desk, LAST, 1_000, names=("mqtt", "ssh"))
    at_s = LAST * DAY_S + 60.0
    aside = {
        Named(LAMP, "uses", "ssh", LAST): ByName(0, 2, at_s),
        Named(LAMP, "peers", "10.9.9.9", LAST): ByName(0, 1, at_s),
    }
    tell(desk, {}, aside)
    told = found(desk)
    assert told.changes == (
        "uses ssh for the first time: 8 flows, 2 more set aside",
        "talks to 10.9.9.9, of which no flow is usual: 1 flow",
    )
    assert [one.name for one in told.names["uses"]] == ["mqtt"]
    assert told.names["peers"] == ()


def test_what_an_alert_is_about_is_compared_and_is_not_usual(desk: Desk) -> None:
    tell(desk, {(LAMP, FIRST * 24 + 20): InHour(500, 10**6, 0), (LAMP, LAST * 24 + 20): InHour(500, 10**6, 0)})
    told = found(desk)
    assert (told.others, told.hours[20].high, told.hours[20].active) == (500, 0, 0)
    assert f"active from 20:00 to 21:00 UTC, never before in {DAYS} days" in told.changes


def test_hours_that_nobody_watched_are_no_rest(desk: Desk) -> None:
    device = Inventory(desk.database).get(LAMP)
    assert device is not None
    tell(desk, {(HUB, (FIRST - 5) * 24 + 8): InHour(1, 1, 1, 1, 2)})
    live(desk, FIRST - 6, 1_000)
    assert found(desk).hours[8].days == DAYS + 2, "four days are missing"


def test_nothing_is_different_before_it_is_known_for_a_week(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "LEAST_DAYS", DAYS + 1)
    live(desk, LAST, 10**6, begin=3, names=("ssh",))
    told = found(desk)
    assert (told.days, told.enough, told.changes) == (DAYS, False, ())
    assert {one.name for one in told.names["uses"]} == {"mqtt", "ssh"}
    assert LEAST_DAYS == 7


def test_of_a_device_that_nobody_told_of_nothing_is_usual(desk: Desk) -> None:
    Inventory(desk.database).take(rows({"mac": "02:00:00:00:00:09"}))
    device = Inventory(desk.database).get("02:00:00:00:00:09")
    assert device is not None
    told = usual(desk, device)
    assert (told.days, told.flows_per_hour, told.hours[8].median, told.changes) == (0, None, None, ())


def test_an_empty_store_and_one_with_too_many_names_are_told(desk: Desk) -> None:
    many = {Named(LAMP, "peers", f"10.1.0.{n}", LAST): ByName(1, 0, LAST * DAY_S + 1.0) for n in range(MOST_NAMES)}
    tell(desk, {}, many)
    told = found(desk)
    assert told.full == ("peers",)
    assert len(told.changes) == facts.MOST_CHANGES


def test_a_record_of_next_month_does_not_move_the_present(desk: Desk) -> None:
    tell(desk, {(HUB, (LAST + 30) * 24): InHour(1, 1, 1, 1, 2)})
    assert found(desk).since_s == LAST * DAY_S
