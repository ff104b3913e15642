import torch

from redshank.learn.layers.one_step import OneStep
from redshank.learn.layers.recurrence import Ends, Recurrence
from redshank.learn.layers.unrolled import Unrolled


def test_each_layer_takes_all_directions_of_the_one_before() -> None:
    layers = Recurrence("lstm", 20, (8, 6), 1, directions=2)
    widths = [(layer.gates.in_features, layer.gates.out_features) for layer in layers if isinstance(layer, OneStep)]
    assert widths == [(20, 48), (16, 36)]
    assert layers.width == 12


def test_a_longer_sequence_is_unrolled() -> None:
    layers = Recurrence("gru", 20, (8, 6), 3)
    assert sum(isinstance(layer, Unrolled) for layer in layers) == 2
    assert layers(torch.zeros(4, 3, 20)).shape == (4, 3, layers.width)


def test_the_ends_are_where_each_direction_is_through() -> None:
    x = torch.arange(12.0).reshape(1, 3, 4)
    assert Ends(2)(x).tolist() == [[8, 9, 2, 3]]
    assert Ends(1)(x).tolist() == [[8, 9, 10, 11]]
