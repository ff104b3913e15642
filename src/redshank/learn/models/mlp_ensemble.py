"""Several feed-forward networks that share their weights, our own model for flow rows.

In: encoded rows. Out: class logits: the logarithm of the members' mean probability.
The one idea: the members read a row through the same first layer and the same matrices after it; each only scales and
shifts what goes in and out of them by vectors of its own. So eight networks cost little more memory than one, err in
different places, and their mean errs less. Each member learns from every row by its own loss: were the loss taken of
the mean, they would lean on each other and end up as one network.

What it needs beside that is the recipe of its defaults (many bins, large batches, a rate that falls to 0): on
validation rows that is worth more than the members are, and `fnn` with it (`--preset many_rows`) is as good in twice
the weights (`docs/decisions/0020-recipe-for-flow-rows.md`).
On a few hundred rows take smaller batches (`batch_size=32`): there are too few steps otherwise.
Source: Gorishniy, Kotelnikov, Babenko, "TabM", ICLR 2025; Wen, Tran, Ba, "BatchEnsemble", ICLR 2020. We differ: the
first layer, the widest by far, is computed once for all members.
"""

from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from redshank.learn.network import Network

SPREAD = 0.5  # standard deviation of what the members start from; they part from there
LEAST = 1e-30  # probability, so that what no member thinks possible costs much and not infinitely much


class MlpEnsemble(Network):
    """An ensemble of feed-forward networks.

    Args:
        members: Number of networks.
        units: Width of each hidden layer.
        blocks: Number of hidden layers.
    """

    members: int = 8
    units: int = 128
    blocks: int = 2
    epochs: int = 20
    batch_size: int = 512
    patience: int = 20
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    schedule: str = "one_cycle"
    warm_up: float = 0.05
    bins: int = 64

    least: ClassVar[dict[str, float]] = {"members": 1, "units": 1, "blocks": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Build the members; the steps of a sequence stand side by side."""
        body = _Members(steps * width, n_classes, self)
        return body if steps == 1 else nn.Sequential(nn.Flatten(), body)

    def losses(
        self, network: nn.Module, rows: torch.Tensor, classes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean of the members' losses while training, else the loss of their mean."""
        if not network.training:
            return super().losses(network, rows, classes)
        logits = network(rows)
        losses = cross_entropy(logits.transpose(1, 2), classes[:, None].expand(-1, self.members), reduction="none")
        return losses.mean(1), together(logits).argmax(1) == classes


class _Members(nn.Module):
    """The members side by side.

    Shape:
        forward: [n, width] -> [n, members, classes] while training, else [n, classes].
    """

    def __init__(self, width: int, n_classes: int, settings: MlpEnsemble) -> None:
        super().__init__()
        members, units = settings.members, settings.units
        self.first = nn.Linear(width, units)
        self.scale = nn.Parameter(1 + SPREAD * torch.randn(members, units))
        self.shift = nn.Parameter(0.1 * torch.randn(members, units))
        self.dropout = nn.Dropout(settings.dropout)
        self.hidden = nn.ModuleList(_Shared(members, units) for _ in range(settings.blocks - 1))
        limit = units**-0.5
        self.head = nn.Parameter(torch.empty(members, units, n_classes).uniform_(-limit, limit))
        self.bias = nn.Parameter(torch.zeros(members, 1, n_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.dropout(torch.relu(self.first(x)[:, None] * self.scale + self.shift))
        for layer in self.hidden:
            h = self.dropout(torch.relu(layer(h)))
        logits = (torch.matmul(h.transpose(0, 1), self.head) + self.bias).transpose(0, 1)
        return logits if self.training else together(logits)


class _Shared(nn.Module):
    """A linear layer whose weights all members share, each between scales of its own.

    Shape:
        forward: [n, members, units] -> [n, members, units].
    """

    def __init__(self, members: int, units: int) -> None:
        super().__init__()
        self.linear = nn.Linear(units, units, bias=False)
        self.before = nn.Parameter(torch.ones(members, units))
        self.after = nn.Parameter(torch.ones(members, units))
        limit = units**-0.5
        self.shift = nn.Parameter(torch.empty(members, units).uniform_(-limit, limit))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.linear(x * self.before) * self.after + self.shift
        return out


def together(logits: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the members' mean probability.

    Shape:
        logits: [n, members, classes]; returns: [n, classes].

    Example:
        >>> logits = torch.log(torch.tensor([[[0.5, 0.5], [0.9, 0.1]]]))
        >>> [round(p, 3) for p in together(logits).exp().flatten().tolist()]
        [0.7, 0.3]
    """
    return torch.log(torch.softmax(logits, dim=2).mean(1).clamp_min(LEAST))
