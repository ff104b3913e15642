"""A model that cannot weigh classes by itself, given rows that are weighed or drawn again.

In: a model. Out: the same model, trained so that rare classes count. Networks do this in their own loop
(`learn/network.py`), where oversampled rows are drawn anew each epoch.
"""

from dataclasses import replace

from redshank.core.errors import ConfigError
from redshank.learn.around import Around, Given
from redshank.learn.batches import class_weights, repeated


class Balanced(Around):
    """Trains another model on balanced classes; scores as that model does.

    Args:
        model: The model.
        imbalance: "balanced": every class weighs the same; "oversample": rows of rare classes come again until each
            class is as large as the largest.
        seed: Of the rows drawn.
    """

    imbalance: str = "balanced"
    seed: int = 0

    def prepare(self, given: Given) -> Given:
        """Weigh or draw.

        Raises:
            ConfigError: If there is no such way of balancing.
        """
        weight = given.weight
        if self.imbalance == "oversample":
            rows = repeated(given.y, self.seed)
            weight = None if weight is None else weight[rows]
            return replace(given, x=given.x[rows], y=given.y[rows], weight=weight)
        if self.imbalance == "balanced":
            balanced = class_weights(given.y)
            return replace(given, weight=balanced if weight is None else weight * balanced)
        raise ConfigError(f"imbalance: '{self.imbalance}' is not one of balanced, oversample")
