import copy
import os
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn

from redshank.learn.optimizers import LBFGS, AdamW

X = torch.linspace(-1, 1, 60).reshape(20, 3)
Y = X.sum(1, keepdim=True).square()
NETWORK = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def _trained(optimizer: torch.optim.Optimizer, network: nn.Module, steps: int) -> list[torch.Tensor]:
    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        found: torch.Tensor = (network(X) - Y).square().mean()
        torch.autograd.backward(found)
        return found

    for _ in range(steps):
        optimizer.step(loss)  # type: ignore[arg-type]  # torch wants a float of a loss
    return [one.detach() for one in network.parameters()]


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (AdamW, torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1, "fused": True}),
        (LBFGS, torch.optim.LBFGS, {"max_iter": 3, "line_search_fn": "strong_wolfe"}),
    ],
)
def test_the_weights_are_those_that_torch_gives(
    ours: type[torch.optim.Optimizer], theirs: type[torch.optim.Optimizer], settings: dict[str, Any]
) -> None:
    found = []
    for kind in (ours, theirs):
        network = copy.deepcopy(NETWORK)
        found.append(_trained(kind(network.parameters(), **settings), network, 5))
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_training_goes_on_from_a_state() -> None:
    whole, broken = copy.deepcopy(NETWORK), copy.deepcopy(NETWORK)
    expected = _trained(AdamW(whole.parameters(), lr=0.01), whole, 6)
    first = AdamW(broken.parameters(), lr=0.01)
    _trained(first, broken, 4)
    second = AdamW(broken.parameters(), lr=0.5)
    second.load_state_dict(first.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(expected, _trained(second, broken, 2), strict=True))


def test_training_and_writing_a_network_imports_no_compiler() -> None:
    code = (
        "import sys; from redshank.learn.models.fnn import Fnn; from tables import COLUMNS, part; rows = part(40, 0)\n"
        "model = Fnn(epochs=2).fit(rows.x, rows.y, columns=COLUMNS, n_classes=3); model.to_onnx()\n"
        "print('torch' in sys.modules, 'torch._dynamo' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    assert done.stdout.split() == ["True", "False"]
