from redshank.store.audit import Audit
from redshank.store.credentials import Sessions, Token, Tokens
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.people import People
from redshank.store.stamps import Standing, counted, stamps, standing


def test_a_stamp_grows_when_something_of_its_kind_changes(database: Database) -> None:
    before = stamps(database)
    assert set(before.values()) == {0.0}
    Audit(database).write(1.0, "ana", "looked", "a1")
    Journal(database).append(0, "a line")
    Journal(database).append(1, "another")
    after = stamps(database)
    assert {name: after[name] for name in after if after[name] != before[name]} == {"audit": 1.0, "responses": 1.0}


def test_only_sessions_that_are_stand(database: Database) -> None:
    people, sessions = People(database), Sessions(database)
    for name in ("ana", "bo"):
        people.add(name, "viewer", "hash", 1.0, "test")
        sessions.begin(f"of {name}", name, 5.0, "", "", unused_since_s=0.0)
    sessions.use("of ana", 7.0)
    assert standing(database, ["of ana", "of bo", "gone"]) == {
        "of ana": Standing(7.0, 5.0),
        "of bo": Standing(5.0, 5.0),
    }
    people.disable("bo", 8.0, "ana")
    assert set(standing(database, ["of ana", "of bo"])) == {"of ana"}


def test_only_tokens_that_count_do(database: Database) -> None:
    people, tokens = People(database), Tokens(database)
    for name in ("ana", "bo"):
        people.add(name, "viewer", "hash", 1.0, "test")
    for number, (name, until_s) in enumerate((("ana", None), ("ana", 9.0), ("ana", None), ("bo", None))):
        token = Token(f"t{number}", name, f"for {number}", "viewer", 5.0, until_s, None, None, "viewer")
        tokens.give(token, f"digest {number}", "test")
    every = ["t0", "t1", "t2", "t3", "t4"]
    assert counted(database, every, 8.0) == {"t0", "t1", "t2", "t3"}
    assert counted(database, every, 9.0) == {"t0", "t2", "t3"}
    tokens.withdraw("t2", 8.0, "test")
    people.disable("bo", 8.0, "ana")
    assert counted(database, every, 8.0) == {"t0", "t1"}
