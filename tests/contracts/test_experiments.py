"""Every experiment keeps the promises of `experiments/experiment.py`."""

from pathlib import Path

import pytest

from contracts.examples import example_of
from experiments.test_experiment import made_up
from redshank.data.dataset import find_all
from redshank.data.protocol import check_names, make_protocol
from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE, EXPERIMENTS, Experiment, Results
from redshank.learn.settings import check_settings
from redshank.report.page import page
from redshank.report.tables import chapters, document

NAMES = EXPERIMENTS.names()
MOST_WORDS = 5


def _experiment(name: str) -> Experiment:
    built = example_of("experiments/tables", name)(Path())
    assert isinstance(built, Experiment)
    return built


def _cells(name: str) -> list[Cell]:
    return _experiment(name).cells([0, 1])


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_distinct_and_the_first_seed_comes_first(name: str) -> None:
    cells = _cells(name)
    assert len({cell.key for cell in cells}) == len(cells)
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)
    assert [cell.key for cell in cells if cell.seed == 0] == [cell.key for cell in _experiment(name).cells([0])]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_boosted_trees_a_lookup_and_the_constant(name: str) -> None:
    cells = _cells(name)
    for table in {cell.table for cell in cells}:
        assert set(BESIDE) <= {cell.model for cell in cells if cell.table == table}, table


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    experiment = _experiment(name)
    assert experiment.title
    assert experiment.what.endswith(".")
    assert experiment.asks.endswith("?")
    assert len(experiment.asks) <= 70
    assert all(note.endswith(".") for note in experiment.notes)


@pytest.mark.parametrize("name", NAMES)
def test_all_some_and_no_results_can_be_told(name: str) -> None:
    experiment = _experiment(name)
    cells = _cells(name)
    for some in (cells, cells[: len(cells) // 3], cells[:1], []):
        known = made_up(some, **dict.fromkeys(experiment.columns, 0.5))
        results = Results(tuple(cells), known.found)
        tables, words = experiment.tables(results), experiment.words(results)
        assert len(words) <= MOST_WORDS
        seen = experiment.glance(results)
        words = [*words, *experiment.worth(results), *([seen.meaning] if seen is not None else [])]
        assert all(text.endswith((".", ":")) for text in words), words
        assert not any("None" in text or "nan" in text.lower().split() for text in words), words
        assert document(experiment.title, experiment.what, words, tables, experiment.notes)
        assert page(experiment.title, chapters(tables))
        assert {row.name for table in tables for row in table.rows} or not some


@pytest.mark.parametrize("name", NAMES)
def test_all_results_make_a_line_and_none_make_none(name: str) -> None:
    experiment = _experiment(name)
    cells = _cells(name)
    seen = experiment.glance(made_up(cells, **dict.fromkeys((*experiment.columns, *experiment.published()), 0.5)))
    assert seen is not None
    assert seen.best is not None
    assert seen.trees.mean is not None
    assert seen.lookup.mean is not None
    assert experiment.glance(Results(tuple(cells), {})) is None


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_declared_exists(name: str) -> None:
    for cell in _experiment(name).cells([0]):
        for dataset in cell.datasets:
            find_all(dataset)
        check_names(cell.protocol, cell.task, cell.feature_set)
        make_protocol(cell.protocol, cell.protocol_settings)
        check_settings(cell.model, dict(cell.settings))
