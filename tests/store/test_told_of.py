from pathlib import Path

from questions import ASKED_S, answer, questions, store
from redshank.store.database import Database
from redshank.store.told_of import told_of


def test_what_was_said_about_a_device_comes_with_what_was_asked_the_newest_first(tmp_path: Path) -> None:
    asked = questions(("benign", "scanning", "dos"))
    queue = store(tmp_path / "s.db", *asked)
    queue.tell([answer(asked[1], "dos", "ana"), answer(asked[1], "scanning", "ben", 90.0)])
    found = told_of(Database(tmp_path / "s.db"), ["10.0.0.66", "10.0.0.67"])
    said = [(one.question, one.family, one.annotator, one.given_at_s) for one in found]
    assert said == [
        (asked[1].id, "scanning", "ben", ASKED_S + 90.0),
        (asked[1].id, "dos", "ana", ASKED_S + 60.0),
        (asked[2].id, None, "", None),
    ]
    assert found[2].label is None
    assert len(told_of(Database(tmp_path / "s.db"), ["10.0.0.66"], limit=1)) == 1
    assert told_of(Database(tmp_path / "s.db"), []) == []
