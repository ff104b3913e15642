from pathlib import Path

import numpy as np

from labelled import labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.awais_2025 import Awais2025, balanced


def example(place: Path) -> Awais2025:
    del place
    return Awais2025()


def test_balancing_draws_from_the_training_part_alone() -> None:
    data = Data(lambda _: labelled(600))
    cell = Cell("drawn", "lightgbm", task="family", settings={"rounds": 3}, options={"balanced": True})
    parts = data.parts(cell)
    drawn = balanced(parts.train, seed=1)
    assert np.bincount(drawn.y).tolist() == [len(parts.train) // 3] * 3
    assert set(drawn.row.tolist()) <= set(parts.train.row.tolist())
    assert np.array_equal(balanced(parts.train, seed=1).row, drawn.row)
    found = Awais2025().measure(cell, data)
    assert found.rows["test"] == len(parts.test)
    assert found.rows["train"] == len(drawn)
