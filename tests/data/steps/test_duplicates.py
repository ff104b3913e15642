from pathlib import Path

import numpy as np

from redshank.data.cleaning import Rows
from redshank.data.steps.duplicates import Duplicates
from redshank.features.feature_set import Column


def example(place: Path) -> Duplicates:  # noqa: ARG001  needs no files
    return Duplicates("exact")


def test_copies_become_one_row_with_the_majority_and_their_weights_summed() -> None:
    x = np.array([[1], [2], [1], [1]], dtype=np.float32)
    rows = Rows(x, np.array([0, 1, 1, 1]), np.array([1, 2, 3, 4], dtype=np.float32))
    step = Duplicates("exact").fit(rows, (Column("a", "1"),), 2)
    kept = step.train(rows)
    assert (kept.x.ravel().tolist(), kept.y.tolist(), kept.weight.tolist()) == ([1, 2], [1, 1], [8, 2])
    assert step.detail_ == "2 copies merged; 1 vectors (3 rows) had more than one class"
    again = step.train(kept)
    assert np.array_equal(again.x, kept.x)
    assert np.array_equal(again.weight, kept.weight)
