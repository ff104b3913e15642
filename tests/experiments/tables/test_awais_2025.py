from pathlib import Path

import numpy as np

from experiments.test_experiment import made_up
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


def test_what_was_published_is_held_against_one_answer_to_everything() -> None:
    cells = Awais2025().cells([0])
    first, second = Awais2025().worth(made_up(cells, **{"accuracy of rows": 0.99985, "balanced_accuracy": 0.5}))
    assert first == (
        "Accuracies of 0.8486 to 0.9561 were published for networks on BoT-IoT, where answering “attack” to every row "
        "of a sample scores 0.9999."
    )
    assert second == (
        "Their balanced accuracy over categories is rnn 0.500, fnn 0.500, cnn 0.500, a table that only remembers 0.500."
    )
