from dataclasses import replace

import pytest

from redshank.core.errors import ConfigError
from redshank.store import credentials
from redshank.store.audit import Audit
from redshank.store.credentials import Sessions, Token, Tokens
from redshank.store.database import Database
from redshank.store.people import People


@pytest.fixture
def people(database: Database) -> People:
    made = People(database)
    made.add("ana", "admin", "hash", 1.0, "test")
    made.add("bo", "analyst", "hash", 1.0, "test")
    return made


def token(name: str = "t1", role: str = "analyst", expires_at_s: float | None = 100.0) -> Token:
    return Token(name, "bo", f"cron {name}", role, 5.0, expires_at_s, None, None, "")


def test_a_session_knows_what_its_account_may_now(people: People, database: Database) -> None:
    sessions = Sessions(database)
    sessions.begin("d1", "bo", 5.0, "10.0.0.1", "agent", unused_since_s=0.0)
    found = sessions.find("d1")
    assert found
    assert (found.account, found.role, found.begun_at_s, found.used_at_s, found.address) == (
        *("bo", "analyst", 5.0, 5.0),
        "10.0.0.1",
    )
    sessions.use("d1", 8.0)
    (found,) = sessions.of("bo")
    assert (found.begun_at_s, found.used_at_s) == (5.0, 8.0)
    assert people.find("bo").seen_at_s == 5.0  # type: ignore[union-attr]  # it is there


def test_a_new_session_forgets_those_that_nobody_used(people: People, database: Database) -> None:
    del people
    sessions = Sessions(database)
    sessions.begin("old", "ana", 5.0, "", "", unused_since_s=0.0)
    sessions.begin("new", "bo", 50.0, "", "", unused_since_s=40.0)
    assert sessions.find("old") is None


def test_with_too_many_browsers_the_one_used_least_recently_is_logged_out(
    people: People, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    del people
    monkeypatch.setattr(credentials, "MOST_SESSIONS", 3)
    sessions = Sessions(database)
    for n in range(3):
        sessions.begin(f"d{n}", "bo", float(n), "", "", unused_since_s=0.0)
    sessions.use("d0", 10.0)
    sessions.begin("d3", "bo", 11.0, "", "", unused_since_s=0.0)
    assert [one.digest for one in sessions.of("bo")] == ["d3", "d0", "d2"]


def test_one_browser_is_logged_out_or_all(people: People, database: Database) -> None:
    del people
    sessions = Sessions(database)
    for name in ("d1", "d2", "d3"):
        sessions.begin(name, "bo", 5.0, "", "", unused_since_s=0.0)
    sessions.begin("other", "ana", 5.0, "", "", unused_since_s=0.0)
    sessions.end("d1")
    assert [one.digest for one in sessions.of("bo")] == ["d2", "d3"]
    assert sessions.end_all("bo", 6.0, "bo") == 2
    assert sessions.find("other")
    assert Audit(database).entries(1)[0].what == "logged out everywhere"


def test_a_token_never_may_more_than_its_account(people: People, database: Database) -> None:
    tokens = Tokens(database)
    tokens.give(token(), "digest", "bo")
    assert tokens.find("digest", 6.0).may == "analyst"  # type: ignore[union-attr]  # it is there
    people.set_role("bo", "viewer", 7.0, "ana")
    assert tokens.find("digest", 8.0).may == "viewer"  # type: ignore[union-attr]  # it is there
    with pytest.raises(ConfigError, match="token: 'analyst' is more than 'bo' may, who is viewer"):
        tokens.give(token("t2"), "digest 2", "bo")


def test_a_token_counts_until_it_expires_or_is_withdrawn(people: People, database: Database) -> None:
    del people
    tokens = Tokens(database)
    tokens.give(token(), "digest", "bo")
    tokens.give(token("t2", expires_at_s=None), "digest 2", "bo")
    assert tokens.find("digest", 99.9)
    assert tokens.find("digest", 100.0) is None
    assert tokens.find("digest 2", 1e9)
    tokens.use("t2", 50.0)
    tokens.withdraw("t2", 60.0, "bo")
    assert tokens.find("digest 2", 61.0) is None
    assert [(one.id, one.used_at_s, one.withdrawn_at_s) for one in tokens.all("bo")] == [
        ("t1", None, None),
        ("t2", 50.0, 60.0),
    ]


def test_nobody_withdraws_another_ones_token(people: People, database: Database) -> None:
    del people
    tokens = Tokens(database)
    tokens.give(token(), "digest", "bo")
    with pytest.raises(ConfigError, match="token: none that stands is called 't1'"):
        tokens.withdraw("t1", 6.0, "ana", account="ana")
    assert tokens.find("digest", 7.0)


def test_who_may_not_log_in_gets_no_token(people: People, database: Database) -> None:
    people.disable("bo", 2.0, "ana")
    with pytest.raises(ConfigError, match="token: no account 'bo' may log in"):
        Tokens(database).give(token(), "digest", "ana")


def test_an_account_has_so_many_tokens_and_no_more(
    people: People, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    del people
    monkeypatch.setattr(credentials, "MOST_TOKENS", 1)
    tokens = Tokens(database)
    tokens.give(token(), "digest", "bo")
    with pytest.raises(ConfigError, match="token: 'bo' has 1 that stand; withdraw one first"):
        tokens.give(token("t2"), "digest 2", "bo")


def test_a_token_that_is_given_twice_is_refused_while_the_first_stands(people: People, database: Database) -> None:
    tokens = Tokens(database)
    tokens.give(token(), "digest", "bo")
    again = replace(token(), id="t2")
    with pytest.raises(ConfigError, match="token: 'bo' has one called 'cron t1' that stands; withdraw it first"):
        tokens.give(again, "digest 2", "bo")
    assert [one.id for one in tokens.all("bo")] == ["t1"]
    people.add("cy", "analyst", "hash", 1.0, "test")
    tokens.give(replace(again, id="t3", account="cy"), "digest 3", "cy")  # of another account it is another
    tokens.give(replace(again, given_at_s=100.0, expires_at_s=None), "digest 4", "bo")  # the first is over by itself
    tokens.withdraw("t2", 101.0, "bo")
    tokens.give(replace(again, id="t4", given_at_s=102.0), "digest 5", "bo")
