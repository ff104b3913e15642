import pytest

from redshank.active.answer import Session
from redshank.console.desk import Desk
from redshank.console.facts.labels import asked, beside, listed, shown
from redshank.console.request_error import RequestError


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def test_a_question_comes_with_all_that_helps_to_answer_it(desk: Desk) -> None:
    session = Session(desk.queue, "eva", "console", desk.now_s)
    question = next(one for one in desk.queue.questions() if one.doubted_at_s is None and one.neighbors)
    found = shown(desk, session, question)
    assert found.lines[0].endswith(f"{question.flow['proto']}") or "/" in found.lines[0]
    assert [p for _, p in found.likely] == sorted((p for _, p in found.likely), reverse=True)
    assert sum(p for _, p in found.likely) > 0.9
    assert [(one.key, one.family) for one in found.choices][:2] == [("b", "benign"), ("1", "backdoor")]
    assert found.choices[-1].family == "unsure"
    keys = [one.key for one in found.choices]
    assert len(set(keys)) == len(keys)
    assert {one.name for one in found.values} == set(question.flow)
    assert all(one.meaning for one in found.values)
    assert found.device is not None
    assert question.device in found.device.ips
    assert all(alert.alert.device == question.device for alert in found.alerts)
    assert all(other.question.device == question.device != "" for other in found.others)
    assert question.id not in {other.question.id for other in found.others}


def test_in_doubt_neither_probabilities_nor_alerts_are_told(desk: Desk) -> None:
    session = Session(desk.queue, "eva", "console", desk.now_s)
    doubted = next(one for one in desk.queue.questions() if one.doubted_at_s is not None)
    found = shown(desk, session, doubted)
    assert (found.likely, found.alerts) == ((), ())


def test_every_question_is_on_one_page_of_one_list(desk: Desk) -> None:
    seen = []
    for status in ("open", "held", "answered"):
        rows, more = listed(desk, status, 10)
        while True:
            seen += [row.question.id for row in rows]
            if not more:
                break
            rows, more = listed(desk, status, 10, seen[-1])
    assert sorted(seen) == sorted(one.id for one in desk.queue.questions())


def test_what_people_said_stands_beside_a_question(desk: Desk) -> None:
    label = next(one for one in desk.queue.labels() if one.family == "unsure")
    (row,) = beside(desk, [asked(desk, label.question)])
    assert "unsure" in row.families
    with pytest.raises(RequestError, match=r"There is no question 'n\\x1bo'"):
        asked(desk, "n\x1bo")
