from pathlib import Path

import pytest

from questions import ASKED_S, answer, questions
from questions import store as kept
from redshank.active.recheck import WHY, ask_again, label_doubts
from redshank.active.told import told
from redshank.active.vetting import vet
from redshank.store.queue import Queue

NOW_S = ASKED_S + 1000
KINDS = ("benign", "scanning", "dos") * 12
WRONG = (3, 10)
"""A benign flow that was called dos, and a scan that was called benign."""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    asked = questions(KINDS, seed=4)
    queue = kept(tmp_path / "s", *asked)
    said = dict(zip(WRONG, ("dos", "benign"), strict=True))
    queue.tell([answer(one, said.get(at, kind)) for at, (one, kind) in enumerate(zip(asked, KINDS, strict=True))])
    return queue


def test_wrong_labels_are_asked_again_once_and_the_question_says_no_family(queue: Queue) -> None:
    asked = queue.questions()
    wrong = {asked[at].id for at in WRONG}
    known = told(queue, "conn", NOW_S)
    again = ask_again(queue, vet(known, {}).again, 10, NOW_S)
    assert {one.id for one in again} == wrong
    assert {one for one, state in queue.status(NOW_S).items() if state == "open"} == wrong
    assert {one.id for one in queue.questions()[:2]} == wrong
    assert {one.id for one in queue.questions() if one.why == WHY} == wrong
    known = told(queue, "conn", NOW_S + 1)
    assert {one.id for one in vet(known, {}).again} == wrong, "nobody has looked yet"
    assert ask_again(queue, vet(known, {}).again, 10, NOW_S + 1) == []


def test_the_most_doubtful_come_first_and_no_more_than_wanted(queue: Queue) -> None:
    known = told(queue, "conn", NOW_S)
    doubts = label_doubts(known)
    (one,) = ask_again(queue, vet(known, {}).again, 1, NOW_S)
    assert known.questions[known.labelled[int(doubts.argmax())]].id == one.id


def test_what_two_agree_on_or_was_looked_at_again_is_in_no_doubt(queue: Queue) -> None:
    asked = queue.questions()
    by_two, again = (asked[at] for at in WRONG)
    queue.tell([answer(by_two, "dos", "ben")])
    assert _doubted(queue) == {again.id}
    queue.doubt([again.id], NOW_S, WHY)
    assert _doubted(queue) == {again.id}
    queue.tell([answer(again, "benign", after_s=1001)])
    assert _doubted(queue) == set()


def test_a_store_without_labels_has_no_doubts(tmp_path: Path) -> None:
    known = told(kept(tmp_path / "s"), "conn", NOW_S)
    assert label_doubts(known).tolist() == []


def _doubted(queue: Queue) -> set[str]:
    known = told(queue, "conn", NOW_S + 10)
    doubts = label_doubts(known)
    return {known.questions[row].id for row, one in zip(known.labelled.tolist(), doubts, strict=True) if one >= 0.5}
