"""Learn what is benign, and call attack what is unlike it.

In: labelled rows, of which only the benign ones (class 0) are looked at. Out: probabilities of benign and attack.
The one idea: an anomaly score has no scale of its own, so benign rows give it one. The score that one benign row in a
hundred exceeds counts as even odds, the median as odds of 1 to 99; in between and beyond, the log-odds are linear in
the logarithm of the score. The map is monotone: thresholds at a false-alarm rate mean the same before and after it.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import nn

from redshank.features.feature_set import Column
from redshank.learn.graphed import SCORING_ROWS, Graphed
from redshank.learn.model import Classes, Floats, check_rows

CLASSES = 2
EVEN_QUANTILE = 0.99
LOG_ODDS = float(np.log(99))
SMALLEST = 1e-5  # a score of 0 has no logarithm, and rounding must not show where rows are nearly what was seen
SLOPES = (0.5, 20.0)
"""Where benign scores hardly differ, or some are 0, quantiles say nothing of how fast odds should rise."""


@dataclass(frozen=True)
class Benign:
    """The benign rows of what was given.

    Args:
        x: To learn from.
        weight: Their weights; equal if absent.
        held_out: To set the odds on: those of validation, or `x` if there are none.
    """

    x: Floats
    weight: Floats | None
    held_out: Floats

    @classmethod
    def of(
        cls,
        x: Floats,
        y: Classes,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None,
        validation: tuple[Floats, Classes] | None,
        steps: int,
    ) -> Self:
        """Pick the benign rows; one of weight 0 counts as absent.

        Raises:
            ValueError: If there are none, the classes are not two, or the rows do not fit the columns.
        """
        if n_classes != CLASSES:
            raise ValueError(f"given {n_classes} classes, but what learns from benign rows alone has two: 0 and attack")
        check_rows(x, y, columns, n_classes, steps)
        chosen = (y == 0) if weight is None else (y == 0) & (weight > 0)
        if not chosen.any():
            raise ValueError(
                f"none of {len(y)} rows is benign (class 0) with a weight above 0; there is nothing to learn"
            )
        held_out = x[chosen]
        if validation is not None and (validation[1] == 0).any():
            held_out = validation[0][validation[1] == 0]
        return cls(x[chosen], None if weight is None else weight[chosen], held_out)


class Odds(nn.Module):
    """Anomaly scores as logits of benign and attack.

    Shape:
        forward: [n], 0 or more -> [n, 2].
    """

    center: torch.Tensor
    slope: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(()))
        self.register_buffer("slope", torch.ones(()))

    def forward(self, score: torch.Tensor) -> torch.Tensor:
        """Map scores."""
        attack = self.slope * (torch.log(score.clamp(min=SMALLEST)) - self.center)
        return torch.stack([torch.zeros_like(attack), attack], dim=1)

    @torch.no_grad()
    def set_on(self, score: nn.Module, x: Floats) -> None:
        """Set the odds on benign rows.

        Args:
            score: From raw values to anomaly scores.
            x: Benign rows.
        """
        scores = torch.cat([score(rows) for rows in torch.split(torch.from_numpy(x), SCORING_ROWS)])
        logs = torch.log(scores.clamp(min=SMALLEST)).numpy()
        middle, high = (float(np.quantile(logs, q)) for q in (0.5, EVEN_QUANTILE))
        slope = np.clip(LOG_ODDS / max(high - middle, LOG_ODDS / SLOPES[1]), *SLOPES)
        self.center.fill_(high)
        self.slope.fill_(float(slope))


class OneClass(Graphed):
    """A model that learns from benign rows alone and is not trained by gradient descent.

    A warm start is a new fit: what stands costs little to find again.
    """

    one_class: ClassVar[bool] = True
    seed: int = 0

    @abstractmethod
    def scorer(self, x: Floats, weight: Floats | None, columns: tuple[Column, ...]) -> nn.Module:
        """Learn from benign rows.

        Returns:
            A module without anything to train: raw values [n, c] -> anomaly scores [n], 0 or more; high is odd.
        """

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,  # noqa: ARG002  see above
        steps: int = 1,
    ) -> Self:
        """Learn from the benign rows, and set the odds on those of `validation`, if there are any.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: See `Benign.of`.
        """
        benign = Benign.of(x, y, columns, n_classes, weight, validation, steps)
        odds = Odds()
        score = self.scorer(benign.x, benign.weight, tuple(columns) * steps).eval()
        odds.set_on(score, benign.held_out)
        self.network_ = nn.Sequential(score, odds).eval()
        self.columns_ = tuple(columns) * steps
        self.classes_ = np.arange(n_classes)
        self.curve_ = []
        return self
