from dataclasses import replace
from pathlib import Path

import pytest

from labelled import labelled
from redshank.experiments.asking import SCORE
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.active_hostile import CANARIES, ROWS, SENT, TABLE, ActiveHostile

DATA = Data(lambda _: labelled(400))
EXPERIMENT = ActiveHostile()


def example(place: Path) -> ActiveHostile:
    del place
    return ActiveHostile()


def _small(row: str) -> Cell:
    (cell,) = [one for one in EXPERIMENT.cells([0]) if (one.table, one.row) == (TABLE, row)]
    options = {**cell.options, "strategy": "margin", "answers": 60}
    return replace(cell, dataset="drawn", settings={"trees": 3}, options=options)


@pytest.mark.parametrize(
    "row",
    [
        "clean",
        "10 % wrong, left out and asked again",
        "flood, capped by device",
        "clean, capped by cluster",
        "one of three lies, quarantined",
    ],
)
def test_every_trouble_is_measured(row: str) -> None:
    figures = EXPERIMENT.measure(_small(row), DATA).figures
    assert figures["answers"] == 60
    assert 0 <= (figures[CANARIES] or 0) <= 1
    assert figures[SCORE] is not None
    assert (figures[SENT] == 0) == ("flood" not in ROWS[row])
