from dataclasses import replace
from pathlib import Path

from labelled import labelled
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.experiment import Results
from redshank.experiments.measure import Data
from redshank.experiments.tables.selection import LEFT, Selection


def example(place: Path) -> Selection:
    del place
    return Selection()


def test_what_is_left_is_counted() -> None:
    data = Data(lambda _: labelled(600))
    cell = Cell("drawn", "lightgbm", settings={"rounds": 3})
    every = len(data.parts(cell).columns)
    assert Selection().measure(cell, data).figures[LEFT] == every
    some = replace(cell, options={"select": "mutual_information", "select_from": "columns"})
    assert Selection().measure(some, data).figures[LEFT] == round(every / 2)


def test_each_selector_is_told_against_all_columns() -> None:
    cells = Selection().cells([0])
    figures = {
        "fnn, all columns": {"macro_f1": 0.5, LEFT: 40.0},
        "fnn, learned by reptile search": {"macro_f1": 0.49, LEFT: 17.0},
    }
    found = {
        cell.key: Result(cell, Outcome(figures[cell.row]), "", 1, {}, "", {}) for cell in cells if cell.row in figures
    }
    assert Selection().words(Results(tuple(cells), found)) == [
        "fnn has macro-F1 0.500 with all columns; of what it has learned, reptile search leaves 17, macro-F1 -0.0100."
    ]
