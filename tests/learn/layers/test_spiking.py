import pytest
import torch

from redshank.learn.layers.spiking import Spiking


def _network(*, weight: float) -> Spiking:
    network = Spiking(1, (1,), 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(weight)
    return network


def test_the_steady_state_is_gelenbes() -> None:
    network = _network(weight=0.5)
    q = (2 * 0.5 + 0.5) / (0.5 + 0.5 + 0.5 + 2 * 0.5 + 0.5)  # one input neuron of 2, the other of 0
    wanted = (q * 0.5 + 0.5) / (q * 0.5 + 0.5 + 0.5)
    found = network(torch.tensor([[2.0], [-2.0]])).exp().flatten().tolist()
    assert found == pytest.approx([wanted, wanted], abs=1e-5)


def test_a_weight_below_zero_counts_as_its_absolute_value() -> None:
    x = torch.tensor([[0.3], [-4.0]])
    assert torch.equal(_network(weight=-0.5)(x), _network(weight=0.5)(x))


def test_without_inhibition_more_input_never_means_less_output() -> None:
    torch.manual_seed(0)
    network = Spiking(3, (5, 4), 2)
    with torch.no_grad():
        for parameter in network.inhibit:
            parameter.zero_()
        x = torch.rand(20, 3)
        assert (network(x + 0.5) >= network(x)).all()


def test_nothing_in_is_finite() -> None:
    assert torch.isfinite(_network(weight=0.0)(torch.zeros(1, 1))).all()
