import pytest

from questions import answer, questions
from redshank.console.desk import Desk
from redshank.console.facts.given import STATES, Wanted, agreement, annotators, became, given, one, taught
from redshank.console.request_error import RequestError


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def test_each_label_says_what_became_of_it() -> None:
    asked = questions()[0]
    first = answer(asked, "dos")
    corrected = answer(asked, "benign", after_s=70.0, about=first.id)
    other = answer(asked, "dos", "ben", expires_at_s=1_700_002_000.0)
    gone = answer(asked, "xss", "eva")
    withdrawal = answer(asked, None, "boss", after_s=80.0, about=gone.id)
    newer = answer(asked, "scanning", after_s=90.0)
    said = [first, corrected, other, gone, withdrawal, newer]
    now_s = 1_700_001_500.0
    assert [became(label, said[:5], now_s)[0] for label in said[:5]] == [
        "corrected", "holds", "holds", "withdrawn", "withdrawal",
    ]  # fmt: skip
    assert became(first, said, now_s)[1] == corrected
    assert became(gone, said, now_s)[1] == withdrawal
    assert became(corrected, said, now_s) == ("replaced", newer)
    assert became(other, said, 1_700_002_000.0) == ("expired", None)
    undone = answer(asked, None, after_s=95.0, about=corrected.id)
    assert became(first, [first, corrected, undone], now_s) == ("holds", None)


def test_labels_are_found_and_come_on_pages(desk: Desk) -> None:
    labels = desk.queue.labels()
    seen = []
    rows, more = given(desk, Wanted(), 7)
    while True:
        seen += [row.label.id for row in rows]
        if not more:
            break
        rows, more = given(desk, Wanted(), 7, seen[-1])
    assert seen == [label.id for label in reversed(labels)]
    counts = {state: len(given(desk, Wanted(state=state), 100)[0]) for state in STATES}
    assert sum(counts.values()) == len(labels)
    assert (counts["corrected"], counts["withdrawn"], counts["withdrawal"]) == (1, 1, 1)
    (unsure, *_), _ = given(desk, Wanted(annotator="ben", family="unsure"), 100)
    assert unsure.line
    assert [row.label.question for row in given(desk, Wanted(question=unsure.label.question), 9)[0]]
    assert annotators(desk) == ["ana", "ben"]
    assert one(desk, unsure.label.id) == unsure.label
    assert taught(desk, unsure.label.id) == []
    with pytest.raises(RequestError, match="There is no label '00'"):
        one(desk, "00")


def test_agreement_names_people_pairs_and_where_they_differ(desk: Desk) -> None:
    found = agreement(desk)
    assert [who for who, _, _ in found.people] == ["ana", "ben"]
    assert found.pairs == (("ana", "ben", 5, 4),)
    assert found.several == 5
    assert found.alpha is not None
    assert 0 < found.alpha < 1
    ((_, line, said),) = found.apart
    assert line
    assert [who for who, _ in said] == ["ana", "ben"]
