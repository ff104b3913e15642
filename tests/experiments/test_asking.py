from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from labelled import labelled
from redshank.active.loop import Round
from redshank.experiments.asking import (
    ALL,
    AT,
    SCORE,
    WHOLE,
    Ground,
    Grounds,
    ask,
    at,
    mistaken,
    outcome_of,
    plan_of,
    stays_above,
)
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data

CELL = Cell(
    "drawn",
    "random_forest",
    task="family",
    settings={"trees": 3},
    options={"strategy": "margin", "answers": 80},
)


def point(asked: int, score: float, families: int = 3) -> Round:
    return Round(asked, asked, True, None, score, score, families)


DATA = Data(lambda _: labelled(300))


@cache
def ground() -> Ground:
    return Grounds().of(CELL, DATA)


def test_a_cell_that_asks_tells_its_curve_and_what_every_label_would_give() -> None:
    grounds = Grounds()
    here = grounds.of(CELL, DATA)
    learned = ask(CELL, here)
    found = outcome_of(CELL, here, learned.rounds).figures
    assert [one.asked for one in learned.rounds] == [20, 40, 60, 80]
    assert found[at(SCORE, 80)] == found[SCORE] == learned.rounds[-1].test_macro_f1
    assert found[at(SCORE, 60)] == learned.rounds[2].test_macro_f1
    assert at(SCORE, 100) not in found
    assert found["answers"] == 80
    assert found[ALL] == next(one.asked for one in learned.rounds if one.families == 3)
    assert found[WHOLE] == here.every_label(CELL)[1]
    assert grounds.of(CELL, DATA) is here
    assert grounds.of(Cell("drawn", "lookup", task="family"), DATA) is here


def test_strategies_of_a_seed_begin_alike_and_a_proposer_changes_what_is_asked() -> None:
    def asked(**options: object) -> list[float]:
        # Wrong answers keep the forest unsure; where it is sure of all, every strategy draws at random.
        told = {**CELL.options, "answers": 60, "wrong": 0.4, **options}
        return [float(row) for row in ask(replace(CELL, options=told), ground()).labelled]

    margin, control, proposed = asked(), asked(strategy="random"), asked(proposer="constant")
    assert margin[:20] == control[:20] == proposed[:20]
    assert margin != control
    assert margin != proposed
    assert asked() == margin


def test_late_answers_cost_rounds_and_no_answers() -> None:
    cell = replace(CELL, options={"strategy": "random", "answers": 60, "late": 2})
    assert plan_of(cell).rounds == 4
    assert [one.asked for one in ask(cell, ground()).rounds] == [20, 20, 20, 40, 60]


def test_a_share_of_the_answers_is_wrong_and_the_same_for_a_seed() -> None:
    y = np.arange(4000) % 4
    rows = np.arange(4000)
    given = mistaken(y, 4, 0.1, 0)(rows)
    wrong = given != y
    assert wrong.mean() == pytest.approx(0.1, abs=0.02)
    assert set(given[wrong & (y == 2)].tolist()) == {0, 1, 3}
    assert (mistaken(y, 4, 0.1, 0)(rows) == given).all()
    assert (mistaken(y, 4, 0.1, 1)(rows) != given).any()


def test_a_curve_is_told_at_answers_by_the_last_model_that_had_no_more() -> None:
    rounds = [point(30, 0.2, 1), point(70, 0.4, 2), point(70, 0.5, 2), point(110, 0.6, 3)]
    found = outcome_of(Cell("drawn", "random_forest", options={"whole": False}), ground(), rounds).figures
    assert at(SCORE, 20) not in found
    assert found[at(SCORE, 40)] == 0.2
    assert found[at(SCORE, 80)] == 0.5
    assert found[ALL] == 110
    assert found[WHOLE] is None
    assert "L95" not in found
    assert {name for name in found if name.startswith(f"{SCORE} at")} == {at(SCORE, n) for n in AT if 30 <= n <= 110}


def test_a_level_counts_from_where_the_smoothed_curve_stays_above_it() -> None:
    curve = [point(20 * i, score) for i, score in enumerate([0.9, 0.9, 0.1, 0.9, 0.9, 0.9], start=1)]
    assert stays_above(curve, 0.7) == 100
    assert stays_above(curve, 0.6) == 20
    assert stays_above(curve, 0.95) is None
    assert stays_above(curve[:3], 0.7) is None
