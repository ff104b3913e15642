import pytest
import torch
from torch import nn

from redshank.learn.layers.one_step import OneStep
from redshank.learn.layers.unrolled import CELLS, Unrolled

WIDTH, UNITS = 5, 4
TORCH_AT = {"lstm": (2, 0, 3), "gru": (2, 1), "rnn": (0,)}  # where torch keeps the gates that OneStep has


def _bias(peer: nn.RNNBase, cell: str, suffix: str) -> torch.Tensor:
    with torch.no_grad():
        if cell == "gru":
            peer.get_parameter(f"bias_hh_l0{suffix}").zero_()  # Cho's unit resets before it multiplies, torch's after
        return peer.get_parameter(f"bias_ih_l0{suffix}") + peer.get_parameter(f"bias_hh_l0{suffix}")


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_is_what_torch_computes_for_a_sequence_of_one_step(cell: str, directions: int) -> None:
    torch.manual_seed(0)
    peer, ours = Unrolled(cell, WIDTH, UNITS, directions), OneStep(cell, WIDTH, UNITS, directions)
    with torch.no_grad():
        for side, suffix in enumerate(("", "_reverse")[:directions]):
            weight = peer.recurrent.get_parameter(f"weight_ih_l0{suffix}")
            bias = _bias(peer.recurrent, cell, suffix)
            for gate, at in enumerate(TORCH_AT[cell]):
                first = UNITS * (directions * gate + side)
                ours.gates.weight[first : first + UNITS] = weight[UNITS * at : UNITS * (at + 1)]
                ours.gates.bias[first : first + UNITS] = bias[UNITS * at : UNITS * (at + 1)]
        x = torch.randn(6, 1, WIDTH)
        assert torch.allclose(ours(x), peer(x), atol=1e-6)


def test_a_layer_starts_as_keras_starts_its_cell() -> None:
    torch.manual_seed(0)
    gates = OneStep("lstm", 20, 30).gates
    limit = (6 / (20 + 4 * 30)) ** 0.5
    assert 0.95 * limit < float(gates.weight.detach().abs().max()) <= limit
    assert float(gates.bias.detach().abs().max()) == 0
