from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from questions import answer, questions
from redshank.core.records import UNSURE
from redshank.store import answered
from redshank.store.answered import Answered
from redshank.store.database import Database
from redshank.store.queue import Queue


def test_the_newest_answer_is_first_and_unsure_is_none(database: Database) -> None:
    one, two, three, other = (*questions(("dos", "dos", "dos")), replace(questions(("dos",), 9)[0], fingerprint="old"))
    queue = Queue(database)
    queue.add([one, two, three, other])
    queue.tell([answer(one, "dos"), answer(two, "dos"), answer(three, UNSURE), answer(other, "dos")])
    found = queue.answered(three)
    assert found.ids == [two.id, one.id]
    assert [row.tobytes() for row in found.values] == [two.x, one.x]
    assert queue.answered(two) is found, "nobody answered meanwhile"
    assert queue.answered(other).ids == [other.id]
    queue.tell([answer(one, "benign", "ben")])
    assert queue.answered(three).ids == [one.id, two.id]
    assert queue.answered(replace(three, x=b"1234")).values.shape == (0, 1)


def test_what_is_kept_and_read_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answered, "MOST", 2)
    made = questions(("dos",) * 4)
    queue, seen = Queue(database), Answered()
    queue.add(made)
    size = len(made[0].x)
    for told, kept in ((made[:3], (2, 1)), (made[3:], (3, 2))):
        queue.tell([answer(one, "dos") for one in told])
        with database.reading() as sql:
            seen.read(sql)
        assert seen.like(made[0].fingerprint, size).ids == [made[at].id for at in kept]


def test_labels_are_read_backwards_by_their_key_without_sorting(database: Database) -> None:
    queue = Queue(database)
    queue.add(questions(("dos",) * 3))
    queue.tell([answer(one, "dos") for one in queue.questions()])
    asked: list[tuple[str, Any]] = []
    with database.reading() as sql:
        event.listen(sql, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given)))
        Answered().read(sql)
        ((text, given),) = asked
        if sql.dialect.name == "sqlite":
            plan = "\n".join(str(row) for row in sql.exec_driver_sql(f"explain query plan {text}", given))
            assert "SEARCH labels USING INTEGER PRIMARY KEY" in plan
            assert "TEMP B-TREE" not in plan
