from dataclasses import replace
from pathlib import Path

import pytest

from drawn_experiments.small_one import SmallOne
from labelled import labelled
from redshank.core.errors import ConfigError
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.experiment import Results, comparison, facts_of, find, grid, names
from redshank.experiments.measure import Data
from redshank.experiments.run import load, run
from redshank.learn.compare import Figure


def made_up(cells: list[Cell], **figures: float) -> Results:
    """Give every cell the same figures, a little higher with each seed."""
    found = {
        cell.key: Result(
            cell,
            Outcome({name: value + 0.01 * cell.seed for name, value in figures.items()}, rows={"train": 6, "test": 2}),
            "",
            10.0,
            {cell.dataset: "0" * 64},
            "abc",
            {},
        )
        for cell in cells
    }
    return Results(tuple(cells), found)


def test_names_have_dashes_and_a_wrong_one_is_answered_with_a_near_one() -> None:
    assert "mahdi-2024" in names()
    assert find("mahdi-2024").title
    with pytest.raises(ConfigError, match="experiment: no 'mahdi-2025'; did you mean 'mahdi-2024'?"):
        find("mahdi-2025")


def test_a_grid_goes_seed_by_seed() -> None:
    cells = grid([0, 1], [Cell("a", "x"), Cell("b", "y")])
    assert [(cell.seed, cell.dataset) for cell in cells] == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_a_figure_has_the_t_interval_over_seeds_or_the_one_of_its_only_run() -> None:
    results = made_up(SmallOne().cells([0, 1]), fpr=0.1, fpr_low=0.05, fpr_high=0.2)
    figure = results.figure("fpr", row="trees")
    assert figure.mean == pytest.approx(0.105)
    assert figure.low == pytest.approx(0.105 - 12.7062 * 0.005, abs=1e-4) or figure.low == 0.0  # t(0.975, 1) = 12.706
    assert made_up(SmallOne().cells([0]), fpr=0.1, fpr_low=0.05, fpr_high=0.2).figure("fpr", row="trees") == Figure(
        0.1, 0.05, 0.2
    )
    assert results.figure("fpr", row="absent") == Figure(None)


def test_a_table_carries_what_a_published_table_must(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=2, data=Data(lambda _: labelled()))
    (table,) = SmallOne().tables(load(SmallOne(), tmp_path, seeds=3))
    assert [(row.name, row.seeds) for row in table.rows] == [("trees", 2), ("constant", 2)]
    trees, constant = (row.figures["macro_f1"] for row in table.rows)
    assert trees.mean is not None
    assert constant.mean is not None
    assert trees.mean > constant.mean
    assert trees.low is not None
    assert f"{0:064x}" in table.facts["data"]
    assert table.facts["protocol"] == "leakfree, task family"
    assert table.facts["seeds"] == "0, 1"
    assert table.facts["cells"] == "4 of 6"
    assert table.facts["commit"]


def test_a_changed_declaration_does_not_take_old_answers() -> None:
    old = made_up(SmallOne().cells([0]), macro_f1=0.5)
    changed = tuple(replace(cell, protocol="paper") for cell in SmallOne().cells([0]))
    assert Results(changed, old.found).of() == []
    renamed = tuple(replace(cell, row="new name") for cell in SmallOne().cells([0]))
    assert {result.cell.row for result in Results(renamed, old.found).of()} == {"new name"}


def test_the_first_seeds_details_make_a_comparison(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=1, data=Data(lambda _: labelled()))
    found = comparison(load(SmallOne(), tmp_path), "Families")
    assert found is not None
    assert [model.name for model in found.models] == ["trees", "constant"]
    assert found.classes == ("benign", "dos", "scanning")
    assert comparison(made_up(SmallOne().cells([0]), fpr=0.1), "Families") is None


def test_settings_that_many_cells_differ_in_are_counted() -> None:
    cells = [
        Cell("drawn", "lightgbm", protocol="zero_day", protocol_settings={"family": family, "by": "source"}, table="t")
        for family in ("dos", "ddos", "xss")
    ]
    facts = facts_of(made_up([*cells, Cell("drawn", "fnn", feature_set="own", table="t")], fpr=0.1), "t")
    assert facts["protocol"] == ("zero_day (family: 3, by source), task binary and leakfree, task binary, features own")
    assert facts["cells"] == "4 of 4"
