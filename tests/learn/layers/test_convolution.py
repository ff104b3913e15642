import pytest
import torch

from redshank.learn.layers.convolution import Convolutions


@pytest.mark.parametrize("length", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_what_comes_out_is_as_long_and_wide_as_said(length: int, kernel: int) -> None:
    layer = Convolutions(3, (4, 6), kernel, length)
    assert layer(torch.zeros(2, length, 3)).shape == (2, layer.length, layer.width)
    assert layer.width == 6


def test_each_layer_halves_the_sequence() -> None:
    assert Convolutions(3, (4, 6), 3, 41).length == 10


def test_a_filter_sees_its_neighbors_and_nothing_else() -> None:
    torch.manual_seed(0)
    layer = Convolutions(1, (16,), 3, 8)
    x = torch.randn(1, 8, 1)
    other = x.clone()
    other[:, 2] += 3  # seen from 1, 2 and 3: pools 0 and 1
    with torch.no_grad():
        changed = (layer(x) != layer(other)).any(dim=2)
    assert changed.tolist() == [[True, True, False, False]]


def test_over_one_step_a_convolution_is_a_dense_layer() -> None:
    layer = Convolutions(3, (4,), 5, 1)
    assert sum(p.numel() for p in layer.parameters()) == 3 * 4 + 4
