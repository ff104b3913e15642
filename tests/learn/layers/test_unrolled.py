import pytest
import torch

from redshank.learn.layers.unrolled import CELLS, Unrolled


@pytest.mark.parametrize("cell", CELLS)
def test_the_second_direction_reads_the_sequence_backwards(cell: str) -> None:
    torch.manual_seed(0)
    layer = Unrolled(cell, 3, 4, 2)
    x = torch.randn(2, 5, 3)
    other = x.clone()
    other[:, 3] += 1
    with torch.no_grad():
        changed = (layer(x) != layer(other)).any(dim=0)
    assert layer(x).shape == (2, 5, 8)
    assert changed[:, :4].any(dim=1).tolist() == [False, False, False, True, True]
    assert changed[:, 4:].any(dim=1).tolist() == [True, True, True, True, False]
