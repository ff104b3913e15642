from pathlib import Path

import numpy as np
import pytest
import torch

from model_rows import COLUMNS, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.autoencoder_ensemble import AutoencoderEnsemble, clusters


def example(place: Path) -> AutoencoderEnsemble:  # noqa: ARG001  needs no files
    return AutoencoderEnsemble(columns=4, epochs=10, batch_size=32)


def test_correlated_columns_come_together_and_no_cluster_is_too_large() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200, 1))
    x = np.concatenate([a, b, -a, b + 0.1 * rng.normal(size=(200, 1)), 3 * a, np.ones((200, 1))], axis=1)
    found = clusters(x, 3)
    assert sorted(column for group in found for column in group) == list(range(6))
    assert max(len(group) for group in found) == 3
    assert [0, 2, 4] in found
    assert any({1, 3} <= set(group) for group in found)
    assert sorted(clusters(x, 1)) == [[i] for i in range(6)]
    assert clusters(x[:, :1], 5) == [[0]]


def test_an_autoencoder_is_wrong_by_the_columns_of_its_cluster_alone() -> None:
    model = AutoencoderEnsemble()
    model.groups_ = [[0, 3], [2], [1, 4, 5]]
    errors = model.errors(6, 1).eval()
    for parameter in errors.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.randn(8, 6)
    each, _ = errors.parts(x)
    wanted = torch.stack([(x[:, group] ** 2).sum(dim=1) for group in model.groups_], dim=1)
    assert torch.allclose(each, wanted)


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        AutoencoderEnsemble(columns=0, ratio=0.0).fit(raw(9), np.zeros(9, dtype=np.int64), columns=COLUMNS, n_classes=2)
    assert caught.value.problems == ["columns: 0 is not 1 or more", "ratio: 0.0 is not above 0 and at most 1"]
