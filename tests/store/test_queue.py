import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from questions import ASKED_S, answer, questions, store
from redshank.core.errors import ConfigError
from redshank.core.records import UNSURE, Label
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.queue import Queue

NOW_S = ASKED_S + 1000

WORKER = """
import sys
from pathlib import Path
from redshank.core.records import Label
from redshank.store.database import Database
from redshank.store.queue import Queue
queue, who = Queue(Database(Path(sys.argv[1]))), sys.argv[2]
print('ready', flush=True)
sys.stdin.readline()
while (asked := queue.take(who, 2e9)) is not None:
    queue.tell([Label.of(asked.id, asked.uid, 'dos', who, 2e9, 'file')])
"""


def test_the_most_useful_question_of_the_latest_round_comes_first(tmp_path: Path) -> None:
    old, new = questions(seed=1), questions(seed=2, asked_at_s=ASKED_S + 500)
    queue = store(tmp_path / "s", *old, *reversed(new))
    assert [asked.id for asked in queue.questions()] == [asked.id for asked in [*new, *old]]
    assert queue.take("ana", NOW_S) == new[0]


def test_a_flow_is_asked_about_once(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    assert queue.add([*questions(), *questions(seed=5), *questions(seed=5)]) == 6
    assert len(queue.questions()) == 12


def test_a_held_question_is_given_to_nobody_else_until_its_time_is_over(tmp_path: Path) -> None:
    first, second, *_ = questions()
    queue = store(tmp_path / "s")
    assert queue.take("ana", NOW_S, hold_s=60) == first
    assert queue.take("ben", NOW_S + 59) == second
    assert queue.take("ana", NOW_S + 59) == first
    assert queue.status(NOW_S + 1)[first.id] == "held"
    assert queue.take("cas", NOW_S + 59 + 601, skip={second.id}) == first


def test_a_question_that_was_let_go_is_open_at_once(tmp_path: Path) -> None:
    first, *_ = questions()
    queue = store(tmp_path / "s")
    assert queue.take("ana", NOW_S) == first
    assert queue.hold(first.id, "ana", NOW_S, 0)
    assert queue.take("ben", NOW_S) == first


def test_an_answer_settles_a_question_and_an_unsure_one_asks_somebody_else(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    one, two, *_ = queue.questions()
    assert queue.tell([answer(one, "dos"), answer(two, UNSURE)]) == 2
    assert list(queue.status(NOW_S).values())[:2] == ["answered", "open"]
    assert queue.take("ana", NOW_S) == queue.questions()[2]
    assert queue.take("ben", NOW_S) == two


def test_two_are_asked_where_two_are_wanted_and_a_third_if_they_disagree(tmp_path: Path) -> None:
    (only,) = questions(("dos",), wanted=2)
    queue = store(tmp_path / "s", only)
    queue.tell([answer(only, "dos")])
    assert queue.take("ana", NOW_S) is None
    assert queue.take("ben", NOW_S) == only
    queue.tell([answer(only, "benign", "ben")])
    assert queue.take("cas", NOW_S) == only
    queue.tell([answer(only, "dos", "cas")])
    assert queue.take("dan", NOW_S) is None


def test_a_late_answer_to_a_question_that_another_took_over_is_kept(tmp_path: Path) -> None:
    first, *_ = questions()
    queue = store(tmp_path / "s")
    assert queue.take("ana", NOW_S, hold_s=10) == first
    assert queue.take("ben", NOW_S + 20) == first
    queue.tell([answer(first, "dos", "ben", 1021)])
    queue.tell([answer(first, "scanning", "ana", 1030)])
    assert [label.annotator for label in queue.labels()] == ["ben", "ana"]


def test_a_withdrawal_opens_the_question_again(tmp_path: Path) -> None:
    first, *_ = questions()
    queue = store(tmp_path / "s")
    given = answer(first, "dos")
    queue.tell([given])
    queue.tell([answer(first, None, about=given.id)])
    assert queue.take("ana", NOW_S) == first
    assert [label.kind for label in queue.labels()] == ["answer", "withdrawal"]


def test_a_doubted_label_is_asked_about_again_of_somebody_else(tmp_path: Path) -> None:
    first, second, *rest = questions()
    queue = store(tmp_path / "s", first, second, *rest)
    queue.tell([answer(first, "dos", after_s=10), answer(second, "dos", "ben", 10)])
    assert queue.doubt([second.id, first.id, "00ff"], NOW_S, "look again") == 2
    assert [queue.status(NOW_S)[one.id] for one in (first, second)] == ["open", "open"]
    asked = queue.take("ben", NOW_S + 1)
    assert asked == replace(first, doubted_at_s=NOW_S, why="look again"), "before those that nobody answered"
    queue.tell([answer(first, "dos", "ben", NOW_S + 2 - ASKED_S)])
    assert queue.status(NOW_S + 3)[first.id] == "answered"
    assert queue.doubt([first.id], NOW_S + 4, "again?") == 0, "once"
    assert queue.take("ben", NOW_S + 5) == rest[0], "not the own answer, while somebody else may come"
    mine = [one.id for one in rest]
    asked = queue.take("ben", NOW_S + 86_401, skip=mine)
    assert asked is not None
    assert asked.id == second.id
    assert queue.add([first]) == 0


def test_who_answers_alone_is_asked_again_after_the_new_questions(tmp_path: Path) -> None:
    first, second = questions(("dos", "benign"))
    queue = store(tmp_path / "s", first, second)
    before = answer(first, "dos")
    queue.tell([before])
    queue.doubt([first.id], NOW_S, "look again")
    assert queue.take("ana", NOW_S + 1) == second
    asked = queue.take("ana", NOW_S + 1, skip={second.id})
    assert asked is not None
    assert asked.id == first.id
    queue.tell([answer(first, UNSURE, after_s=1010, about=before.id)])
    assert queue.status(NOW_S + 20)[first.id] == "open", "unsure is no second look"
    assert queue.take("ana", NOW_S + 20, skip={second.id}) is None
    queue.tell([answer(first, "dos", after_s=1030)])
    assert queue.status(NOW_S + 31)[first.id] == "answered"


def test_people_who_differ_about_a_doubted_label_leave_it_open(tmp_path: Path) -> None:
    (only,) = questions(("dos",))
    queue = store(tmp_path / "s", only)
    queue.tell([answer(only, "dos")])
    queue.doubt([only.id], NOW_S, "look again")
    queue.tell([answer(only, "benign", "ben", 1001)])
    assert queue.status(NOW_S + 2)[only.id] == "open"
    asked = queue.take("cas", NOW_S + 2)
    assert asked is not None
    queue.tell([answer(only, "benign", "cas", 1003)])
    assert queue.status(NOW_S + 4)[only.id] == "answered"


def test_the_counts_are_those_of_the_list_whatever_was_said(tmp_path: Path) -> None:
    one, two, three, four, five, six, *_ = made = questions(("dos",) * 9)
    queue = store(tmp_path / "s", *made[:5], *(replace(each, wanted=2) for each in made[5:8]), made[8])
    queue.tell([replace(answer(made[8], "dos"), expires_at_s=NOW_S + 0.5)])
    gone = answer(two, "dos")
    queue.tell([answer(one, "dos"), gone, answer(three, UNSURE), answer(four, "dos"), answer(five, "dos")])
    queue.tell([answer(two, None, about=gone.id), answer(five, "benign", "ben"), answer(six, "dos")])
    queue.tell([answer(made[6], "dos"), answer(made[6], "dos", "ben")])
    queue.doubt([four.id], NOW_S, "look again")
    for now_s in (NOW_S, NOW_S + 1):
        found = queue.status(now_s)
        counted = {name: list(found.values()).count(name) for name in ("open", "held", "answered")}
        assert queue.counts(now_s) == counted
        assert queue.hold(three.id, "ben", NOW_S, 100.0)
    assert counted == {"open": 6, "held": 1, "answered": 2}
    sure = {one.id for one in (one, four, five, six, made[6])}
    assert queue.sure(NOW_S + 1) == sure
    assert queue.sure(NOW_S) == sure | {made[8].id}, "one expires"
    assert queue.waiting(NOW_S + 1) == len(sure) - counted["answered"]


def test_answers_to_what_an_alert_chose_are_told_apart(tmp_path: Path) -> None:
    one, two, *_ = made = questions()
    queue = store(tmp_path / "s", replace(one, strategy="alert"), *made[1:])
    assert queue.measuring([one.id, two.id]) == {two.id}


def test_who_has_a_question_and_asks_again_at_once_writes_nothing(tmp_path: Path) -> None:
    (only,) = questions(("dos",))
    queue, written = store(tmp_path / "s", only), list[str]()
    event.listen(queue._database._engine, "before_cursor_execute", lambda _c, _k, text, *_: written.append(text))
    for now_s, writes in ((0.0, 1), (59.0, 1), (61.0, 2), (62.0, 2)):
        assert queue.take("ana", NOW_S + now_s, hold_s=600.0) == only
        assert sum(text.startswith("UPDATE") for text in written) == writes
    assert queue.take("ben", NOW_S + 660.0) is None
    assert queue.take("ben", NOW_S + 662.0) == only


def test_the_same_answer_told_twice_is_there_once(tmp_path: Path) -> None:
    first, *_ = questions()
    queue = store(tmp_path / "s")
    assert [queue.tell([answer(first, "dos")]), queue.tell([answer(first, "dos")] * 2)] == [1, 0]


def test_what_is_about_nothing_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    first, second, *_ = questions()
    (strange,) = questions(("dos",), seed=77)
    queue = store(tmp_path / "s")
    with pytest.raises(ConfigError, match=f"question: no '{strange.id}' in this store"):
        queue.tell([answer(first, "dos"), answer(strange, "dos")])
    with pytest.raises(ConfigError, match="label: no answer '00ff' in this store"):
        queue.tell([answer(first, None, about="00ff")])
    queue.tell([answer(second, "dos")])
    with pytest.raises(ConfigError, match="label: no answer"):
        queue.tell([answer(first, None, about=answer(second, "dos").id)])
    assert len(queue.labels()) == 1


def test_the_audit_has_what_was_answered_corrected_and_taken_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "labels.db", create=True)
    queue, (asked, *_) = Queue(database), questions()
    queue.add([asked])
    said = answer(asked, "dos")
    better = answer(asked, "benign", after_s=100.0, about=said.id)
    gone = Label.of(asked.id, asked.uid, None, "ben", ASKED_S + 200, "terminal", evidence="wrong", about=better.id)
    assert queue.tell([said, better, gone]) == 3
    assert queue.tell([said, better, gone]) == 0
    entries = Audit(database).entries()
    assert [(one.who, one.what, one.about, one.detail["family"]) for one in entries] == [
        ("ben", "label withdrawn", better.id, "benign"),
        ("ana", "label corrected", better.id, "benign"),
        ("ana", "label given", said.id, "dos"),
    ]
    assert {one.detail["question"] for one in entries} == {asked.id}
    assert (entries[0].detail["annotator"], entries[1].detail["corrects"]) == ("ana", said.id)
    database.close()


def test_two_processes_that_answer_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    asked = questions(("dos", "benign", "scanning") * 10)
    store(tmp_path / "s", *asked)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path / "s"), who], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for who in ("ana", "ben")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
    for worker in workers:
        worker.communicate(b"\n", timeout=60)
        assert worker.returncode == 0
    labels = Queue(Database(tmp_path / "s")).labels()
    assert sorted(label.question for label in labels) == sorted(question.id for question in asked)


def test_questions_are_found_by_their_flows(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    first, second, *_ = queue.questions()
    assert {one.id for one in queue.about([first.uid, second.uid, "none"])} == {first.id, second.id}
    assert queue.about([]) == []
