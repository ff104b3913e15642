from drawn_experiments.small_one import SmallOne
from experiments.test_experiment import made_up
from redshank.experiments.experiment import Results
from redshank.experiments.wording import best, counted, gain, ranked, told
from redshank.learn.compare import Figure


def test_a_figure_is_told_with_its_interval() -> None:
    assert told(Figure(0.00123, 0.001, 0.002), rate=True) == "0.123 % (0.1 % to 0.2 %)"
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
