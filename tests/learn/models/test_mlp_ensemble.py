from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.mlp_ensemble import MlpEnsemble


def example(place: Path) -> MlpEnsemble:  # noqa: ARG001  needs no files
    return MlpEnsemble(members=2, units=24, epochs=50, batch_size=32, learning_rate=0.02, dropout=0.0, bins=16)


def test_members_differ_from_the_start_and_the_row_gets_their_mean_probability() -> None:
    torch.manual_seed(0)
    layers = MlpEnsemble(members=3, units=8, dropout=0.0).layers(5, 4, 1)
    x = torch.randn(6, 5)
    with torch.no_grad():
        members = torch.softmax(layers.train()(x), dim=2)
        mean = torch.softmax(layers.eval()(x), dim=1)
    assert members.shape == (6, 3, 4)
    assert not torch.allclose(members[:, 0], members[:, 1], atol=0.01)
    assert torch.allclose(members.mean(1), mean, atol=1e-6)


def test_each_member_learns_by_its_own_loss() -> None:
    model = MlpEnsemble(members=3, units=8, dropout=0.0)
    network = model.layers(5, 4, 1).train()
    x, y = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 0, 1])
    losses, _ = model.losses(network, x, y)
    alone = [cross_entropy(network(x)[:, member], y, reduction="none") for member in range(3)]
    assert torch.allclose(losses, torch.stack(alone).mean(0), atol=1e-6)
    validated, right = model.losses(network.eval(), x, y)
    assert torch.equal(validated, cross_entropy(network(x), y, reduction="none"))
    assert torch.equal(right, network(x).argmax(1) == y)


def test_members_share_their_matrices() -> None:
    def weights(members: int) -> int:
        layers = MlpEnsemble(members=members, units=64).layers(100, 10, 1)
        return sum(parameter.numel() for name, parameter in layers.named_parameters() if "head" not in name)

    assert weights(8) < 1.25 * weights(1)


def test_every_wrong_setting_is_named() -> None:
    x = raw(9)
    with pytest.raises(ConfigError) as caught:
        MlpEnsemble(members=0, units=0, blocks=-1).fit(x, classes(x), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [
        "members: 0 is not 1 or more",
        "units: 0 is not 1 or more",
        "blocks: -1 is not 1 or more",
    ]
