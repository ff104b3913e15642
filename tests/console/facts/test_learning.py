from dataclasses import replace
from typing import Any

import pytest

from redshank.active.replayed import FEWEST, Gained, Reached, Replayed
from redshank.active.trained import HOLD_OUT
from redshank.config import Questions
from redshank.console.desk import Desk
from redshank.console.facts.learning import Verdict, cost, figure, gain_words, learning, verdict
from redshank.console.facts.models import models
from redshank.core.errors import ConfigError
from redshank.detect.shelf import DECISIONS

POINTS = (Reached(10, 0.4, 0.3, 0.5), Reached(80, 0.8, 0.7, 0.9))
CURVE = Replayed(POINTS, POINTS, (), 10, 40, 5, None, Gained(80, 0.5, -1.0, 2.0), 1.0, ())


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def test_what_is_missing_for_a_curve_is_told(desk: Desk) -> None:
    found = learning(desk, models(desk))
    assert found.labelled == 15
    assert found.needed == FEWEST / HOLD_OUT - 15
    assert found.control == 43 - found.drawn
    assert (found.curve, found.figure, found.promise, found.problem) == (None, None, None, "")


def test_a_curve_that_was_kept_is_drawn_and_told_how_old_it_is(desk: Desk) -> None:
    assert desk.shelf is not None
    CURVE.save(desk.shelf.folder)
    found = learning(desk, models(desk))
    assert found.curve == CURVE
    assert found.behind == len(desk.queue.labels())
    drawn = figure(CURVE)
    assert "the same, shuffled: 80, 0.8" in drawn
    assert "drawn by chance" not in drawn
    (desk.shelf.folder / "curve.json").write_text("[]")
    assert "is no curve of this version" in learning(desk, models(desk)).problem


def test_what_the_last_retraining_promised_is_weighed_against_what_it_costs(desk: Desk) -> None:
    assert desk.shelf is not None
    promise = {"answers": 100, "points_of_macro_f1": 1.2, "in_words": "the next 100 answers: +1.2 points"}
    desk.shelf.keep("home-1-r1", "not better", {"next_answers": promise})
    assert learning(desk, models(desk)).promise == promise
    dear, cheap = (learning(desk, models(desk), cost(0.5, point)).promise for point in (10.0, 100.0))
    assert dear is not None
    assert cheap is not None
    assert (dear["advice"], cheap["advice"]) == ("stop", "ask on")


def test_whether_more_labels_pay_is_one_sentence_that_says_what_is_missing(desk: Desk) -> None:
    def said(**worth: Any) -> Verdict:
        return verdict(replace(desk, settings=desk.settings.model_copy(update={"questions": Questions(**worth)})))

    assert desk.shelf is not None
    assert said().text == "Whether more labels pay is not known before a bundle was trained on labels."
    desk.shelf.keep("home-1-r1", "not better", {"next_answers": {"unknown": "100 labels are the fewest"}})
    assert said().text == "Whether more labels pay cannot be known yet: 100 labels are the fewest."
    promise = {"answers": 100, "points_of_macro_f1": 1.2, "in_words": "the next 100 answers: +1.2 points"}
    desk.shelf.keep("home-1-r1", "not better", {"next_answers": promise})
    assert said() == Verdict(
        "The next 100 answers: +1.2 points. Whether that pays is told when the settings name questions.answer_costs "
        "and questions.point_is_worth."
    )
    assert said(answer_costs=1.0).text.endswith("when the settings name questions.point_is_worth.")
    promised = "the next 100 answers promise +1.20 points of macro-F1, and"
    dear, cheap = (said(answer_costs=0.5, point_is_worth=worth) for worth in (10.0, 100.0))
    assert dear == Verdict(f"More labels do not pay now: {promised} 5.00 are worth their cost.", "stop")
    assert cheap == Verdict(f"More labels pay: {promised} 0.50 are worth their cost.", "ask on")
    path = desk.shelf.folder / DECISIONS
    path.write_text(path.read_text().replace("the first one", "the best one"))
    assert said().text == "Whether more labels pay is not known: the decisions about bundles cannot be read."
    vars(desk)["shelf"] = None
    assert "the settings name no shelf" in verdict(desk).text


@pytest.mark.parametrize(
    ("answer", "point", "said"),
    [(1.0, None, "cost: one number is missing"), (None, 1.0, "one number is missing"), (1.0, 0.0, "point: 0.0 is not")],
)
def test_a_cost_that_is_none_is_refused(answer: float | None, point: float | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        cost(answer, point)
    assert cost(None, None) is None


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.1, 2.0, "more than nothing"), (-2.0, -0.1, "less than nothing"), (-1.0, 1.0, "not")]
)
def test_a_gain_says_whether_it_is_shown(low: float, high: float, said: str) -> None:
    assert said in gain_words(Gained(9, (low + high) / 2, low, high))
