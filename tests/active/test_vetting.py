from collections.abc import Mapping, Sequence
from pathlib import Path

from questions import ASKED_S, answer, questions, store
from redshank.active.told import Told, told
from redshank.active.vetting import JUDGED, vet
from redshank.store.question import Question

NOW_S = ASKED_S + 1000
KINDS = ("benign", "scanning", "dos") * 8
ASKED = questions(KINDS, seed=4)
CANARIES = {one.id: kind for one, kind in zip(ASKED[:JUDGED], KINDS, strict=False)}
OTHERS = ASKED[JUDGED:]


def _told(place: Path, said: Mapping[str, Sequence[str]]) -> Told:
    """Return what people said of the questions, in their order; "" is nothing."""
    queue = store(place / "s", *ASKED)
    for who, families in said.items():
        pairs = zip(ASKED, families, strict=True)
        queue.tell([answer(one, family, who, 60.0 + at) for at, (one, family) in enumerate(pairs) if family])
    return told(queue, "conn", NOW_S)


def _ids(asked: Sequence[Question]) -> set[str]:
    return {one.id for one in asked}


def _liar(right: int) -> list[str]:
    return [*KINDS[:right], *("dos" if kind == "benign" else "benign" for kind in KINDS[right:])]


def test_one_honest_person_loses_nothing(tmp_path: Path) -> None:
    given = _told(tmp_path, {"ana": KINDS})
    found = vet(given, {}, alone=3)
    assert (found.told.family, found.doubted, found.again, found.notes) == (given.family, frozenset(), (), ())


def test_canary_questions_teach_and_measure_nothing(tmp_path: Path) -> None:
    found = vet(_told(tmp_path, {"ana": KINDS}), CANARIES)
    assert _ids(found.told.questions) == _ids(OTHERS)
    assert found.told.x.shape[0] == len(found.told.labels) == len(found.told.share) == len(OTHERS)
    assert (found.notes, found.again) == ((), ())


def test_what_a_liar_alone_said_waits_and_another_word_takes_its_place(tmp_path: Path) -> None:
    ben = [*("" for _ in CANARIES), "scanning", *("" for _ in OTHERS[1:])]
    found = vet(_told(tmp_path, {"eve": _liar(JUDGED - 2), "ben": ben}), CANARIES)
    assert found.notes == ("eve: 8 of 10 canary questions right; what eve alone says waits for somebody else",)
    assert {family for family in found.told.family if family} == {"scanning"}
    assert _ids(found.again) == _ids(OTHERS[1:])
    assert [label.annotator for labels in found.told.labels for label in labels] == ["ben"]


def test_one_slip_is_forgiven_and_few_canaries_judge_nobody(tmp_path: Path) -> None:
    given = _told(tmp_path, {"ana": [*_liar(0)[:1], *KINDS[1:]], "ben": ["", *KINDS[1:]]})
    assert vet(given, CANARIES).notes == ()
    few = dict(list(CANARIES.items())[: JUDGED - 1])
    (tmp_path / "b").mkdir()
    assert vet(_told(tmp_path / "b", {"eve": _liar(0), "ben": KINDS}), few).again == ()


def test_a_liar_who_is_alone_is_named_and_heard(tmp_path: Path) -> None:
    found = vet(_told(tmp_path, {"eve": _liar(2)}), CANARIES)
    assert found.notes[0] == "eve: 2 of 10 canary questions right; nobody else answers"
    assert all(found.told.family)


def test_new_labels_beyond_what_one_word_may_carry_wait(tmp_path: Path) -> None:
    ben = [*KINDS[:4], *("" for _ in KINDS[4:])]
    given = _told(tmp_path, {"ana": KINDS, "ben": ben})
    found = vet(given, {}, alone=6)
    assert found.notes == (
        f"ana: {len(KINDS) - 10} labels beyond the 6 new ones that may rest on one word wait for somebody else",
    )
    by_id = dict(zip([one.id for one in found.told.questions], found.told.family, strict=True))
    assert [by_id[one.id] for one in ASKED] == [*KINDS[:10], *("" for _ in KINDS[10:])]
    assert _ids(found.again) == _ids(ASKED[10:])
    old = [one.id for one in ASKED[4:20]]
    assert vet(given, {}, alone=6, used=old).notes == ()


def test_a_label_that_others_speak_against_is_measured_but_not_trained_on(tmp_path: Path) -> None:
    said = ["dos", *(KINDS * 2)[1:]]
    queue = store(tmp_path / "s", *(asked := questions(KINDS * 2, seed=4)))
    queue.tell([answer(one, family) for one, family in zip(asked, said, strict=True)])
    found = vet(told(queue, "conn", NOW_S), {})
    assert found.doubted == {asked[0].id} == _ids(found.again)
    assert all(found.told.family)
    assert found.notes == ("1 labels that others speak against are not trained on until somebody looks again",)
