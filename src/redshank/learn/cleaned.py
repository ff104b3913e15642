"""A model behind cleaning steps.

In: a model and the texts of steps. Out: a model on raw rows: the steps are fitted on the training rows and stand in
front of the exported graph. Validation rows and rows to score are treated but never dropped.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from redshank.data.clean import recorded
from redshank.data.cleaning import Cleaning, Rows
from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats, Model


class Cleaned(Model):
    """Cleans, then asks another model.

    Args:
        model: The model.
        clean: Texts of cleaning steps, in order; see `data/cleaning.py`.
        seed: Of what is random in the steps.

    Attributes:
        cleaning_: The fitted steps.
    """

    cleaning_: Cleaning

    def __init__(self, model: Model, clean: Sequence[str] = (), *, seed: int = 0) -> None:
        self.model = model
        self.clean = clean
        self.seed = seed

    def settings(self) -> dict[str, Any]:
        """Return the model's settings and the steps."""
        return {**self.model.settings(), "clean": list(self.clean)}

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
        """Fit the steps, then train, see `Model.fit`; a warm start keeps the steps as they were fitted.

        Raises:
            ActionError: If the steps leave no row.
            ConfigError: If a step or a setting is wrong.
        """
        rows = Rows(x, y, np.ones(len(x), np.float32) if weight is None else weight)
        if warm_start and hasattr(self, "cleaning_"):
            rows = Rows(self.cleaning_.apply(x), y, rows.weight)
        else:
            cleaning = Cleaning(self.clean, self.seed)
            rows = cleaning.fit(rows, columns, n_classes, steps)
            recorded(cleaning.records_)
            self.cleaning_ = cleaning
        self.model.on_epoch, self.model.kept_in = self.on_epoch, self.kept_in
        self.model.fit(
            rows.x,
            rows.y,
            columns=self.cleaning_.columns_,
            n_classes=n_classes,
            weight=None if weight is None else rows.weight,
            validation=None if validation is None else (self.cleaning_.apply(validation[0]), validation[1]),
            warm_start=warm_start,
            steps=steps,
        )
        self.classes_ = self.model.classes_
        self.curve_ = self.model.curve_
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        check_is_fitted(self, "cleaning_")
        return self.model.predict_proba(self.cleaning_.apply(x))

    def to_onnx(self) -> bytes:
        """Return the graph: the steps, then the model's."""
        check_is_fitted(self, "cleaning_")
        return self.cleaning_.prepend(self.model.to_onnx())
