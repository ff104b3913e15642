"""A model that cannot weigh classes by itself, given rows that are weighed or drawn again.

In: a model. Out: the same model, trained so that rare classes count. Networks do this in their own loop
(`learn/network.py`), where oversampled rows are drawn anew each epoch.
"""

from collections.abc import Sequence
from typing import Any, Self

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.batches import class_weights, repeated
from redshank.learn.model import Classes, Floats, Model


class Balanced(Model):
    """Trains another model on balanced classes; scores as that model does.

    Args:
        model: The model.
        imbalance: "balanced": every class weighs the same; "oversample": rows of rare classes come again until each
            class is as large as the largest.
        seed: Of the rows drawn.
    """

    model: Model
    imbalance: str = "balanced"
    seed: int = 0

    def settings(self) -> dict[str, Any]:
        """Return the model's settings and the way of balancing."""
        return {**self.model.settings(), "imbalance": self.imbalance}

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
        """Weigh or draw, then train, see `Model.fit`.

        Raises:
            ConfigError: If there is no such way of balancing for this model.
        """
        if self.imbalance == "oversample":
            rows = repeated(y, self.seed)
            x, y, weight = x[rows], y[rows], None if weight is None else weight[rows]
        elif self.imbalance == "balanced":
            weight = class_weights(y) if weight is None else weight * class_weights(y)
        else:
            name = type(self.model).__name__.lower()
            raise ConfigError(f"imbalance: '{self.imbalance}' is not one of none, balanced, oversample for {name}")
        self.model.on_epoch, self.model.kept_in = self.on_epoch, self.kept_in
        self.model.fit(
            x,
            y,
            columns=columns,
            n_classes=n_classes,
            weight=weight,
            validation=validation,
            warm_start=warm_start,
            steps=steps,
        )
        self.columns_, self.classes_, self.curve_ = self.model.columns_, self.model.classes_, self.model.curve_
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        return self.model.predict_proba(x)

    def to_onnx(self) -> bytes:
        """Return the model's graph."""
        return self.model.to_onnx()
