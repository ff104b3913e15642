from dataclasses import replace
from pathlib import Path

import numpy as np

from labelled import labelled
from questions import ASKED_S, answer, questions, store
from redshank.active.canaries import Asking, canary_families, canary_questions, judged
from redshank.active.told import told
from redshank.core.records import UNSURE
from redshank.store.question import flow_values, identity

KNOWN = labelled(40, 6)
IDS = [identity(flow) for flow in flow_values(KNOWN.flows)]


def test_one_question_in_ten_is_a_canary_that_was_not_asked_before() -> None:
    drawn = [canary_questions(KNOWN, "conn", IDS[:30], count, seed=3) for count in (1, 2, 9, 20, 500)]
    assert [len(one.flows) for one in drawn] == [0, 1, 1, 2, 10]
    assert {identity(flow) for flow in drawn[-1].flows} == set(IDS[30:])
    assert drawn[-1].x.shape == (10, drawn[0].x.shape[1])
    assert not drawn[-1].at_random.any()


def test_the_features_of_a_canary_are_its_own() -> None:
    (one,) = canary_questions(KNOWN, "conn", IDS[:39], 20, seed=0).x
    again = canary_questions(KNOWN, "conn", [], 4000, seed=0)
    at = [identity(flow) for flow in again.flows].index(IDS[39])
    assert np.array_equal(one, again.x[at], equal_nan=True)


def test_canaries_stand_anywhere_among_the_questions_which_keep_their_order() -> None:
    own = Asking([{"uid": str(at)} for at in range(9)], np.arange(9, dtype=np.float32)[:, None], np.arange(9) % 3 == 0)
    hidden = Asking([{"uid": "c"}], np.array([[-1]], np.float32), np.array([False]))
    places = set()
    for seed in range(40):
        both = own.among(hidden, seed)
        names = [flow["uid"] for flow in both.flows]
        places.add(names.index("c"))
        assert [name for name in names if name != "c"] == [str(at) for at in range(9)]
        assert [-1.0 if name == "c" else float(name) for name in names] == both.x[:, 0].tolist()
        assert both.at_random.sum() == 3
    assert places == set(range(10))


def test_who_is_right_about_canaries_is_counted_and_unsure_is_no_answer(tmp_path: Path) -> None:
    asked = questions(("dos", "benign", "dos", "dos"))
    queue = store(tmp_path / "s", *asked)
    queue.tell([answer(one, "dos") for one in asked[:2]])
    queue.tell([answer(asked[0], UNSURE, "ben"), answer(asked[2], "dos", "ben"), answer(asked[3], "dos", "cas")])
    families = {one.id: family for one, family in zip(asked, ("dos", "benign", "dos"), strict=False)}
    assert judged(told(queue, "conn", ASKED_S + 100), families) == [("ana", 1, 2), ("ben", 1, 1)]


def test_the_family_of_a_canary_is_found_by_its_question() -> None:
    assert canary_families(KNOWN) == dict(zip(IDS, KNOWN.family.tolist(), strict=True))
    other = replace(KNOWN, flows=KNOWN.flows.slice(0, 1), family=KNOWN.family[:1])
    assert canary_families(other) == {IDS[0]: KNOWN.family[0]}
