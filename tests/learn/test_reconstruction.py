import math
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.reconstruction import Errors, Reconstruction

X = raw(90)
Y = classes(X, 2)


class Mean(Errors):
    """Gives back the same whatever comes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.again = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return ((x - self.again) ** 2).sum(dim=1)


class Same(Reconstruction):
    """Learns the mean benign row."""

    epochs: int = 60
    batch_size: int = 30
    learning_rate: float = 0.02

    def errors(self, width: int, steps: int) -> Errors:
        return Mean(width * steps)


def test_it_learns_to_give_benign_rows_back_and_only_these() -> None:
    model = Same().fit(X, Y, columns=COLUMNS, n_classes=2)
    inputs, layers = cast("nn.Sequential", model.network_)
    wanted = inputs(torch.from_numpy(X[Y == 0])).mean(dim=0)
    again = cast("Mean", cast("nn.Sequential", layers)[0]).again
    assert torch.allclose(again, wanted, atol=0.05)


def test_the_curve_has_the_loss_of_benign_rows_and_no_accuracy() -> None:
    other = raw(60, seed=1)
    model = Same(epochs=3).fit(X, Y, columns=COLUMNS, n_classes=2, validation=(other, classes(other, 2)))
    assert [math.isnan(epoch.train_accuracy) and math.isnan(epoch.validation_accuracy) for epoch in model.curve_] == [
        True
    ] * 3
    inputs, layers = cast("nn.Sequential", model.network_)
    with torch.no_grad():
        loss = cast("nn.Sequential", layers)[0](inputs(torch.from_numpy(other[classes(other, 2) == 0]))).mean()
    assert model.curve_[-1].validation_loss == pytest.approx(float(loss), rel=1e-5)


def test_what_is_trained_along_is_no_target() -> None:
    with pytest.raises(ConfigError, match="inputs: 'bins' are trained along.*use 'quantiles'"):
        Same(inputs="bins").fit(X, Y, columns=COLUMNS, n_classes=2)
    found = Same(inputs="minmax", epochs=1).fit(X, np.zeros(90, dtype=np.int64), columns=COLUMNS, n_classes=2)
    assert np.isfinite(found.predict_proba(X)).all()
