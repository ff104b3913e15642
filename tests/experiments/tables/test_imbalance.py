from pathlib import Path

from redshank.experiments.cell import Outcome, Result
from redshank.experiments.experiment import Results
from redshank.experiments.tables.imbalance import Imbalance


def example(place: Path) -> Imbalance:
    del place
    return Imbalance()


def test_each_way_is_told_against_none() -> None:
    cells = Imbalance().cells([0])
    figures = {
        "lightgbm, none": {"macro_f1": 0.9, "recall of mitm": 0.5, "fpr": 0.01},
        "lightgbm, offsets": {"macro_f1": 0.91, "recall of mitm": 0.75, "fpr": 0.0125},
    }
    found = {
        cell.key: Result(cell, Outcome(figures[cell.row]), "", 1, {}, "", {}) for cell in cells if cell.row in figures
    }
    (said,) = Imbalance().words(Results(tuple(cells), found))
    assert said == (
        "lightgbm with nothing done: macro-F1 0.900, recall of mitm 0.500, false alarms 1 %. Against that, offsets: "
        "macro-F1 +0.0100, recall of mitm +0.250, false alarms +0.25 points."
    )
