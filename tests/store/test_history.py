"""What holds of what was said, against a second telling of the rules."""

import functools
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drawn import examples
from redshank.core.records import UNSURE, Label
from redshank.store.history import by_question, settled, words

WHO = st.sampled_from(["ana", "ben"])
FAMILY = st.sampled_from(["benign", "dos", UNSURE])
TIME = st.integers(0, 30).map(float)


def said(family: str | None, at: float, who: str = "ana", **more: Any) -> Label:
    return Label.of("q", "C1", family, who, at, "file", **more)


def held(*labels: Label, now: float = 100.0) -> dict[str, str | None]:
    return {who: label.family for who, label in words(labels, now).items()}


def test_the_newest_answer_is_the_word_even_if_it_arrived_first() -> None:
    assert held(said("dos", 9), said("benign", 5)) == {"ana": "dos"}


def test_a_correction_beats_what_it_corrects_whatever_the_clocks_say() -> None:
    wrong = said("dos", 50)
    assert held(wrong, said("benign", 3, about=wrong.id)) == {"ana": "benign"}


def test_a_withdrawn_correction_gives_the_answer_back() -> None:
    first = said("dos", 1)
    second = said("benign", 2, about=first.id)
    assert held(first, second, said(None, 3, "boss", about=second.id)) == {"ana": "dos"}


def test_a_withdrawal_that_arrives_first_holds_all_the_same() -> None:
    first = said("dos", 1)
    assert held(said(None, 3, about=first.id), first) == {}


def test_what_has_expired_says_nothing_and_brings_nothing_back() -> None:
    first, second = said("dos", 1), said("benign", 2, expires_at_s=10)
    assert held(first, second, now=9.9) == {"ana": "benign"}
    assert held(first, second, now=10) == {}


def test_a_question_is_settled_when_enough_are_sure_and_one_family_leads() -> None:
    def done(wanted: int, *families: str) -> bool:
        return settled(words([said(f, n, f"who{n}") for n, f in enumerate(families)], 100), wanted)

    assert not done(1)
    assert not done(1, UNSURE)
    assert done(1, UNSURE, "dos")
    assert not done(2, "dos")
    assert not done(2, "dos", "benign")
    assert done(2, "dos", "benign", "dos")


def test_a_question_that_nobody_was_to_be_asked_is_settled_until_it_is_doubted() -> None:
    assert settled({}, 0)
    assert not settled({}, 0, doubted_at_s=2.0)
    assert settled({"ana": said("dos", 3)}, 0, doubted_at_s=2.0)


def test_labels_are_sorted_by_their_question() -> None:
    one, other = said("dos", 1), Label.of("p", "C2", "dos", "ana", 1, "file")
    assert by_question([one, other, one]) == {"q": [one, one], "p": [other]}


class History(RuleBasedStateMachine):
    """Answers, corrections, withdrawals, late answers and expiry in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: list[Label] = []
        self.serial = 0

    def _say(self, family: str | None, at: float, who: str, about: Label | None, expires: float | None) -> None:
        self.serial += 1
        label = said(
            family, at, who, evidence=str(self.serial), about=about.id if about else None, expires_at_s=expires
        )
        self.labels.append(label)

    @rule(family=FAMILY, at=TIME, who=WHO, expires=st.none() | TIME)
    def answer(self, family: str, at: float, who: str, expires: float | None) -> None:
        self._say(family, at, who, None, expires)

    @rule(data=st.data(), family=FAMILY, at=TIME, expires=st.none() | TIME)
    def correct(self, data: st.DataObject, family: str, at: float, expires: float | None) -> None:
        answers = [label for label in self.labels if label.family]
        if answers:
            about = data.draw(st.sampled_from(answers))
            self._say(family, at, about.annotator, about, expires)

    @rule(data=st.data(), at=TIME, who=WHO)
    def withdraw(self, data: st.DataObject, at: float, who: str) -> None:
        answers = [label for label in self.labels if label.family]
        if answers:
            self._say(None, at, who, data.draw(st.sampled_from(answers)), None)

    @rule(data=st.data())
    def arrive_in_another_order(self, data: st.DataObject) -> None:
        self.labels = data.draw(st.permutations(self.labels))

    @invariant()
    def the_rules_say_the_same(self) -> None:
        for now in (0.0, 15.0, 31.0):
            assert held(*self.labels, now=now) == self._by_elimination(now)

    def _by_elimination(self, now: float) -> dict[str, str | None]:
        """Strike out one label after another until what is left is what holds."""
        left = {label.id: label for label in self.labels}
        gone = [label.about for label in left.values() if label.kind == "withdrawal"]
        for struck in gone:
            left.pop(struck or "", None)
        left = {key: label for key, label in left.items() if label.kind != "withdrawal"}
        for label in list(left.values()):
            if label.kind == "correction":
                left.pop(label.about or "", None)
        word: dict[str, str | None] = {}
        for who in ("ana", "ben"):
            mine = [label for label in left.values() if label.annotator == who]
            if mine:
                last = functools.reduce(lambda a, b: b if b.given_at_s >= a.given_at_s else a, mine)
                if last.expires_at_s is None or last.expires_at_s > now:
                    word[who] = last.family
        return word


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=examples(40), stateful_step_count=15, deadline=None)


def test_a_doubted_label_is_settled_by_a_newer_word_alone() -> None:
    one, other = said("dos", 5), said("dos", 9, "ben")
    assert settled({"ana": one}, 1)
    assert not settled({"ana": one}, 1, 5)
    assert settled({"ana": one, "ben": other}, 1, 5)
    assert not settled({"ana": one, "ben": said("benign", 9, "ben")}, 1, 5)
    assert not settled({"ana": one, "ben": said(UNSURE, 9, "ben")}, 1, 5)
