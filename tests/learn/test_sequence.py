import numpy as np
import pytest
import torch
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.export import export
from redshank.learn.inputs import fit_inputs
from redshank.learn.models.cnn import Cnn
from redshank.learn.models.gru import Gru
from redshank.learn.sequence import OVER, SequenceNetwork

X = raw(40)
ENCODE = fit_inputs("bins", X, COLUMNS, bins=4).eval()
WINDOWS = np.concatenate([raw(12, seed=seed) for seed in range(3)], axis=1)


@pytest.mark.parametrize(
    ("over", "steps", "shape"),
    [
        ("steps", 1, (12, 1, ENCODE.width)),
        ("steps", 3, (12, 3, ENCODE.width)),
        ("columns", 1, (12, len(COLUMNS), max(map(len, ENCODE.places)))),
        ("columns", 3, (12, 3, ENCODE.width)),
    ],
)
def test_a_row_is_a_sequence_of_its_columns_or_of_itself_and_a_window_of_its_steps(
    over: str, steps: int, shape: tuple[int, int, int]
) -> None:
    inputs, width, length = Gru(over=over).arrange(ENCODE, steps)
    rows = torch.from_numpy(WINDOWS[:, : steps * len(COLUMNS)])
    assert inputs(rows).shape == shape == (12, length, width)


@pytest.mark.parametrize("inputs", ["bins", "minmax", "quantiles"])
@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("model", [Gru(units=(4,)), Cnn(filters=(4, 4), units=4)], ids=["gru", "cnn"])
def test_either_way_a_network_is_trained_and_exported(model: SequenceNetwork, over: str, inputs: str) -> None:
    model.set_params(over=over, inputs=inputs, epochs=1)
    export(model.fit(X, classes(X), columns=COLUMNS, n_classes=3), X)


def test_another_sequence_is_refused() -> None:
    with pytest.raises(ConfigError, match="over: 'rows' is not one of columns, steps"):
        Gru(over="rows").fit(X, classes(X), columns=COLUMNS, n_classes=3)


def test_layers_get_a_sequence_whatever_its_length() -> None:
    class Looks(SequenceNetwork):
        def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
            return nn.Sequential(nn.Unflatten(2, (1, width)), nn.Flatten(), nn.Linear(width * steps, n_classes))

    Looks(epochs=1).fit(X, classes(X), columns=COLUMNS, n_classes=3)
