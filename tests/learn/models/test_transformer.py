from pathlib import Path
from typing import Any

import pytest
import torch

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.inputs import Minmax
from redshank.learn.layers.columns import EachOwn
from redshank.learn.models.transformer import Transformer


def example(place: Path) -> Transformer:  # noqa: ARG001  needs no files
    return Transformer(units=16, heads=2, blocks=1, epochs=100, batch_size=32, learning_rate=0.01, dropout=0.0)


def test_columns_become_tokens_by_maps_of_their_own_and_steps_by_one() -> None:
    model, encode = Transformer(units=8), Minmax(raw(9))
    tokens, width, length = model.arrange(encode, 1)
    assert any(isinstance(layer, EachOwn) for layer in tokens.modules())
    assert (width, length) == (8, len(COLUMNS))
    tokens, width, length = model.arrange(encode, 3)
    assert not any(isinstance(layer, EachOwn) for layer in tokens.modules())
    assert (width, length) == (8, 3)


def test_a_token_knows_its_place() -> None:
    torch.manual_seed(0)
    layers, x = Transformer(units=8).layers(8, 3, 4).eval(), torch.randn(1, 4, 8)
    assert not torch.allclose(layers(x), layers(x.flip(1)), atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"units": 10}, "heads: 4 do not divide 10, the width of a token"),
        ({"heads": 0}, "heads: 0 is not 1 or more"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Transformer(**settings).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [problem]
