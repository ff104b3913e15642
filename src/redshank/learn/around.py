"""A model that stands around another: it treats rows, asks the other, or treats what that one answers.

In: a model. Out: a model on raw rows.
The one idea: training rows may be weighed, drawn or dropped (`prepare`), every row is seen in the same way in training,
validation and service (`seen`), and what stands around a model writes itself into its graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats, Model


@dataclass(frozen=True)
class Given:
    """What a model is trained on, see `Model.fit`."""

    x: Floats
    y: Classes
    columns: Sequence[Column]
    n_classes: int
    weight: Floats | None
    warm_start: bool
    steps: int


class Around(Model):
    """Asks another model.

    Args:
        model: The model.
    """

    model: Model

    def settings(self) -> dict[str, Any]:
        """Return the model's settings and those of what stands around it."""
        own = {name: value for name, value in super().settings().items() if name not in ("model", "seed")}
        return {**self.model.settings(), **own}

    def prepare(self, given: Given) -> Given:
        """Return what the model is trained on."""
        return given

    def seen(self, x: Floats) -> Floats:
        """Return rows as the model is to see them."""
        return x

    def finish(self, given: Given, validation: tuple[Floats, Classes] | None) -> None:
        """Do what is to be done once the model is trained.

        Args:
            given: As `prepare` got it.
            validation: Raw rows.
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
        warm_start: bool = False,
        steps: int = 1,
    ) -> Self:
        """Prepare, train and finish, see `Model.fit`.

        Raises:
            ActionError: If cleaning leaves no row.
            ConfigError: If a setting is wrong.
        """
        given = Given(x, y, columns, n_classes, weight, warm_start, steps)
        to_learn = self.prepare(given)
        self.model.on_epoch, self.model.kept_in = self.on_epoch, self.kept_in
        self.model.fit(
            to_learn.x,
            to_learn.y,
            columns=to_learn.columns,
            n_classes=n_classes,
            weight=to_learn.weight,
            validation=None if validation is None else (self.seen(validation[0]), validation[1]),
            warm_start=warm_start,
            steps=steps,
        )
        self.columns_ = tuple(columns) * steps
        self.classes_, self.curve_ = self.model.classes_, self.model.curve_
        self.finish(given, validation)
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        check_is_fitted(self, "classes_")
        return self.model.predict_proba(self.seen(x))

    def to_onnx(self) -> bytes:
        """Return the model's graph."""
        check_is_fitted(self, "classes_")
        return self.model.to_onnx()
