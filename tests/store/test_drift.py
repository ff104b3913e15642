from dataclasses import replace

import pytest

from redshank.store import drift
from redshank.store.database import Database
from redshank.store.drift import Reading, Readings

ONE = Reading("cameras", "anomaly", "site", 50.0, 60.0, 0.3, False, 0.02, 0.1, (("src_bytes", 0.1), ("proto", 0.01)))


def test_the_newest_comparison_of_each_group_is_told_and_the_earlier_ones_in_pages(database: Database) -> None:
    told = Readings(database)
    told.add([])
    assert told.newest() == []
    told.add([ONE, replace(ONE, group="all")])
    told.add([replace(ONE, at_s=70.0, moved=True, p_value=0.0005)])
    assert [(one.group, one.at_s, one.moved, one.place) for one in told.newest()] == [
        ("all", 50.0, False, 2),
        ("cameras", 70.0, True, 3),
    ]
    page = told.of("cameras", limit=1)
    assert [one.at_s for one in page] == [70.0]
    assert told.of("cameras", before=page[-1].place) == [replace(ONE, place=1)]


def test_two_detectors_have_their_own_newest_comparison_and_a_new_bundle_takes_its_detectors_place(
    database: Database,
) -> None:
    told = Readings(database)
    told.add([ONE, replace(ONE, detector="classifier", bundle="home-1", moved=True)])
    told.add([replace(ONE, detector="classifier", bundle="home-2"), replace(ONE, moved=True)])
    assert [(one.detector, one.bundle, one.moved) for one in told.newest()] == [
        ("anomaly", "site", True),
        ("classifier", "home-2", False),
    ]


def test_what_is_kept_is_bounded_by_number_and_age(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MOST_KEPT", 3)
    told = Readings(database)
    told.add([replace(ONE, at_s=float(number), told_at_s=float(number)) for number in range(5)])
    assert [one.at_s for one in told.of("cameras")] == [4.0, 3.0, 2.0]
    other = replace(ONE, detector="classifier", told_at_s=9.0)
    told.add([other])
    assert len(told.of("cameras")) == 4, "another detector's comparisons push out none"
    assert told.sweep(10.0, 6.5) == 2
    assert [one.at_s for one in told.of("cameras")] == [50.0, 4.0]
