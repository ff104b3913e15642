import pytest
import torch

from redshank.learn.convolved import Convolved
from redshank.learn.layers.unrolled import Unrolled
from redshank.learn.models.attention_cnn_bilstm import AttentionCnnBilstm
from redshank.learn.models.cnn_bilstm import CnnBilstm


@pytest.mark.parametrize("model", [CnnBilstm, AttentionCnnBilstm])
def test_recurrent_layers_read_what_the_filters_found(model: type[Convolved]) -> None:
    layers = model(filters=(4,), units=(6,)).layers(5, 3, 8)
    assert [layer.recurrent.input_size for layer in layers.modules() if isinstance(layer, Unrolled)] == [4]
    assert layers(torch.zeros(2, 8, 5)).shape == (2, 3)


@pytest.mark.parametrize("model", [CnnBilstm, AttentionCnnBilstm])
def test_every_position_is_judged(model: type[Convolved]) -> None:
    torch.manual_seed(0)
    layers, x = (
        model(filters=(64,), units=(6,)).layers(5, 3, 8).eval(),
        torch.randn(1, 8, 5),
    )  # a pool hides what one filter sees, not what 64 do
    with torch.no_grad():
        for position in range(8):
            other = x.clone()
            other[:, position] += 1
            assert not torch.equal(layers(other), layers(x))
