"""A model behind cleaning steps.

In: a model and the texts of steps. Out: a model on raw rows: the steps are fitted on the training rows and stand in
front of the exported graph. Validation rows and rows to score are treated but never dropped.
"""

from collections.abc import Sequence
from dataclasses import field, replace

import numpy as np

from redshank.data.clean import recorded
from redshank.data.cleaning import Cleaning, Rows
from redshank.learn.around import Around, Given
from redshank.learn.model import Floats


class Cleaned(Around):
    """Cleans, then asks another model.

    Args:
        model: The model.
        clean: Texts of cleaning steps, in order; see `data/cleaning.py`.
        seed: Of what is random in the steps.

    Attributes:
        cleaning_: The fitted steps.
    """

    clean: Sequence[str] = ()
    seed: int = 0
    cleaning_: Cleaning = field(init=False)

    def prepare(self, given: Given) -> Given:
        """Fit the steps and clean; a warm start keeps the steps as they were fitted.

        Raises:
            ActionError: If the steps leave no row.
            ConfigError: If a step or a setting is wrong.
        """
        if given.warm_start and hasattr(self, "cleaning_"):
            return replace(given, x=self.seen(given.x), columns=self.cleaning_.columns_)
        known = np.ones(len(given.x), np.float32) if given.weight is None else given.weight
        cleaning = Cleaning(self.clean, self.seed)
        rows = cleaning.fit(Rows(given.x, given.y, known), given.columns, given.n_classes, given.steps)
        recorded(cleaning.records_)
        self.cleaning_ = cleaning
        weight = None if given.weight is None else rows.weight
        return replace(given, x=rows.x, y=rows.y, weight=weight, columns=cleaning.columns_)

    def seen(self, x: Floats) -> Floats:
        """Return rows as the steps leave them."""
        return self.cleaning_.apply(x)

    def to_onnx(self) -> bytes:
        """Return the graph: the steps, then the model's."""
        return self.cleaning_.prepend(super().to_onnx())
