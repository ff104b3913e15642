from dataclasses import replace

import pytest

from labelled import labelled
from redshank.experiments.cell import Cell, Outcome, Result, first_details_only
from redshank.experiments.measure import Data, train_and_judge

CELL = Cell("drawn", "constant", settings={"units": (8, 4)}, others=("lab",), table="A table", row="a row")


def result(cell: Cell = CELL, **figures: float | None) -> Result:
    return Result(cell, Outcome(figures, rows={"test": 3}), "", 1.23456, {"drawn": "0" * 64}, "abc", {"numpy": "2"})


def test_the_key_follows_what_decides_the_outcome_and_nothing_else() -> None:
    assert replace(CELL, row="another", table="B").key == CELL.key
    for change in (
        {"seed": 1},
        {"model": "lookup"},
        {"settings": {"units": (8,)}},
        {"protocol_settings": {"by": "source"}},
        {"others": ()},
        {"options": {"rate": 0.01}},
        {"feature_set": "own"},
    ):
        assert replace(CELL, **change).key != CELL.key


def test_the_key_of_a_cell_stays_the_same_in_every_process() -> None:
    assert CELL.key == "a5f8027105f9657f"  # from this very declaration: what lies on disk would be lost otherwise


def test_a_result_comes_back_from_json_as_it_was() -> None:
    outcome = train_and_judge(Cell("drawn", "constant", task="family"), Data(lambda _: labelled()))
    whole = replace(result(), outcome=outcome, cell=replace(CELL, settings={}))
    assert Result.from_json(whole.to_json()) == whole
    failed = replace(result(), outcome=None, error="it broke", cell=replace(CELL, settings={}))
    assert Result.from_json(failed.to_json()) == failed


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 0}', '{"format": 1}', '{"format": 1, "cell": 3, "outcome": 1}']
)
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"result|Expecting"):
        Result.from_json(text)


def test_the_published_form_has_the_figures_asked_for_with_their_intervals() -> None:
    whole = result(fpr=0.0123456789, fpr_low=0.01, fpr_high=0.02, ece=0.5, accuracy=None)
    small = whole.compact(frozenset({"fpr", "accuracy"}))
    assert small["figures"] == {"fpr": 0.0123457, "fpr_low": 0.01, "fpr_high": 0.02, "accuracy": None}
    back = Result.from_compact(CELL, small)
    assert back.outcome is not None
    assert back.outcome.figures == small["figures"]
    assert (back.sha256, back.commit, back.seconds) == (whole.sha256, "abc", 1.2)


def test_curves_are_kept_for_the_first_seed_only() -> None:
    outcome = train_and_judge(Cell("drawn", "lightgbm", settings={"rounds": 2}), Data(lambda _: labelled()))
    first = replace(result(), outcome=outcome)
    assert first_details_only(first) is first
    later = first_details_only(replace(first, cell=replace(CELL, seed=1)))
    assert later.outcome is not None
    assert later.outcome.evaluation is not None
    assert outcome.evaluation is not None
    assert outcome.evaluation.roc
    assert later.outcome.evaluation.roc == ()
    assert later.outcome.evaluation.reliability == outcome.evaluation.reliability
