import math

import pytest

from labelled import labelled
from redshank.experiments.asking import ALL, AT, FAMILIES, SCORE, WHOLE, at
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.curves import (
    EVERY,
    LATE,
    Asking,
    asked,
    beside,
    compared,
    difference,
    drawn,
    every,
    median,
    over,
    ratio,
    within,
)
from redshank.experiments.experiment import BESIDE, Results
from redshank.experiments.measure import Data
from redshank.learn.compare import Figure

TABLE = "Families"


def results(rows: dict[str, list[dict[str, float | None]]]) -> Results:
    """Make results of rows, one record of figures per seed."""
    cells, found = [], {}
    for row, seeds in rows.items():
        for seed, figures in enumerate(seeds):
            cell = Cell("drawn", "constant", seed=seed, table=TABLE, row=row, options={"strategy": row})
            cells.append(cell)
            found[cell.key] = Result(cell, Outcome(figures), "", 2.0, {}, None, {})
    return Results(tuple(cells), found)


def test_a_median_bears_what_was_not_reached_and_says_its_interval_from_six_seeds_on() -> None:
    assert median([], 100) == Figure(None)
    assert median([100.0, 200.0, None], 1000) == Figure(200.0)
    assert median([100.0, 200.0, None, None], 1000) == Figure(math.inf, 1000)
    # Twenty values: ranks 6 and 15 enclose the median with 95.9 %.
    assert median([float(n) for n in range(1, 21)], 1000) == Figure(10.5, 6.0, 15.0)
    assert median([*map(float, range(1, 14)), *[None] * 7], 1000) == Figure(10.5, 6.0, math.inf)


def test_what_sufficed_in_nine_of_ten_seeds() -> None:
    assert within([], 0.9, 100) == Figure(None)
    assert within([*map(float, range(1, 19)), None, None], 0.9, 100) == Figure(18.0)
    assert within([*map(float, range(1, 18)), None, None, None], 0.9, 100) == Figure(math.inf, 100)


def test_a_ratio_is_of_the_same_seed_and_a_budget_stands_for_what_was_not_reached() -> None:
    known = results(
        {
            "mixed": [{"L95": 100.0}, {"L95": 200.0}, {"L95": None}],
            "margin": [{"L95": 200.0, "answers": 900.0}, {"L95": None, "answers": 1000.0}, {"L95": 10.0}],
        }
    )
    found = ratio(known, "L95", TABLE, "mixed", "margin")
    assert found.mean == 0.5
    assert found.low == 0.2
    assert found.high == math.inf
    assert ratio(known, "L95", TABLE, "mixed", "absent") == Figure(None)


def test_a_difference_is_the_mean_over_the_seeds_that_both_have() -> None:
    known = results({"a": [{"f": 0.5}, {"f": 0.7}, {"f": 0.9}, {"f": 1.0}], "b": [{"f": 0.4}, {"f": 0.5}, {"f": 0.6}]})
    found = difference(known, "f", TABLE, "a", "b")
    assert found.mean == pytest.approx(0.2)
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.3)
    assert difference(known, "f", TABLE, "a", "c") == Figure(None)


def test_a_table_begins_with_the_fewest_answers_and_ends_with_what_had_every_label() -> None:
    known = results(
        {
            every("lightgbm"): [{SCORE: 0.9}],
            "random": [{"L95": None, "answers": 500.0, ALL: 300.0}],
            "margin": [{"L95": 400.0, "answers": 500.0, ALL: 100.0}],
        }
    )
    table = asked(known, TABLE, ("L95", LATE, over("margin"), SCORE))
    assert [row.name for row in table.rows] == ["margin", "random", f"lightgbm, {EVERY}"]
    margin, control, trees = (row.figures for row in table.rows)
    assert margin["L95"] == Figure(400.0)
    assert margin[LATE] == Figure(100.0)
    assert margin[over("margin")] == Figure(1.0)
    assert control["L95"] == Figure(math.inf, 500)
    assert control[over("margin")] == Figure(math.inf)
    assert trees["L95"] == Figure(None)
    assert trees[SCORE] == Figure(0.9)


def test_the_control_is_in_every_picture_and_a_point_is_drawn_where_all_seeds_have_it() -> None:
    def curve(seed: int) -> dict[str, float | None]:
        return {WHOLE: 0.9, **{at(name, n): 0.5 + seed for name in (SCORE, FAMILIES) for n in AT[: 4 + seed]}}

    seeds = [curve(0), curve(1)]
    score, families = drawn(results({"random": seeds, "margin": seeds, "entropy": seeds}), TABLE, ["margin"])
    assert [curve.name for curve in score.curves] == ["margin", "random", EVERY]
    assert [curve.name for curve in families.curves] == ["margin", "random"]
    assert list(score.curves[0].x) == list(AT[:4])
    assert list(score.curves[0].y) == [1.0] * 4
    assert list(score.curves[2].y) == [0.9, 0.9]
    assert drawn(results({"random": []}), TABLE, ["margin"]) == []


def test_sentences_tell_answers_pairs_and_gains_with_what_was_not_reached() -> None:
    def seed(answers: float | None, score: float) -> dict[str, float | None]:
        return {"L95": answers, "L99": None, "answers": 900.0, ALL: 60.0, WHOLE: 0.9, at(SCORE, 100): score}

    known = results(
        {
            "mixed": [seed(100.0, 0.8), seed(100.0, 0.9), seed(100.0, 0.7)],
            "margin": [seed(200.0, 0.7), seed(200.0, 0.8), seed(200.0, 0.6)],
            "random": [seed(None, 0.5), seed(None, 0.6), seed(None, 0.4)],
        }
    )
    (said,) = compared(known, TABLE)
    assert "mixed needs 100, margin 200, random more than 900; seed by seed 2.00 (2.00 to 2.00) times fewer" in said
    assert "9.00 (9.00 to 9.00) times fewer than random" in said
    assert "For 99 % mixed needs more than 900" in said
    assert "nine of ten seeds after: mixed 60" in said
    assert "After 100 answers its macro-F1 gains 0.100 over margin and 0.300 over random." in said
    assert compared(known, "Another") == []


class Small(Asking):
    """Two strategies on a drawn dataset."""

    title = "Small"
    what = "What is small."
    asks = "Is it?"

    def cells(self, seeds: object) -> list[Cell]:
        """Declare nothing: the test has its own."""
        del seeds
        return []


def test_an_experiment_measures_strategies_and_models_that_have_every_label() -> None:
    data = Data(lambda _: labelled(400))
    small = Small()
    template = Cell("drawn", "random_forest", task="family", settings={"trees": 2}, table=TABLE)
    cells = beside(template)
    assert [cell.model for cell in cells] == list(BESIDE)
    found = small.measure(cells[-1], data)
    assert found.figures[SCORE] is not None
    assert found.figures["answers"] == found.rows["train"]
    cell = Cell(
        "drawn",
        "random_forest",
        task="family",
        settings={"trees": 2},
        options={"strategy": "random", "answers": 40},
        table=TABLE,
        row="random",
    )
    known = Results((cell,), {cell.key: Result(cell, small.measure(cell, data), "", 1.0, {}, None, {})})
    (table,) = small.tables(known)
    assert table.rows[0].figures["answers"].mean == 40
    assert len(small.pictures(known)) == 2
    assert small.glance(known) is None, "nothing was told at 400 answers"
