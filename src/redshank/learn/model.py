"""What a model is: a scikit-learn estimator that can write itself as one ONNX graph.

In: raw feature values of a feature set, classes as integers. Out: probabilities, and a graph that gives the same from
the same raw values (scaling and encoding are inside it). The constructor is the configuration, and the annotated
fields of the class are the constructor.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin

from redshank.core.registry import Kind
from redshank.features.feature_set import Column

if TYPE_CHECKING:
    import optuna

Floats = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """One line of a training curve: losses and accuracies after an epoch (or boosting round)."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
class Model(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc, unused-ignore]
    """A trainable classifier.

    A subclass writes its settings as annotated fields with defaults, `seed` among them; they become keyword arguments
    of its constructor, after those of the class it derives from, and what `get_params` and `clone` see. What `fit`
    finds ends in an underscore and is declared with `field(init=False)`, unless it stands here. `fit` sets `columns_`,
    `classes_` and `curve_`; training is deterministic by the seed.

    Attributes:
        on_epoch: Called after each line of the curve, for progress; what it raises ends training and leaves the model
            as it was.
        kept_in: Folder in which a model that trains in epochs keeps its state after each, and from which it goes on;
            None to keep none.
    """

    one_class: ClassVar[bool] = False
    """Whether it learns from benign rows (class 0) alone; it has the two classes benign and attack, and `fit` raises a
    ValueError if there are more, or no benign row."""
    exports: ClassVar[bool] = True
    """Whether it has a graph; if not, `to_onnx` raises a ValueError that says why, and it can only be measured."""
    imbalances: ClassVar[tuple[str, ...]] = ("none", "balanced", "oversample")
    """What can be done about rare classes while it is trained; see `learn/balanced.py`."""
    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {}
    """Settings by the name of a recipe, for example the one that a paper publishes."""
    on_epoch: Callable[[Epoch], None] | None = None
    kept_in: Path | None = None
    columns_: tuple[Column, ...]
    classes_: Classes
    curve_: list[Epoch]

    def __init_subclass__(cls) -> None:
        """Make the constructor from the fields."""
        super().__init_subclass__()
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    @classmethod
    def space(cls, trial: "optuna.Trial") -> dict[str, Any]:  # noqa: ARG003  nothing to search, unless it says so
        """Suggest settings for `redshank tune`; every one must be allowed. Empty if there is nothing to search."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Return the constructor arguments, for a manifest or a table of results."""
        settings: dict[str, Any] = self.get_params(deep=False)
        return settings

    @abstractmethod
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
    ) -> "Model":
        """Train.

        Args:
            x: Raw feature values, NaN where absent.
            y: Classes, 0 to n_classes - 1; a class may be missing from `y`.
            columns: What the columns of `x` are.
            n_classes: Number of classes; the width of every output.
            weight: Weight of each row; equal if absent.
            validation: Rows for early stopping and the curve; never trained on.
            warm_start: Go on from the weights there are, if any, instead of starting anew. What has no weights to go on
                from starts anew on the rows given.
            steps: Length of the sequence that a row of `x` is, the oldest step first; each has all `columns`.

        Shape:
            x: [n, steps * c] float32; y: [n] int64; weight: [n] float32.
        """

    @abstractmethod
    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities.

        Shape:
            returns: [n, k] float32; rows sum to 1, k = n_classes.
        """

    @abstractmethod
    def to_onnx(self) -> bytes:
        """Return the graph: input `x` [n, steps * c] float32, output `probabilities` [n, k] float32, n free."""


MODELS: Kind[Model] = Kind("redshank.learn.models", Model, "model")


def check_rows(x: Floats, y: Classes, columns: Sequence[Column], n_classes: int, steps: int) -> None:
    """Make sure that rows fit the columns and the classes.

    Raises:
        ValueError: If not.
    """
    if not len(x) or x.shape != (len(y), steps * len(columns)):
        wanted = f"{len(columns)} columns" + f" at {steps} steps" * (steps > 1)
        raise ValueError(f"x has shape {x.shape}, but there are {len(y)} classes and {wanted}")
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError(f"y holds {y.min()} to {y.max()}, allowed is 0 to {n_classes - 1}")
