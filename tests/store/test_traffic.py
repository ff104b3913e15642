import pytest

from redshank.store import traffic
from redshank.store.database import Database
from redshank.store.devices import MOST_IN_ALL
from redshank.store.traffic import FINE_S, HOUR_S, Kind, Share, Traffic

NOON_S = 1_700_049_600
"""A full hour."""


def kind(start_s: int = NOON_S, verdict: str = "benign", service: str = "dns", group: str = "all") -> Kind:
    return Kind(start_s, group, service, "udp", verdict, "scanning" if verdict == "alarm" else "")


def test_counts_add_up_and_are_told_over_time_and_in_all(database: Database) -> None:
    counted = Traffic(database)
    counted.add({kind(): (3, 300), kind(verdict="alarm"): (1, 60)}, 1.0)
    counted.add(
        {kind(): (2, 100), kind(NOON_S + FINE_S): (4, 400), kind(NOON_S + HOUR_S, service="mqtt"): (5, 50)}, 2.0
    )
    counted.add({}, 3.0)
    day = (NOON_S + 10.0, NOON_S + 2.0 * HOUR_S)
    assert counted.over_time("service", *day) == [
        Share(NOON_S, "dns", 10, 860),
        Share(NOON_S + HOUR_S, "mqtt", 5, 50),
    ]
    assert counted.over_time("verdict", *day, span_s=FINE_S)[:3] == [
        Share(NOON_S, "alarm", 1, 60),
        Share(NOON_S, "benign", 5, 400),
        Share(NOON_S + FINE_S, "benign", 4, 400),
    ]
    assert counted.mix("family", *day) == [Share(None, "", 14, 850), Share(None, "scanning", 1, 60)]
    assert counted.mix("service", NOON_S, NOON_S + HOUR_S) == [Share(None, "dns", 10, 860)]


def test_counts_of_many_times_at_once_add_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "AT_ONCE", 2)
    counted, year_s = Traffic(database), 8_766 * HOUR_S
    counts = {kind(NOON_S + years * year_s): (1, 10) for years in (-30, 0, 1, 50, 200)}
    for at_s in (1.0, 2.0):
        counted.add(counts, at_s)
    assert counted.mix("service", 0, 1e11) == [Share(None, "dns", 10, 100)]


def test_a_group_of_devices_is_told_by_itself(database: Database) -> None:
    counted = Traffic(database)
    counted.add({kind(group="cameras"): (3, 0), kind(): (9, 0)}, 1.0)
    assert counted.mix("group", 0, 2e9) == [Share(None, "all", 9, 0), Share(None, "cameras", 3, 0)]
    assert counted.mix("service", 0, 2e9, group="cameras") == [Share(None, "dns", 3, 0)]


def test_what_is_not_counted_cannot_be_asked_for(database: Database) -> None:
    with pytest.raises(ValueError, match="by: 'flows; drop' is not counted; allowed are group, service"):
        Traffic(database).mix("flows; drop", 0, 1)
    with pytest.raises(ValueError, match="span_s: 60 is not counted; allowed are 300 and 3600"):
        Traffic(database).over_time("service", 0, 1, span_s=60)


def test_totals_and_times_stay_numbers_that_a_database_holds(database: Database) -> None:
    counted = Traffic(database)
    for _ in range(3):
        counted.add({kind(-9_223_372_036 // FINE_S * FINE_S): (1, 2**61)}, 1.0)
    assert [(one.flows, one.ip_bytes) for one in counted.mix("proto", -1e10, 0)] == [(3, MOST_IN_ALL)]


def test_fine_counts_go_after_two_days_and_hours_after_their_time(database: Database) -> None:
    counted = Traffic(database)
    counted.add({kind(): (1, 1)}, 1000.0)
    assert counted.sweep(1000.0 + 86_400.0, 90 * 86_400.0) == 0
    assert counted.sweep(1000.0 + 3 * 86_400.0, 90 * 86_400.0) == 1
    assert counted.mix("service", 0, 2e9, span_s=FINE_S) == []
    assert counted.mix("service", 0, 2e9) == [Share(None, "dns", 1, 1)]
    assert counted.sweep(1000.0 + 91 * 86_400.0, 90 * 86_400.0) == 1


def test_of_too_many_rows_those_go_that_grew_longest_ago(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "MOST_ROWS", 4)
    counted = Traffic(database)
    for number in range(4):
        counted.add({kind(NOON_S + number * HOUR_S): (1, 1)}, float(number))
    assert counted.sweep(10.0, 1e9) == 4
    assert [one.start_s for one in counted.over_time("proto", 0, 2e9)] == [NOON_S + 2 * HOUR_S, NOON_S + 3 * HOUR_S]
