from dataclasses import replace

import numpy as np
import pytest

from questions import answer, questions
from redshank.active.replay import _sizes, replay
from redshank.active.replayed import FEWEST
from redshank.active.told import Told
from redshank.core.errors import ActionError

KINDS = ("benign", "scanning", "dos", "benign")


def _told(count: int, drawn: int = 0, kinds: tuple[str, ...] = KINDS) -> Told:
    """Return labelled questions, the last `drawn` in each hundred drawn by chance; answers come last flow first."""
    asked = [
        replace(one, at_random=at % 100 >= 100 - drawn)
        for at, one in enumerate(questions(kinds * (count // len(kinds)), seed=4))
    ]
    labels = tuple((answer(one, kinds[at % len(kinds)], after_s=float(count - at)),) for at, one in enumerate(asked))
    return Told(
        tuple(asked),
        np.stack([one.values for one in asked]),
        tuple(kinds[at % len(kinds)] for at in range(count)),
        np.ones(count, np.float32),
        labels,
        0,
    )


def test_labels_that_teach_give_a_curve_that_rises_and_a_control() -> None:
    found = replay(_told(200, drawn=50), 5.0, orders=2, trees=5)
    assert [one.labels for one in found.given] == [one.labels for one in found.shuffled] == _sizes(140)
    assert found.given[-1].macro_f1 > 0.95
    assert all(0 <= one.low <= one.macro_f1 <= one.high <= 1 for one in found.given)
    assert (found.test, found.test_at_random, found.made_at_s, found.orders) == (40, 40, 5.0, 2)
    assert [one.labels for one in found.drawn] == _sizes(50)
    assert found.over_chance is not None
    assert found.over_chance.labels == 50
    assert found.over_chance.low <= found.over_chance.points <= found.over_chance.high
    assert found.last_half.labels == 140
    assert abs(found.last_half.points) < 9
    assert found.notes == ()
    assert replay(_told(200, drawn=50), 5.0, orders=2, trees=5) == found


def test_without_questions_that_chance_drew_there_is_no_control_and_that_is_said() -> None:
    found = replay(_told(120), 5.0, orders=2, trees=5)
    assert (found.drawn, found.over_chance, found.test_at_random) == ((), None, 0)
    hard, few = found.notes
    assert hard.startswith("31 of the 31 labels that measure were chosen by a model's doubts, so this is how well hard")
    assert few == "0 of the labels that teach were drawn by chance: too few for a control"


def test_what_cannot_be_drawn_says_what_is_missing() -> None:
    with pytest.raises(ActionError, match="labels: 56 to learn from and 22 to measure on are too few for a curve; 30"):
        replay(_told(80), 5.0)
    with pytest.raises(ActionError, match="labels: all 36 that measure are 'dos'; a curve needs flows of two families"):
        replay(_told(120, kinds=("dos",)), 5.0)


def test_sizes_grow_by_a_like_factor_and_end_with_all() -> None:
    assert _sizes(FEWEST) == [10, 12, 14, 17, 19, 22, 26, 30]
    assert _sizes(1000)[0] == 10
    assert _sizes(1000)[-1] == 1000
    assert len(_sizes(1000)) == 8
    assert _sizes(4) == [4]
