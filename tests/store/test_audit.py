from redshank.store.audit import Audit
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
