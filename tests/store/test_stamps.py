from redshank.store.audit import Audit
from redshank.store.credentials import Sessions
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.people import People
from redshank.store.stamps import Standing, stamps, standing


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
