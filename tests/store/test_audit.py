import threading
from typing import Any

from redshank.store.audit import Audit, Newest
from redshank.store.database import Database


def test_entries_are_numbered_and_the_newest_comes_first(database: Database) -> None:
    audit = Audit(database)
    for n in range(5):
        audit.write(float(n), "ana", "looked", f"a{n % 2}", {"n": n})
    assert [entry.place for entry in audit.entries()] == [5, 4, 3, 2, 1]
    assert [entry.place for entry in audit.entries(2, before=4)] == [3, 2]
    assert [entry.detail["n"] for entry in audit.entries(about="a1")] == [3, 1]


def test_text_that_steers_a_terminal_is_escaped(database: Database) -> None:
    audit = Audit(database)
    audit.write(1.0, "ana\x00", "looked", "a\x1b[2J", {"why": "\x00"})
    (entry,) = audit.entries()
    assert (entry.who, entry.about, entry.detail) == ("ana\\x00", "a\\x1b[2J", {"why": "\x00"})


def test_entries_are_found_by_who_what_when_and_parts_of_words(database: Database) -> None:
    audit = Audit(database)
    audit.write(1.0, "ana", "alert closed", "a1", {"why": "our own Scanner"})
    audit.write(2.0, "ben", "alert", "a2", {"why": "50% sure"})
    audit.write(3.0, "ben", "alerts swept", "", {})

    def places(**wanted: Any) -> list[int]:
        return [entry.place for entry in audit.entries(**wanted)]

    assert places(who="ben") == [3, 2]
    assert places(what="alert") == [2, 1]
    assert places(what="alert closed") == [1]
    assert places(words=["scanner"]) == [1]
    assert places(words=["BEN", "0%"]) == [2]
    assert places(words=["_"]) == []
    assert places(since_s=2.0, until_s=3.0) == [2]


def test_who_follows_gets_each_entry_of_a_kind_once_and_goes_on_from_the_end(database: Database) -> None:
    audit = Audit(database)
    assert (audit.place_before(0.0), audit.follow(0, "alert escalated")) == (0, (0, []))
    for n in range(6):
        audit.write(float(n), "ana", "alert escalated" if n % 2 else "alert escalated again", f"a{n}", {})
    assert [audit.place_before(at_s) for at_s in (0.0, 2.0, 9.0)] == [0, 2, 6]
    reached, found = audit.follow(2, "alert escalated")
    assert (reached, [entry.about for entry in found]) == (6, ["a3", "a5"])
    assert audit.follow(reached, "alert escalated") == (6, [])
    reached, found = audit.follow(0, "alert escalated", limit=2)
    assert (reached, [entry.about for entry in found]) == (4, ["a1", "a3"]), "the others come the next time"


def test_the_newest_entry_of_some_kinds_is_found_in_what_was_written_since(database: Database) -> None:
    audit = Audit(database)
    audit.write(1.0, "ana", "alert closed", "a1")
    newest = Newest(database, ("alert closed", "retention"))
    assert newest.place() == 1
    audit.write(2.0, "ana", "logged in", "ana")
    audit.write(2.0, "ana", "alert commented", "a1")
    assert newest.place() == 1
    audit.write(3.0, "ana", "retention", "")
    audit.write(3.0, "ana", "logged in", "ana")
    assert newest.place() == newest.place() == 4


def test_who_reads_the_store_as_it_was_is_told_what_was_the_newest_then(database: Database) -> None:
    audit, newest = Audit(database), Newest(database, ("retention",))
    for _ in range(2):
        audit.write(1.0, "redshank", "retention", "")
        newest.place()
    with database.at_once():
        assert audit.entries(1)[0].place == 2

        def look() -> None:
            audit.write(2.0, "redshank", "retention", "")
            newest.place()

        other = threading.Thread(target=look)
        other.start()
        other.join()
        assert newest.place() == 2
    assert newest.place() == 3
