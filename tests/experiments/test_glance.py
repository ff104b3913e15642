import pytest

from redshank.experiments.glance import Glance, Named, ahead, best_first, glance, lead, verdict
from redshank.learn.compare import Figure
from redshank.learn.table import Table, TableRow


def row(name: str, mean: float | None, seeds: int = 5, column: str = "macro_f1") -> TableRow:
    """Return a row with an interval of one hundredth to each side, or none for a single run."""
    known = mean is not None and seeds > 1
    figure = Figure(mean, (mean or 0) - 0.01, (mean or 0) + 0.01) if known else Figure(mean)
    return TableRow(name, {column: figure}, seeds)


ROWS = (
    row("constant", 0.04),
    row("lookup", 0.8),
    row("fnn", 0.9),
    row("unknown", None),
    row("lightgbm", 0.95),
    row("gru", 0.91),
    row("lucky", 0.99, seeds=1),
)


def test_rows_stand_best_first_and_those_that_know_nothing_last() -> None:
    names = [one.name for one in best_first(ROWS, "macro_f1")]
    assert names == ["lucky", "gru", "fnn", "unknown", "lightgbm", "lookup", "constant"]


def test_of_false_alarms_fewer_are_better() -> None:
    rows = (row("many", 0.3, column="fpr"), row("few", 0.1, column="fpr"))
    assert [one.name for one in best_first(rows, "fpr")] == ["few", "many"]
    assert ahead(Figure(0.1), Figure(0.3), low=True) == 1


def test_a_row_of_several_seeds_leads_before_one_that_was_run_once() -> None:
    found = lead(ROWS[:4] + ROWS[5:], "macro_f1")
    assert found is not None
    assert found.name == "gru"
    assert lead(ROWS[6:], "macro_f1") == ROWS[6]
    assert lead((), "macro_f1") is None


def test_of_variants_of_boosted_trees_the_better_one_leads() -> None:
    seen = glance(Table("t", ("macro_f1",), (row("lightgbm, balanced", 0.7), row("lightgbm", 0.8))), "macro_f1")
    assert seen is not None
    assert seen.trees.mean == 0.8


def test_a_table_in_one_line() -> None:
    seen = glance(Table("Families", ("macro_f1",), ROWS), "macro_f1", where="Families")
    trees, lookup = (ROWS[place].figures["macro_f1"] for place in (4, 1))
    best = Named("gru", ROWS[5].figures["macro_f1"])
    assert seen == Glance("macro_f1", best, trees, lookup, "Boosted trees lead; remembering is worse.", "Families")
    assert glance(Table("t", ("macro_f1",), ROWS[:2]), "macro_f1") is None
    variant = glance(Table("t", ("macro_f1",), (row("lightgbm, balanced", 0.7),)), "macro_f1")
    assert variant is not None
    assert (variant.best, variant.trees.mean, variant.meaning) == (None, 0.7, "Only boosted trees were measured.")


@pytest.mark.parametrize(
    ("best", "trees", "lookup", "said"),
    [
        (0.95, 0.9, 0.8, "fnn beats boosted trees; remembering is worse."),
        (0.9, 0.905, 0.9, "No model beats boosted trees; remembering does as well."),
        (0.9, 0.9, 0.95, "No model beats boosted trees; remembering does better."),
        (0.9, None, None, "Boosted trees were not measured."),
    ],
)
def test_the_figures_decide_what_is_said(best: float, trees: float | None, lookup: float | None, said: str) -> None:
    one, other, third = (row("fnn", mean).figures["macro_f1"] for mean in (best, trees, lookup))
    assert verdict(Named("fnn", one), other, third) == said


def test_single_runs_are_told_apart_by_a_difference_that_is_worth_a_word() -> None:
    assert ahead(Figure(0.915), Figure(0.91)) == 0
    assert ahead(Figure(0.93), Figure(0.91)) == 1
    assert ahead(Figure(0.93), Figure(None)) == 0
    assert (
        verdict(Named("fnn", Figure(0.93)), Figure(0.91), Figure(None)) == "fnn beats boosted trees (by single runs)."
    )
