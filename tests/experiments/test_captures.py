import numpy as np
import pytest

from partitions import labelled
from redshank.experiments.captures import each_left_out
from redshank.experiments.measure import Data
from redshank.experiments.tables.sequences import Sequences
from redshank.experiments.windows import retold


def test_each_capture_is_left_out_in_its_turn() -> None:
    drawn = labelled(400)
    cell = next(cell for cell in Sequences().cells([0]) if cell.row == "lightgbm, window aggregates")
    outcome = each_left_out(
        cell,
        Data(lambda _: drawn),
        lambda parts: retold(parts, str(cell.options["window"]), cell.seed),
        captures=("c0", "c1", "c2", "c3"),
    )
    assert drawn.capture is not None
    inside = np.isin(drawn.capture, ["c0", "c1", "c2", "c3"])
    assert 0.9 * inside.sum() < outcome.rows["test"] <= inside.sum(), "each distinct window is judged once"
    assert outcome.rows["attacks"] <= (drawn.family[inside] != "benign").sum()
    four = [outcome.figures[f"AUC c{n}"] for n in range(4)]
    assert outcome.figures["mean AUC"] == pytest.approx(np.mean(np.array(four, dtype=float)))
    assert min(value or 0.0 for value in four) > 0.8, "bytes tell one of the two families from benign flows"
