from dataclasses import replace
from pathlib import Path

import pytest

from questions import ASKED_S, answer, questions, store
from redshank.active import answer as answer_module
from redshank.active.answer import Session, read_answers, withdraw
from redshank.active.nearest import nearest
from redshank.core.errors import ConfigError
from redshank.core.records import UNSURE
from redshank.store.queue import Queue

NOW_S = ASKED_S + 1000


def _session(queue: Queue, who: str = "ana", valid_s: float | None = None) -> Session:
    times = iter(range(10_000))
    return Session(queue, who, "terminal", lambda: NOW_S + next(times), valid_s)


def test_another_answer_is_a_correction_and_expires_when_told_to(tmp_path: Path) -> None:
    session = _session(store(tmp_path / "s"), valid_s=86_400)
    one = session.next()
    assert one is not None
    first = session.answer(one, "dos", "the log of the device")
    second = session.answer(one, "benign")
    assert (first.kind, second.kind, second.about) == ("answer", "correction", first.id)
    assert first.expires_at_s == first.given_at_s + 86_400
    assert session.queue.labels() == [first, second]


def test_undo_withdraws_one_answer_after_another(tmp_path: Path) -> None:
    session = _session(store(tmp_path / "s"))
    for family in ("dos", "benign"):
        one = session.next()
        assert one is not None
        session.answer(one, family)
    first, second, *_ = session.queue.questions()
    assert (session.undo(), session.undo(), session.undo()) == (second, first, None)
    assert session.next() == first
    assert [label.kind for label in session.queue.labels()] == ["answer", "answer", "withdrawal", "withdrawal"]


def test_a_skipped_question_is_for_others_and_for_later(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    session = _session(queue)
    one = session.next()
    assert one is not None
    session.skip(one)
    assert session.next() != one
    assert _session(queue, "ben").next() == one


def test_neighbors_and_new_families_come_from_what_others_said(tmp_path: Path) -> None:
    first, second, third = questions(("dos", "dos", "benign"))
    (asked,) = questions(("dos",), seed=3, neighbors=(first.id, second.id, third.id))
    queue = store(tmp_path / "s", first, second, third, asked)
    queue.tell([answer(second, "worm"), answer(third, UNSURE)])
    session = _session(queue)
    assert session.neighbors(asked) == [(second.id, "worm")]
    assert session.families(asked) == ["scanning", "dos", "worm"]


def test_a_question_without_neighbors_is_shown_the_last_answers_that_stand_on_flows_like_it(tmp_path: Path) -> None:
    asked, *rest = questions(("dos",) * 6)
    twins = [replace(one, x=asked.x) for one in rest[:4]]
    queue = store(tmp_path / "s", asked, *twins, rest[4])
    queue.tell([answer(twins[0], "worm"), answer(twins[1], "dos"), answer(twins[2], UNSURE), answer(rest[4], "dos")])
    queue.tell([answer(twins[0], "benign", "ben"), answer(twins[3], "scanning")])
    session = _session(queue)
    withdraw(queue, [twins[3].id], "boss", NOW_S - 1, "terminal", evidence="wrong")
    assert session.neighbors(asked) == [(twins[0].id, "benign"), (twins[0].id, "worm"), (twins[1].id, "dos")]
    withdraw(queue, [twins[0].id, twins[1].id], "boss", NOW_S - 1, "terminal", evidence="wrong")
    assert session.neighbors(asked) == [(rest[4].id, "dos")]
    assert session.neighbors(rest[4]) == [], "it is no neighbor of itself"


def test_answers_that_do_not_stand_hide_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "LOOKED_AT", 1)
    asked, *rest = questions(("dos",) * 4)
    queue = store(tmp_path / "s", asked, *rest)
    queue.tell([answer(one, "dos") for one in rest])
    near = nearest(queue, asked)
    withdraw(queue, near[:2], "boss", NOW_S - 1, "terminal", evidence="wrong")
    assert _session(queue).neighbors(asked) == [(near[2], "dos")]


def test_a_file_of_answers_can_be_read_twice_and_corrects_what_differs(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    one, two, *_ = queue.questions()
    session = _session(queue)
    text = f"question,uid,family,evidence\n{one.id},,dos,ticket 7\n,{two.uid},unsure,\n"
    assert read_answers(session, text.splitlines(), "a.csv") == (2, 0)
    assert read_answers(session, text.splitlines(), "a.csv") == (0, 2)
    assert read_answers(session, text.replace("dos", "benign").splitlines(), "a.csv") == (1, 1)
    assert [(label.kind, label.family, label.evidence) for label in queue.labels()] == [
        ("answer", "dos", "ticket 7"),
        ("answer", UNSURE, ""),
        ("correction", "benign", "ticket 7"),
    ]


def test_a_late_answer_does_not_correct_what_was_said_since(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    one, *_ = queue.questions()
    session = _session(queue)
    now = session.answer(one, "dos")
    read_answers(session, ["question,family,given_at_s", f"{one.id},benign,{ASKED_S}"], "a.csv")
    late = queue.labels()[-1]
    assert (late.kind, late.given_at_s) == ("answer", ASKED_S)
    assert read_answers(session, ["question,family", f"{one.id},dos"], "a.csv") == (0, 1)
    assert now in queue.labels()


def test_every_wrong_line_is_told_and_none_is_taken(tmp_path: Path) -> None:
    queue = store(tmp_path / "s", *questions(("dos",)), *questions(("benign",), seed=1, uid="C0x0"))
    one = queue.questions()[0]
    lines = [
        "question,uid,family,given_at_s",
        f"{one.id},,dos,",
        "00ff,,dos,",
        ",C0x0,dos,",
        f"{one.id},,DoS!,",
        f"{one.id},,dos,yesterday",
        f"{one.id},,dos,9e9",
    ]
    with pytest.raises(ConfigError) as caught:
        read_answers(_session(queue), lines, "a.csv")
    assert caught.value.problems == [
        "a.csv, line 3: '00ff' is no question of this store",
        "a.csv, line 4: 'C0x0' is more than one question of this store",
        "a.csv, line 5: family 'DoS!' is no name; use small letters, digits and underscores, or unsure",
        "a.csv, line 6: given_at_s 'yesterday' is no time in s since 1970 up to now",
        "a.csv, line 7: given_at_s '9e9' is no time in s since 1970 up to now",
    ]
    assert queue.labels() == []


@pytest.mark.parametrize("header", ["family,evidence", "question", "question,family,mood", ""])
def test_a_file_without_the_columns_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(ConfigError, match="a.csv: has columns .*; wanted are family and one of question and uid"):
        read_answers(_session(store(tmp_path / "s")), [header, "x"], "a.csv")


def test_all_that_holds_of_a_question_can_be_withdrawn_once(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    one, two, *_ = queue.questions()
    queue.tell([answer(one, "dos"), answer(one, "benign", "ben"), answer(two, "dos")])
    taken = withdraw(queue, [one.id, answer(two, "dos").id], "boss", NOW_S, "terminal", evidence="spoofed")
    assert [label.annotator for label in taken] == ["ana", "ben", "ana"]
    assert withdraw(queue, [one.id], "boss", NOW_S + 1, "terminal", evidence="spoofed") == []
    assert set(queue.status(NOW_S + 2).values()) == {"open"}
    with pytest.raises(ConfigError, match="label: no '00ff'"):
        withdraw(queue, ["00ff"], "boss", NOW_S, "terminal", evidence="x")


def test_a_file_confirms_a_doubted_answer_only_where_it_says_when(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    (one, *_) = queue.questions()
    queue.tell([answer(one, "dos")])
    queue.doubt([one.id], NOW_S, "look again")
    old, late = (f"question,family,given_at_s\n{one.id},dos,{at}\n".splitlines() for at in ("", NOW_S + 1))
    times = Session(queue, "ana", "file", lambda: NOW_S + 5)
    assert read_answers(times, old, "old") == (0, 1)
    assert [read_answers(times, late, "late") for _ in range(2)] == [(1, 0), (0, 1)]
    assert queue.status(NOW_S + 6)[one.id] == "answered"
