from pathlib import Path

from labelled import labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.mahdi_2024 import Mahdi2024


def example(place: Path) -> Mahdi2024:
    del place
    return Mahdi2024()


def test_active_learning_is_judged_on_the_very_rows_of_the_other() -> None:
    data = Data(lambda _: labelled(600))
    settings = {"units": (4,), "epochs": 1, "inputs": "minmax"}
    plain = Cell("drawn", "bilstm", protocol="paper", settings=settings)
    asked = Cell("drawn", "bilstm", protocol="paper", settings=settings, options={"strategy": "least_confidence"})
    one, two = (Mahdi2024().measure(cell, data) for cell in (plain, asked))
    assert one.rows == two.rows
    assert one.figures["labels"] == one.rows["train"]
    assert two.figures["labels"] == 36 + 2 * 36  # a tenth of 360, then two rounds of as many
    assert two.evaluation is not None
