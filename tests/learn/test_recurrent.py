import pytest
import torch

from redshank.learn.models.bilstm import Bilstm
from redshank.learn.models.lstm import Lstm
from redshank.learn.recurrent import Recurrent


@pytest.mark.parametrize("model", [Lstm(units=(4, 3)), Bilstm(units=(4, 3))], ids=["one direction", "both"])
def test_what_is_judged_has_seen_the_whole_sequence(model: Recurrent) -> None:
    torch.manual_seed(0)
    layers, x = model.layers(5, 3, 6).eval(), torch.randn(1, 6, 5)
    with torch.no_grad():
        for step in range(6):
            other = x.clone()
            other[:, step] += 1
            assert not torch.equal(layers(other), layers(x))


def test_one_step_has_no_weights_that_do_nothing() -> None:
    one, many = (Lstm(units=(4,)).layers(5, 3, steps) for steps in (1, 2))
    assert sum(p.numel() for p in one.parameters()) == 3 * (5 * 4 + 4) + (4 * 3 + 3)
    assert sum(p.numel() for p in many.parameters()) == 4 * (5 * 4 + 4 * 4 + 2 * 4) + (4 * 3 + 3)
