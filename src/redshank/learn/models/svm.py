"""Support vector machine: the widest margin in the space of a kernel.

In: standardized numbers and one-hot categories. Out: class probabilities.
The one idea: rows of which each landmark says how alike they are stand in the kernel's own space, as far as the
landmarks span it. With every training row a landmark that is the exact machine; above `exact` rows, landmarks are drawn
at random (Nystroem), and the machine is exact in what they span. One class is parted from the rest at a time, by the
squared hinge, and a softmax over the margins, fitted on rows held out, makes probabilities (Platt's way, for many).
Source: Williams and Seeger, "Using the Nystroem Method to Speed Up Kernel Machines", NeurIPS 2000; Platt 1999; Awais et
al. for the three kernels.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from torch import nn

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.graphed import SCORING_ROWS, Graphed
from redshank.learn.inputs import Plain
from redshank.learn.model import Classes, Floats, check_rows

KERNELS = ("rbf", "polynomial", "normalized_polynomial")
FLAT = 1e-9  # directions of the kernel's space that are this much shorter than the longest are rounding
NEVER = -30.0  # logit of a class that was not seen
CLOSE = 0.01  # of the slope at the start, times the share of the rarer side: for rare classes strict enough
STEPS = 10_000  # of the solver; it needs far fewer


class Svm(Graphed):
    """One against the rest in a kernel's space. A warm start is a new fit.

    Args:
        kernel: "rbf", "polynomial" or "normalized_polynomial" (each row as alike to itself as any other to itself).
        degree: Of the polynomials, 1 or more.
        gamma: Scale of the kernel as a multiple of 1 / number of columns, above 0.
        penalty: Of rows on the wrong side of the margin, above 0.
        exact: Most training rows for the exact machine, 1 or more.
        landmarks: Rows that span the space if there are more than that, 1 or more.
        seed: Of the landmarks.
    """

    kernel: str = "rbf"
    degree: int = 3
    gamma: float = 1.0
    penalty: float = 1.0
    exact: int = 1000
    landmarks: int = 500
    seed: int = 0

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,  # noqa: ARG002  the landmarks would be those of old rows
        steps: int = 1,
    ) -> Self:
        """Choose landmarks, find the margins, then the softmax over them: on `validation`, if it has all classes.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: If the rows do not fit the columns or the classes.
        """
        self._check()
        check_rows(x, y, columns, n_classes, steps)
        self.columns_ = tuple(columns) * steps
        rows = torch.from_numpy(x)
        encode = Plain(x, self.columns_)
        at = np.arange(len(x))
        if len(x) > self.exact:
            at = np.sort(np.random.default_rng(self.seed).choice(len(x), min(self.landmarks, len(x)), replace=False))
        alike = _Alike(encode, encode(rows[at]), self.kernel, self.degree, self.gamma / encode.width)
        seen = np.unique(y)
        out, bias = np.zeros((len(at), n_classes)), np.full(n_classes, NEVER)
        bias[seen] = 0
        if len(seen) > 1:
            out[:, seen], bias[seen] = self._margins(alike, at, rows, y, weight, validation)
        self.network_ = nn.Sequential(alike, _Linear(out, bias)).eval()
        self.classes_ = np.arange(n_classes)
        self.curve_ = []
        return self

    def _margins(
        self,
        alike: "_Alike",
        at: npt.NDArray[np.int64],
        rows: torch.Tensor,
        y: Classes,
        weight: Floats | None,
        validation: tuple[Floats, Classes] | None,
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return what turns likeness to the landmarks into logits of the classes seen."""
        whole = _all(alike, rows)
        values, vectors = np.linalg.eigh(whole[at])
        kept = values > FLAT * values[-1]
        root = vectors[:, kept] / np.sqrt(values[kept])  # likeness @ root: coordinates in the kernel's space
        machine = LinearSVC(C=self.penalty, dual=False, tol=CLOSE, max_iter=STEPS, random_state=self.seed)
        machine.fit(whole @ root, y, sample_weight=weight)
        held_out, truth, sure = whole, y, weight
        if validation is not None and set(np.unique(validation[1])) == set(machine.classes_):
            held_out, truth, sure = _all(alike, torch.from_numpy(validation[0])), validation[1], None
        margins = root @ machine.coef_.T  # [landmarks, k], or [landmarks, 1] for two classes
        softmax = LogisticRegression(C=100.0, max_iter=STEPS)
        softmax.fit(held_out @ margins + machine.intercept_, truth, sample_weight=sure)
        across, shift = softmax.coef_.T, softmax.intercept_
        if len(machine.classes_) == 2:
            across, shift = np.concatenate([-across, across], axis=1) / 2, np.array([-shift[0], shift[0]]) / 2
        return margins @ across, machine.intercept_ @ across + shift

    def _check(self) -> None:
        problems = [f"kernel: '{self.kernel}' is not one of {', '.join(KERNELS)}"] * (self.kernel not in KERNELS)
        counts, above = ("degree", "exact", "landmarks"), ("gamma", "penalty")
        problems += [f"{n}: {getattr(self, n)} is not 1 or more" for n in counts if getattr(self, n) < 1]
        problems += [f"{n}: {getattr(self, n)} is not above 0" for n in above if getattr(self, n) <= 0]
        if problems:
            raise ConfigError(problems)


class _Alike(nn.Module):
    """The kernel between rows and landmarks.

    Shape:
        forward: [n, c] -> [n, m] float64; m landmarks.
    """

    landmarks: torch.Tensor
    own: torch.Tensor

    def __init__(self, encode: Plain, landmarks: torch.Tensor, kernel: str, degree: int, gamma: float) -> None:
        super().__init__()
        self.encode = encode
        self.kernel, self.degree, self.gamma = kernel, degree, gamma
        self.register_buffer("landmarks", landmarks.T.contiguous())
        self.register_buffer("own", (landmarks**2).sum(dim=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.encode(x)
        both, own = z @ self.landmarks, (z**2).sum(dim=1, keepdim=True)
        if self.kernel == "rbf":
            return torch.exp(-self.gamma * (own - 2 * both + self.own).clamp(min=0))
        if self.kernel == "polynomial":
            return torch.pow(self.gamma * both + 1, self.degree)
        norm = torch.sqrt((self.gamma * own + 1) * (self.gamma * self.own + 1))
        return torch.pow((self.gamma * both + 1) / norm, self.degree)


class _Linear(nn.Module):
    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, weight: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("weight", torch.from_numpy(weight))
        self.register_buffer("bias", torch.from_numpy(bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight + self.bias


@torch.no_grad()
def _all(alike: _Alike, rows: torch.Tensor) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = torch.cat([alike(part) for part in torch.split(rows, SCORING_ROWS)]).numpy()
    return found
