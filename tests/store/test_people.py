import pytest

from redshank.core.errors import ActionError, ConfigError
from redshank.store.audit import Audit
from redshank.store.credentials import Sessions, Token, Tokens
from redshank.store.database import Database
from redshank.store.people import People


@pytest.fixture
def people(database: Database) -> People:
    made = People(database)
    made.add("ana", "admin", "hash", 1.0, "test")
    made.add("bo", "analyst", "hash", 2.0, "ana")
    Sessions(database).begin("d1", "bo", 3.0, "10.0.0.1", "agent", unused_since_s=0.0)
    return made


def test_an_account_is_found_by_its_name_alone(people: People) -> None:
    found = people.find("bo")
    assert found
    assert (found.name, found.role, found.disabled, found.made_at_s, found.seen_at_s) == ("bo", "analyst", False, 2, 3)
    assert people.find("Bo") is None
    assert [one.name for one in people.all()] == ["ana", "bo"]


def test_a_hash_stands_in_no_repr(people: People) -> None:
    assert "hash" not in repr(people.find("bo"))


def test_there_is_one_account_of_a_name(people: People) -> None:
    with pytest.raises(ConfigError, match="account: there is a 'bo' already; choose another name"):
        people.add("bo", "viewer", "hash", 4.0, "ana")


@pytest.mark.parametrize("change", ["password", "role", "disable"])
def test_who_is_not_who_they_were_is_logged_out(people: People, database: Database, change: str) -> None:
    if change == "password":
        people.set_password("bo", "other", 5.0, "ana")
    elif change == "role":
        people.set_role("bo", "viewer", 5.0, "ana")
    else:
        people.disable("bo", 5.0, "ana")
    assert Sessions(database).find("d1") is None
    (entry,) = Audit(database).entries(1)
    assert (entry.at_s, entry.who, entry.about) == (5.0, "ana", "bo")


def test_the_last_admin_stays(people: People) -> None:
    with pytest.raises(ActionError, match="'ana' is the last admin; make another one first"):
        people.disable("ana", 5.0, "ana")
    with pytest.raises(ActionError, match="'ana' is the last admin"):
        people.set_role("ana", "viewer", 5.0, "ana")
    people.set_role("bo", "admin", 6.0, "ana")
    people.disable("ana", 7.0, "bo")
    with pytest.raises(ActionError, match="'bo' is the last admin"):
        people.disable("bo", 8.0, "bo")


def test_a_disabled_account_can_be_enabled_again_and_its_tokens_stay_withdrawn(
    people: People, database: Database
) -> None:
    tokens = Tokens(database)
    tokens.give(Token("t1", "bo", "cron", "viewer", 3.0, None, None, None, "analyst"), "digest", "bo")
    people.disable("bo", 5.0, "ana")
    people.enable("bo", 6.0, "ana")
    found = people.find("bo")
    assert found
    assert not found.disabled
    assert tokens.find("digest", 7.0) is None


def test_nobody_is_changed_who_is_not_there(people: People) -> None:
    told = "account: there is no 'cy'; `redshank console user list` has all"
    with pytest.raises(ConfigError, match=told):
        people.set_password("cy", "x", 1.0, "ana")
    with pytest.raises(ConfigError, match=told):
        people.set_role("cy", "viewer", 1.0, "ana")
    with pytest.raises(ConfigError, match=told):
        people.disable("cy", 1.0, "ana")
    with pytest.raises(ConfigError, match=told):
        people.enable("cy", 1.0, "ana")
