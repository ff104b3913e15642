import numpy as np
import pytest
import torch
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.learn.model import Classes, Floats
from redshank.learn.one_class import Benign, Odds

X = raw(40)
Y = classes(X, 2)


def _of(y: Classes = Y, weight: Floats | None = None, validation: tuple[Floats, Classes] | None = None) -> Benign:
    return Benign.of(X, y, COLUMNS, 2, weight, validation, 1)


def test_only_benign_rows_with_a_weight_are_learned_from() -> None:
    weight = np.arange(40, dtype=np.float32)
    found = _of(np.zeros(40, dtype=np.int64), weight)
    assert np.array_equal(found.x, X[1:], equal_nan=True)
    assert found.weight is not None
    assert found.weight.tolist() == list(range(1, 40))
    assert np.array_equal(_of().x, X[Y == 0], equal_nan=True)


def test_odds_are_set_on_the_benign_rows_held_out_if_there_are_any() -> None:
    other = raw(30, seed=1)
    assert np.array_equal(
        _of(validation=(other, classes(other, 2))).held_out, other[classes(other) == 0], equal_nan=True
    )
    assert np.array_equal(_of(validation=(other, np.ones(30, dtype=np.int64))).held_out, X[Y == 0], equal_nan=True)


def test_the_median_counts_as_1_to_99_and_the_99_percent_quantile_as_even() -> None:
    odds = Odds()
    odds.set_on(nn.Flatten(0), np.geomspace(1, 1000, 1001, dtype=np.float32)[:, None])
    found = torch.softmax(odds(torch.tensor([1000**0.5, 1000**0.99, 0.0, 1e30])), dim=1)[:, 1]
    assert found.tolist() == pytest.approx([0.01, 0.5, 0, 1], abs=1e-3)


@pytest.mark.parametrize("score", [0.0, 3.0])
def test_benign_rows_that_all_score_alike_give_odds_too(score: float) -> None:
    odds = Odds()
    odds.set_on(nn.Flatten(0), np.full((9, 1), score, dtype=np.float32))
    found = torch.softmax(odds(torch.tensor([score, score + 1])), dim=1)[:, 1]
    assert found[0] == pytest.approx(0.5)
    assert found[1] > 0.9
