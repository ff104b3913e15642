from pathlib import Path

import numpy as np

from model_rows import COLUMNS, raw
from redshank.learn.models.constant import Constant

LEARNS = False


def example(place: Path) -> Constant:  # noqa: ARG001  needs no files
    return Constant()


def test_each_row_gets_the_frequencies_of_the_training_rows(tmp_path: Path) -> None:
    model = example(tmp_path).fit(raw(4), np.array([0, 0, 2, 0]), columns=COLUMNS, n_classes=3)
    assert model.predict_proba(raw(2)).tolist() == [[0.75, 0, 0.25]] * 2


def test_frequencies_follow_the_weights(tmp_path: Path) -> None:
    weight = np.array([1, 3], dtype=np.float32)
    model = example(tmp_path).fit(raw(2), np.array([0, 1]), columns=COLUMNS, n_classes=2, weight=weight)
    assert model.predict_proba(raw(1)).tolist() == [[0.25, 0.75]]
