from pathlib import Path

import numpy as np
import pytest
import torch

from model_rows import COLUMNS, raw
from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.model import Floats
from redshank.learn.models.knn_distance import KnnDistance

LINE = (Column("share", "1"),)


def example(place: Path) -> KnnDistance:  # noqa: ARG001  needs no files
    return KnnDistance(kept=64)


def _benign(model: KnnDistance, x: Floats, columns: tuple[Column, ...] = LINE) -> KnnDistance:
    return model.fit(x, np.zeros(len(x), dtype=np.int64), columns=columns, n_classes=2)


def test_the_farther_from_the_nearest_benign_row_the_higher_the_score() -> None:
    x = np.array([0, 1, 2, 3, 10], dtype=np.float32)[:, None]
    held_out = (x + np.float32(0.1), np.zeros(5, dtype=np.int64))
    model = KnnDistance().fit(x, held_out[1], columns=LINE, n_classes=2, validation=held_out)
    found = model.predict_proba(np.array([[10], [9.5], [6.5]], dtype=np.float32))[:, 1]
    assert found[0] < found[1] < found[2]


def test_a_category_that_was_never_seen_is_as_far_as_the_ends_of_a_number() -> None:
    columns = (Column("share", "1"), Column("proto", "category", ("tcp", "udp")))
    x = np.array([[0, 2], [0.5, 2], [1, 2]], dtype=np.float32)
    model = _benign(KnnDistance(), x, columns)
    distance = model.network_[0]  # type: ignore[index]
    assert distance(torch.tensor([[0.0, 2], [0, 3]])).tolist() == pytest.approx([0, 1])


def test_rows_are_kept_farthest_first_and_equal_rows_once() -> None:
    x = np.array([5, 5.1, 5.2, 0, 10, 5], dtype=np.float32)[:, None]
    model = _benign(KnnDistance(kept=3, bins=1), x)
    assert {0.0, 1.0} <= set(model.network_[0].rows.flatten().tolist())  # type: ignore[index]
    assert _benign(KnnDistance(), x).network_[0].rows.shape == (1, 5)  # type: ignore[index]


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        _benign(KnnDistance(neighbors=0, kept=0, bins=0), raw(9), COLUMNS)
    assert caught.value.problems == [
        "neighbors: 0 is not 1 or more",
        "kept: 0 is not 1 or more",
        "bins: 0 is not between 1 and 256",
    ]
