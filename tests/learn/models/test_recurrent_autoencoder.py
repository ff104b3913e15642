from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from model_rows import COLUMNS, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.recurrent_autoencoder import RecurrentAutoencoder


def example(place: Path) -> RecurrentAutoencoder:  # noqa: ARG001  needs no files
    return RecurrentAutoencoder(units=16, code=4, epochs=10, batch_size=32)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_error_is_that_of_all_columns_averaged_over_the_steps(cell: str, steps: int) -> None:
    errors = RecurrentAutoencoder(cell=cell, units=4, code=2).errors(5, steps).eval()
    for parameter in errors.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.randn(7, 5) if steps == 1 else torch.randn(7, steps, 5)
    wanted = (x**2).reshape(7, steps, 5).sum(dim=2).mean(dim=1)
    assert torch.allclose(errors(x), wanted)


def test_the_order_of_the_steps_counts() -> None:
    x = np.concatenate([raw(60, seed=seed) for seed in (1, 2, 3)], axis=1)
    model = RecurrentAutoencoder(units=8, code=4, epochs=2)
    model.fit(x, np.zeros(60, dtype=np.int64), columns=COLUMNS, n_classes=2, steps=3)
    turned = x.reshape(60, 3, -1)[:, ::-1].reshape(60, -1).copy()
    assert not np.allclose(model.predict_proba(x), model.predict_proba(turned), atol=1e-4)


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        RecurrentAutoencoder(cell="rnn", units=0, code=0).fit(
            raw(9), np.zeros(9, dtype=np.int64), columns=COLUMNS, n_classes=2
        )
    assert caught.value.problems == [
        "units: 0 is not 1 or more",
        "code: 0 is not 1 or more",
        "cell: 'rnn' is not one of gru, lstm",
    ]


def test_its_graph_tells_the_error_of_each_column_of_the_last_step() -> None:
    x = raw(60)
    windows = np.concatenate([raw(60, seed=1), x], axis=1)
    for rows, steps in ((x, 1), (windows, 2)):
        model = RecurrentAutoencoder(units=4, code=2, epochs=1)
        model.fit(rows, np.zeros(60, dtype=np.int64), columns=COLUMNS, n_classes=2, steps=steps)
        session = onnxruntime.InferenceSession(model.to_onnx(), providers=["CPUExecutionProvider"])
        (errors,) = session.run(["errors"], {"x": rows})
        assert errors.shape == (60, len(COLUMNS))
        assert (errors >= 0).all()
        if steps == 1:
            assert errors.sum(axis=1) == pytest.approx(model.oddness(rows), rel=1e-4, abs=1e-5)
