from pathlib import Path

import pytest

from questions import ASKED_S, questions, store
from redshank.active.answer import Session
from redshank.active.dialog import FAMILY_KEYS, converse
from redshank.core.records import UNSURE
from redshank.store.queue import Queue

RESERVED = "bnuszq"


def _talk(queue: Queue, keys: str, line: str = "") -> list[str]:
    typed = iter(keys)
    said: list[str] = []
    times = iter(range(10_000))
    session = Session(queue, "ana", "terminal", lambda: ASKED_S + 1000 + next(times))

    def read() -> str:
        key = next(typed, "")
        if key == "^":
            raise KeyboardInterrupt
        return key

    converse(session, read, lambda _: line, said.append)
    return said


def test_one_key_answers(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    said = _talk(queue, "b12u?nq", "worm")
    assert [label.family for label in queue.labels()] == ["benign", "scanning", "dos", UNSURE, "worm"]
    assert "b benign  1 scanning  2 dos  n new family  u unsure  s skip  z undo  q quit" in said
    assert "'?' means nothing here" in said


def test_it_ends_when_no_question_is_left(tmp_path: Path) -> None:
    assert _talk(store(tmp_path / "s"), "bbsbbb")[-1] == "No question is left."


def test_undo_shows_the_question_again(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    said = _talk(queue, "z1zb")
    one = queue.questions()[0]
    assert "There is no answer of this session to undo." in said
    assert f"Undone: {one.id}" in said
    assert [(label.question, label.family) for label in queue.labels()] == [
        (one.id, "scanning"), (one.id, None), (one.id, "benign")
    ]  # fmt: skip


def test_a_family_that_is_no_name_is_asked_for_again(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    assert "'Not A Name' is no name; use small letters, digits and underscores" in _talk(queue, "nq", "Not A Name")
    assert queue.labels() == []


@pytest.mark.parametrize("keys", ["1", "1q", "1^"])
def test_however_it_ends_answers_are_kept_and_nothing_is_held(tmp_path: Path, keys: str) -> None:
    queue = store(tmp_path / "s")
    if keys.endswith("^"):
        with pytest.raises(KeyboardInterrupt):
            _talk(queue, keys)
    else:
        _talk(queue, keys)
    assert len(queue.labels()) == 1
    assert "held" not in queue.status(ASKED_S + 1010).values()


def test_text_from_the_wire_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (one,) = questions(("dos",))
    hostile = {**one.flow, "dns_query": "a\x1b[2Jb"}
    (asked,) = questions(("dos",), flow=hostile)
    assert any("a\\x1b[2Jb" in line for line in _talk(store(tmp_path / "s", asked), ""))


def test_every_key_means_one_thing() -> None:
    assert len(set(FAMILY_KEYS + RESERVED)) == len(FAMILY_KEYS + RESERVED)
