from dataclasses import replace
from pathlib import Path

import pytest

from labelled import labelled
from redshank.active.loop import Round
from redshank.active.stopping import Stopping
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.active_aids import BORROWING, ActiveAids, looked


def example(place: Path) -> ActiveAids:
    del place
    return ActiveAids()


def _small(cell: Cell) -> Cell:
    options = {
        name: value for name, value in cell.options.items() if name not in ("initial", "batch", "candidates", "answers")
    }
    few = {"taught": (40, 60)} if "taught" in options else {"initial": 20, "batch": 20, "answers": 80}
    settings = {"units": 4, "blocks": 1, "epochs": 2} if cell.model == "fnn" else {"trees": 5}
    return replace(cell, dataset="drawn", settings=settings, options={**options, **few})


@pytest.mark.parametrize("row", ["random_forest, self-training", "fnn, agreement"])
def test_borrowing_is_measured_on_the_answers_that_a_forest_asked_for(row: str) -> None:
    (cell,) = [one for one in ActiveAids().cells([0]) if (one.table, one.row) == (BORROWING, row)]
    found = ActiveAids().measure(_small(cell), Data(lambda _: labelled(1200)))
    assert {name for name in found.figures if name.startswith("macro_f1 at")} == {"macro_f1 at 40", "macro_f1 at 60"}


def test_a_network_that_asks_is_timed() -> None:
    (cell,) = [one for one in ActiveAids().cells([0]) if one.row == "fnn asks, never anew"]
    found = ActiveAids().measure(_small(cell), Data(lambda _: labelled(600)))
    assert found.figures["answers"] == 80
    assert found.figures["cpu_s"] is not None


def test_the_signal_is_held_against_the_gain_that_came() -> None:
    said = [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]]
    scores = (0.2, 0.5, 0.6, 0.6)
    rounds = [
        Round(100 * (i + 1), 100, True, None, score, 0.5, 2, bytes(one))
        for i, (score, one) in enumerate(zip(scores, said, strict=True))
    ]
    figures = looked(rounds, Stopping(100, 3.0, 2))
    looks = [Stopping(100, -1.0, 2).look(rounds[: i + 1]) for i in (1, 2)]
    assert all(one is not None for one in looks)
    expected = [one.expected for one in looks if one is not None]
    assert figures["expected"] == pytest.approx(sum(expected) / 2)
    assert figures["gained"] == pytest.approx((10 + 0) / 2)
    assert figures["held"] in (0.0, 0.5, 1.0)
    assert figures["stops at"] == 400
    assert figures["macro_f1 there"] == 0.6
    assert looked(rounds, Stopping(100, 1000.0, 2))["stops at"] == 200
