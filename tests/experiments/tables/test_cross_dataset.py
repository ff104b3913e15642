from pathlib import Path

from labelled import labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.cross_dataset import LABELS, CrossDataset


def example(place: Path) -> CrossDataset:
    del place
    return CrossDataset()


def test_figures_are_of_the_half_that_gives_no_labels() -> None:
    data = Data(lambda _: labelled(600))
    cell = Cell(
        "drawn",
        "lightgbm",
        protocol="cross",
        protocol_settings={"target": "lab"},
        feature_set="conn",
        settings={"rounds": 5},
    )
    found = CrossDataset().measure(cell, data)
    assert abs(2 * found.rows["test"] - len(data.parts(cell).test)) <= 1
    for name in ("AUC", *(f"AUC after {labels} labels" for labels in LABELS)):
        low, value, high = (found.figures[f"{name}{end}"] for end in ("_low", "", "_high"))
        assert low is not None
        assert value is not None
        assert high is not None
        assert 0 <= low <= value <= high <= 1
