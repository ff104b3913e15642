from drawn_experiments.small_one import SmallOne
from experiments.test_experiment import made_up
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.experiment import Results
from redshank.experiments.wording import best, counted, gain, mean_over, ranked, told
from redshank.learn.compare import Figure


def test_a_figure_is_told_with_its_interval() -> None:
    assert told(Figure(0.00123, 0.001, 0.002), rate=True) == "0.12 % (0.1 to 0.2 %)"
    assert told(Figure(0.99998)) == "0.99998"


def test_the_best_row_is_told_beside_what_looks_at_nothing() -> None:
    results = made_up(SmallOne().cells([0]), macro_f1=0.5)
    assert [row for row, _ in ranked(results, "macro_f1", "Families")] == ["trees"]
    assert best(results, "macro_f1", "Families") == [
        "Families: the best macro-F1 is 0.500, of trees; beside it constant 0.500."
    ]
    assert best(results, "macro_f1", "absent") == []


def test_the_rows_are_counted() -> None:
    results = made_up(SmallOne().cells([0]), macro_f1=0.5)
    assert counted(results, "Families") == [
        "Families: 6 rows train and 2 test in the first seed, each distinct vector once."
    ]
    assert counted(results, "absent") == []


def test_a_gain_is_the_mean_over_seeds_that_both_rows_have() -> None:
    results = made_up(SmallOne().cells([0, 1]), macro_f1=0.5)
    assert gain(results, "macro_f1", "Families", "trees", "constant") == 0.0
    lost = next(key for key, run in results.found.items() if run.cell.row == "trees" and run.cell.seed == 1)
    fewer = Results(results.cells, {key: run for key, run in results.found.items() if key != lost})
    assert gain(fewer, "macro_f1", "Families", "trees", "constant") == 0.0, "the other seed's is higher"
    assert gain(results, "macro_f1", "Families", "trees", "absent") is None


def several(seeds: dict[str, list[int]]) -> Results:
    """Give each row as many seeds as told, in tables "a" and "b"."""
    cells = [
        Cell("drawn", row, seed=seed, table=table, row=row, task=table)
        for row, some in seeds.items()
        for seed in some
        for table in ("a", "b")
    ]
    found = {
        cell.key: Result(cell, Outcome({"auc": 0.4 if cell.row == "lucky" else 0.3}), "", 1.0, {}, "", {})
        for cell in cells
    }
    return Results(tuple(cells), found)


def test_a_row_of_a_single_run_does_not_lead_where_others_were_repeated() -> None:
    assert [row for row, _ in ranked(several({"lucky": [0], "steady": [0, 1]}), "auc", "a")] == ["steady"]
    assert [row for row, _ in ranked(several({"lucky": [0], "steady": [0]}), "auc", "a")] == ["lucky", "steady"]


def test_a_mean_over_tables_is_of_seeds_that_all_of_them_have() -> None:
    results = several({"steady": [0, 1], "lucky": [0]})
    lost = next(cell for cell in results.cells if cell.seed == 1 and cell.table == "b")
    table = mean_over(results, ("a", "b"), ("auc", "absent"), "mean")
    assert [(row.name, row.seeds, row.figures["auc"].mean) for row in table.rows] == [
        ("lucky", 1, 0.4),
        ("steady", 2, 0.3),
    ]
    assert table.rows[0].figures["absent"] == Figure(None)
    fewer = Results(results.cells, {key: run for key, run in results.found.items() if key != lost.key})
    assert [row.seeds for row in mean_over(fewer, ("a", "b"), ("auc",), "mean").rows] == [1, 1]
    assert mean_over(fewer, ("a", "b", "c"), ("auc",), "mean").rows == ()
