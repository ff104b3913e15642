"""Ensemble of small autoencoders, each over columns that belong together, and one over what they get wrong.

In: encoded rows. Out: how wrong the last autoencoder is about how wrong the others are.
The one idea: columns that rise and fall together explain one another; a few numbers suffice to write them again.
Source: Mirsky, Doitshman, Elovici, Shabtai, "Kitsune: An Ensemble of Autoencoders for Online Network Intrusion
Detection", NDSS 2018 (its detector, KitNET). We differ: columns are parted and nets trained in batches, not as packets
come; one table of weights holds all small autoencoders; and the last one takes the logarithm of their errors.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from torch import nn

from redshank.features.feature_set import Column
from redshank.learn.inputs import fit_inputs
from redshank.learn.model import Classes, Floats
from redshank.learn.one_class import Benign
from redshank.learn.reconstruction import Errors, Reconstruction

FAINT = 0.01  # an error of a small autoencoder below which the last one hardly hears it


class AutoencoderEnsemble(Reconstruction):
    """Small autoencoders over clusters of columns, and one over their errors.

    Args:
        columns: Most encoded columns in a cluster, 1 or more.
        ratio: Width of each bottleneck as a share of what goes in, above 0, at most 1.
    """

    columns: int = 10
    ratio: float = 0.5
    groups_: list[list[int]] = field(init=False)

    least: ClassVar[dict[str, float]] = {"columns": 1}

    def problems(self) -> list[str]:
        """Say what is wrong with the settings."""
        problems = super().problems()
        if not 0 < self.ratio <= 1:
            problems.append(f"ratio: {self.ratio} is not above 0 and at most 1")
        return problems

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,
        steps: int = 1,
    ) -> Self:
        """Part the columns, then train, see `Reconstruction`."""
        if not self.problems():  # of which `Network.fit` tells
            benign = Benign.of(x, y, columns, n_classes, weight, validation, steps).x
            each = benign.reshape(-1, len(columns))
            encoded = fit_inputs(self.inputs, each, columns, self.bins)(torch.from_numpy(each)).numpy()
            self.groups_ = clusters(encoded.reshape(len(benign), -1), self.columns)
        return super().fit(
            x,
            y,
            columns=columns,
            n_classes=n_classes,
            weight=weight,
            validation=validation,
            warm_start=warm_start,
            steps=steps,
        )

    def errors(self, width: int, steps: int) -> "Ensemble":  # noqa: ARG002  the clusters know
        """Build all autoencoders."""
        return Ensemble(self.groups_, self.ratio)


def clusters(x: npt.NDArray[np.floating], most: int) -> list[list[int]]:
    """Part columns into clusters of at most `most` that are correlated, from the top of a dendrogram down.

    Shape:
        x: [n, c].
    """
    values = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    length = np.sqrt((values**2).sum(axis=0))
    values /= np.where(length > 0, length, 1)
    apart = np.clip(1 - np.abs(values.T @ values), 0, 1)
    np.fill_diagonal(apart, 0)
    members = [[i] for i in range(x.shape[1])]
    if len(members) == 1:
        return members
    tree = linkage(squareform(apart, checks=False), "average")
    for one, other, *_ in tree:
        members.append(sorted(members[int(one)] + members[int(other)]))
    waiting, found = [len(members) - 1], []
    for node in waiting:  # grows while it is walked
        if len(members[node]) <= most:
            found.append(members[node])
        else:
            waiting += [int(child) for child in tree[node - x.shape[1], :2]]
    return found


class Ensemble(Errors):
    """All autoencoders.

    Args:
        groups: Clusters of columns.
        ratio: Width of each bottleneck as a share of what goes in.

    Shape:
        forward: [n, width] or [n, steps, width] -> [n].
    """

    index: torch.Tensor
    there: torch.Tensor

    def __init__(self, groups: list[list[int]], ratio: float) -> None:
        super().__init__()
        most = max(len(group) for group in groups)
        code = max(1, int(np.ceil(ratio * most)))
        last = max(1, int(np.ceil(ratio * len(groups))))
        self.register_buffer("index", torch.tensor([group + [0] * (most - len(group)) for group in groups]))
        self.register_buffer("there", torch.tensor([[i < len(group) for i in range(most)] for group in groups]).float())
        self.narrow = nn.Parameter(torch.randn(len(groups), most, code) / most**0.5)
        self.narrow_bias = nn.Parameter(torch.zeros(len(groups), 1, code))
        self.widen = nn.Parameter(torch.randn(len(groups), code, most) / code**0.5)
        self.widen_bias = nn.Parameter(torch.zeros(len(groups), 1, most))
        self.last = nn.Sequential(nn.Linear(len(groups), last), nn.Tanh(), nn.Linear(last, len(groups)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the error of the last autoencoder."""
        return self.parts(x)[1]

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """Return all errors; those of the small ones learn nothing from the last one's."""
        each, last = self.parts(x)
        return each.sum(dim=1) + last

    def parts(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the error of each small autoencoder, summed over its columns, and that of the last one."""
        given = x.flatten(1)[:, self.index].transpose(0, 1) * self.there[:, None]
        code = torch.tanh(given @ self.narrow + self.narrow_bias)
        again = (code @ self.widen + self.widen_bias) * self.there[:, None]
        each = ((again - given) ** 2).sum(dim=2).T
        loud = torch.log(1 + each.detach() / FAINT)
        last = ((self.last(loud) - loud) ** 2).mean(dim=1)
        return each, last
