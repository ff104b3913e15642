"""Naive Bayes: each column tells of the class on its own.

In: raw values. Out: class probabilities.
The one idea: count. A number is Gaussian within a class after the logarithm, a category has its frequencies, and that
a value is absent is news as well. Columns that say the same are believed twice, so the probabilities are too sure of
themselves; calibration mends part of that.
Source: the learner beside which the first study puts its active learning; Hand and Yu, "Idiot's Bayes", 2001.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import nn

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.graphed import Graphed
from redshank.learn.inputs import Plain
from redshank.learn.model import Classes, Floats, check_rows

NEVER = 1e-9  # rows of a class that was not seen: less than of any that was


class NaiveBayes(Graphed):
    """Gaussian numbers and counted categories. A warm start counts anew.

    Args:
        smoothing: Rows of each class that are taken to have had each category, above 0.
        narrowest: Least standard deviation of a number within a class, as a share of that over all rows, above 0.
        seed: Taken as by every model; nothing here is random.
    """

    smoothing: float = 0.1
    narrowest: float = 0.1
    seed: int = 0

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,  # noqa: ARG002  there is nothing to stop early
        warm_start: bool = False,  # noqa: ARG002  counting again costs little
        steps: int = 1,
    ) -> Self:
        """Count and average.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: If the rows do not fit the columns or the classes.
        """
        settings = ("smoothing", "narrowest")
        problems = [f"{n}: {getattr(self, n)} is not above 0" for n in settings if getattr(self, n) <= 0]
        if problems:
            raise ConfigError(problems)
        check_rows(x, y, columns, n_classes, steps)
        self.columns_ = tuple(columns) * steps
        encode = Plain(x, self.columns_)
        share = torch.zeros(len(x), n_classes, dtype=torch.float64)
        share[torch.arange(len(x)), torch.from_numpy(y)] = (
            torch.ones(len(x), dtype=torch.float64) if weight is None else torch.from_numpy(weight).to(torch.float64)
        )
        self.network_ = _Densities(encode, encode(torch.from_numpy(x)), share, self.smoothing, self.narrowest).eval()
        self.classes_ = np.arange(n_classes)
        self.curve_ = []
        return self


class _Densities(nn.Module):
    """Logarithms of how probable a row and a class are together, up to what all classes share.

    Shape:
        z: [n, w] encoded rows; share: [n, k] weight of each row in its class; forward: [n, c] -> [n, k].
    """

    flag_of: torch.Tensor
    prior: torch.Tensor
    mean: torch.Tensor
    spread: torch.Tensor
    counted: torch.Tensor

    def __init__(self, encode: Plain, z: torch.Tensor, share: torch.Tensor, smoothing: float, narrowest: float) -> None:
        super().__init__()
        self.encode = encode
        self.numbers = len(encode.number)
        flag_of = torch.zeros(len(encode.missing), self.numbers, dtype=torch.float64)
        flag_of[torch.arange(len(encode.missing)), encode.missing] = 1
        self.register_buffer("flag_of", flag_of)
        value, there, codes = self._parts(z)
        rows = share.sum(dim=0)
        held = (share.T @ there).clamp(min=NEVER)  # [k, numbers]
        mean = share.T @ (value * there) / held
        square = share.T @ (value**2 * there) / held
        self.register_buffer("mean", mean)
        self.register_buffer("spread", (square - mean**2).clamp(min=narrowest**2).sqrt())
        sizes = [2] * (2 * len(encode.missing)) + encode.codes.to(torch.int64).tolist()
        total = rows[:, None] + smoothing * torch.tensor(sizes, dtype=torch.float64)
        self.register_buffer("counted", torch.log((share.T @ codes + smoothing) / total))
        self.register_buffer("prior", torch.log(rows.clamp(min=NEVER)))

    def _parts(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        flags = z[:, self.numbers : self.numbers + len(self.flag_of)]
        codes = torch.cat([flags, 1 - flags, z[:, self.numbers + len(self.flag_of) :]], dim=1)
        return z[:, : self.numbers], 1 - flags @ self.flag_of, codes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value, there, codes = self._parts(self.encode(x))
        apart = (value[:, None] - self.mean) / self.spread
        density = -(0.5 * apart**2 + torch.log(self.spread)) * there[:, None]
        return self.prior + density.sum(dim=2) + codes @ self.counted.T
