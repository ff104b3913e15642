"""Feed-forward network.

In: encoded rows. Out: class logits.
The one idea: residual blocks, each normalized, widened and added to what it was given, train well at any depth.
The second study's network is the plain one, the preset "paper"; how many layers and units it took we do not know.
Source: Awais et al. (RNN, FNN, CNN on BoT-IoT); Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data",
NeurIPS 2021, for the residual network.
"""

from typing import Any, ClassVar

import torch
from torch import nn

from redshank.learn.network import MANY_ROWS, Network


class Fnn(Network):
    """Fully connected layers.

    Args:
        units: Width of each layer.
        blocks: Number of blocks (layers, if not residual).
        residual: Whether blocks are residual; plain layers with ReLU otherwise.
    """

    units: int = 128
    blocks: int = 3
    residual: bool = True

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {
        "paper": {"residual": False, "inputs": "minmax"},
        "many_rows": MANY_ROWS,
    }
    least: ClassVar[dict[str, float]] = {"units": 1, "blocks": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack the blocks and a linear head; the steps of a sequence stand side by side."""
        flat: list[nn.Module] = [] if steps == 1 else [nn.Flatten()]
        width *= steps
        if self.residual:
            blocks = [_Residual(self.units, self.dropout) for _ in range(self.blocks)]
            head = [nn.LayerNorm(self.units), nn.Linear(self.units, n_classes)]
            return nn.Sequential(*flat, nn.Linear(width, self.units), *blocks, *head)
        stack = flat
        for _ in range(self.blocks):
            stack += [nn.Linear(width, self.units), nn.ReLU(), nn.Dropout(self.dropout)]
            width = self.units
        return nn.Sequential(*stack, nn.Linear(width, n_classes))


class _Residual(nn.Module):
    def __init__(self, units: int, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(units),
            nn.Linear(units, 2 * units),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * units, units),
            nn.Dropout(dropout),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.body(x)
        return out
