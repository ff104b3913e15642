from pathlib import Path

from questions import answer, questions, store
from redshank.store.database import Database
from redshank.store.queue import Queue
from redshank.store.spoken import Spoken


def test_what_was_read_stays_and_only_what_is_newer_is_read(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    one, two, *_ = queue.questions()
    first, second = answer(one, "dos"), answer(two, "benign", "ben", expires_at_s=2e9)
    queue.tell([first])
    database, spoken = Database(tmp_path / "s"), Spoken()
    with database.reading() as sql:
        spoken.read(sql)
        assert spoken.labels == [first]
        assert spoken.words(one.id, 1.9e9) == {"ana": first}
        assert spoken.words(two.id, 1.9e9) == {}
    again = answer(one, "benign", after_s=90.0, about=first.id)
    queue.tell([second, again])
    with database.reading() as sql:
        spoken.read(sql)
        spoken.read(sql)
    assert spoken.labels == [first, second, again]
    assert spoken.words(one.id, 1.9e9) == {"ana": again}
    assert spoken.of(one.id) == [first, again]
    assert spoken.by_id == {label.id: label for label in spoken.labels}
    assert spoken.of("none") == []


def test_a_word_that_expires_is_looked_at_each_time(tmp_path: Path) -> None:
    queue = store(tmp_path / "s", *questions())
    one = queue.questions()[0]
    queue.tell([answer(one, "dos", expires_at_s=2e9)])
    assert queue.words([one.id], 1.9e9)[one.id].keys() == {"ana"}
    assert queue.words([one.id], 2.1e9)[one.id] == {}


def test_two_processes_hear_of_each_others_labels(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    other = Queue(Database(tmp_path / "s"))
    one = queue.questions()[0]
    assert other.labels() == []
    queue.tell([answer(one, "dos")])
    assert other.said_of(one.id) == queue.labels()
    assert other.question(one.id) == one
    assert other.question("none") is None
