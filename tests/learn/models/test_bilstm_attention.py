from pathlib import Path
from typing import Any

import pytest
import torch

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.bilstm_attention import BilstmAttention


def example(place: Path) -> BilstmAttention:  # noqa: ARG001  needs no files
    return BilstmAttention(units=(12,), heads=2, epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_every_step_is_judged() -> None:
    torch.manual_seed(0)
    layers, x = BilstmAttention(units=(4,), heads=2).layers(5, 3, 6).eval(), torch.randn(1, 6, 5)
    with torch.no_grad():
        for step in range(6):
            other = x.clone()
            other[:, step] += 1
            assert not torch.equal(layers(other), layers(x))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"units": (9,)}, "heads: 4 do not divide 18, the width of both directions"),
        ({"heads": 0}, "heads: 0 is not 1 or more"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        BilstmAttention(**settings).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [problem]
