import pytest

from redshank.core.allowance import Allowance
from redshank.core.errors import ConfigError
from redshank.store.allowances import Allowances, Given, Quiet
from redshank.store.audit import Audit
from redshank.store.database import Database

NOW_S = 1_700_000_000.0


def own(source: str, expires_at_s: float | None = None) -> Allowance:
    return Allowance.of("ana", "our scanner", NOW_S, expires_at_s, source=source)


def test_what_was_given_stands_until_it_expires_or_is_withdrawn(database: Database) -> None:
    allowances = Allowances(database)
    first, second = own("10.0.0.9"), own("10.0.0.8", NOW_S + 60)
    assert [allowances.give(first), allowances.give(second), allowances.give(first)] == [True, True, False]
    assert allowances.standing(NOW_S) == [first, second]
    assert allowances.standing(NOW_S + 60) == [first]
    allowances.withdraw(first.id, "ben", NOW_S + 5, "sold")
    assert allowances.standing(NOW_S) == [second]
    assert allowances.past(NOW_S) == [first]
    assert allowances.past(NOW_S + 60) == [first, second]
    assert not allowances.give(first)
    said = [(entry.who, entry.what, entry.about) for entry in Audit(database).entries()]
    assert said[0] == ("ben", "allowance withdrawn", first.id)
    assert said[2] == ("ana", "allowance given", first.id)
    assert Audit(database).entries()[2].detail["terms"] == "source 10.0.0.9"


def test_another_process_sees_by_the_stamp_that_something_changed(database: Database, place: str) -> None:
    service = Allowances(Database(place))
    person = Allowances(database)
    stamps = [service.stamp()]
    first = own("10.0.0.9")
    person.give(first)
    stamps.append(service.stamp())
    person.give(first)
    assert service.stamp() == stamps[-1]
    person.give(own("10.0.0.8"))
    stamps.append(service.stamp())
    person.withdraw(first.id, "ana", NOW_S)
    stamps.append(service.stamp())
    assert stamps == sorted(set(stamps))
    service._database.close()


def test_only_what_stands_can_be_withdrawn(database: Database) -> None:
    allowances = Allowances(database)
    with pytest.raises(ConfigError, match="allowance: none that stands is '00ff'; `redshank allow list` has all"):
        allowances.withdraw("00ff", "ana", NOW_S)
    assert allowances.stamp() == 0


def test_what_allowances_kept_quiet_adds_up_and_is_no_change(database: Database) -> None:
    allowances = Allowances(database)
    first, second = own("10.0.0.9"), own("10.0.0.8", NOW_S + 60)
    allowances.give(first)
    allowances.give(second)
    stamp = allowances.stamp()
    allowances.count([Quiet(first.id, 3, 1, 50.0), Quiet(first.id, 2), Quiet("gone", 9)])
    assert allowances.stamp() == stamp
    assert allowances.given() == [Given(second, False, 0, 0, None), Given(first, False, 5, 1, 50.0)]
    allowances.withdraw(first.id, "ben", NOW_S)
    assert [one.state(NOW_S + 60) for one in allowances.given()] == ["withdrawn", "over"]
    assert allowances.given()[1].state(NOW_S) == "in force"
