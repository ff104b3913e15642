import torch
from torch import nn

from redshank.learn.layers.attention import AttentionPool, SelfAttention


def test_attention_is_what_torch_computes() -> None:
    torch.manual_seed(0)
    ours, peer = SelfAttention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(3, 5, 8)
    with torch.no_grad():
        peer.in_proj_weight.copy_(ours.ask.weight)
        peer.in_proj_bias.copy_(ours.ask.bias)
        peer.out_proj.weight.copy_(ours.join.weight)
        peer.out_proj.bias.copy_(ours.join.bias)
        assert torch.allclose(ours(x), peer(x, x, x, need_weights=False)[0], atol=1e-6)


def test_the_order_of_the_others_does_not_matter() -> None:
    torch.manual_seed(0)
    attention, x = SelfAttention(8, 4), torch.randn(2, 4, 8)
    assert torch.allclose(attention(x)[:, 0], attention(x[:, [0, 3, 1, 2]])[:, 0], atol=1e-6)


def test_a_pool_is_a_weighted_mean() -> None:
    torch.manual_seed(0)
    pool, x = AttentionPool(4), torch.randn(2, 5, 4)
    with torch.no_grad():
        found = pool(x)
        assert (found <= x.max(dim=1).values).all()
        assert (found >= x.min(dim=1).values).all()
        assert torch.allclose(pool(x[:, :1]), x[:, 0], atol=1e-6)
        for parameter in pool.parameters():
            parameter.zero_()
        assert torch.allclose(pool(x), x.mean(dim=1), atol=1e-6)
