"""A model whose probability of each class is multiplied by a factor, so that rare classes are told more often.

In: a trained model and validation rows. Out: the same model with a factor per class, part of its graph.
The one idea: the likeliest class is the best guess for accuracy, not for the mean of F1 over classes; what that mean
asks for is other prior probabilities, and these are a multiplication. The factors are chosen on validation rows, one
class after the other on a small grid, as long as macro-F1 rises. Benign's is 1, and so is that of a class without
validation rows; of equally good ones the nearest to 1 is taken. A rare class has few such rows, and the best factors on
them are much of luck: they are chosen on several resamples, and their mean counts.
Wrong where probabilities are to be read as such: the factors bend them (temperature and thresholds are fitted after).
Source: Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001; Lipton, Elkan, Narayanaswamy, "Optimal
Thresholding of Classifiers to Maximize F1 Measure", ECML 2014. We differ: all classes share one argmax.
"""

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.errors import ConfigError
from redshank.data.graph import Nodes, append
from redshank.learn.around import Around, Given
from redshank.learn.measures import confusion, macro_f1
from redshank.learn.model import Classes, Floats

OFFSETS = "offsets"
"""What the setting `imbalance` calls it."""
GRID = np.array(sorted((2.0 ** (step / 2) for step in range(-6, 7)), key=lambda f: (abs(np.log(f)), f)), np.float32)
"""Factors that are tried, 1/8 to 8, the nearest to 1 first."""
ROUNDS = 10  # over all classes; two or three are enough to stand still
RESAMPLES = 8  # on one sample alone the factors lost on other rows what they won on these


class Offsets(Around):
    """Asks another model and multiplies its probabilities.

    Args:
        model: The model.
        seed: Of the resamples.

    Attributes:
        factors_: One per class. [k] float32
    """

    seed: int = 0
    factors_: Floats = field(init=False)

    def settings(self) -> dict[str, Any]:
        """Return the model's settings, and the factors once they are known."""
        known = {"factors": [round(float(f), 4) for f in self.factors_]} if hasattr(self, "factors_") else {}
        return {**super().settings(), "imbalance": OFFSETS, **known}

    def finish(self, given: Given, validation: tuple[Floats, Classes] | None) -> None:
        """Choose the factors.

        Raises:
            ConfigError: If there are no validation rows.
        """
        del given
        if validation is None:
            raise ConfigError(
                "imbalance: 'offsets' chooses its factors on validation rows, and there are none; use a protocol that "
                "sets some aside, or balanced"
            )
        told = self.model.predict_proba(self.seen(validation[0]))
        self.factors_ = factors(told, validation[1], self.seed)

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        bent: Floats = super().predict_proba(x) * self.factors_
        bent /= bent.sum(1, keepdims=True)
        return bent

    def to_onnx(self) -> bytes:
        """Return the model's graph, then the factors."""
        return append(self._bend, super().to_onnx())

    def _bend(self, graph: Nodes, said: str) -> str:
        return graph.add("LpNormalization", graph.add("Mul", said, graph.constant(self.factors_)), axis=1, p=1)


def factors(probabilities: Floats, y: Classes, seed: int) -> Floats:
    """Choose factors by which macro-F1 of the likeliest class rises; all 1 if it does not.

    Args:
        probabilities: Of validation rows.
        y: Their classes.
        seed: Of the resamples.

    Shape:
        probabilities: [n, k]; y: [n]; returns: [k] float32.
    """
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(0, len(y), len(y)) for _ in range(RESAMPLES)]
    found = np.stack([climbed(probabilities[rows], y[rows]) for rows in drawn])
    chosen: Floats = np.exp(np.log(found).mean(0))
    plain, bent = (_macro_f1(y, told.argmax(1), len(chosen)) for told in (probabilities, probabilities * chosen))
    return chosen if bent > plain else np.ones_like(chosen)


def climbed(probabilities: Floats, y: Classes) -> Floats:
    """Return the factors at which macro-F1 of these rows rises no more.

    Shape:
        probabilities: [n, k]; y: [n]; returns: [k] float32.

    Example:
        >>> climbed(np.array([[0.6, 0.4], [0.9, 0.1]], np.float32), np.array([1, 0])).tolist()
        [1.0, 2.0]
    """
    k = probabilities.shape[1]
    chosen = np.ones(k, np.float32)
    movable = [c for c in range(1, k) if (y == c).any()]
    for _ in range(ROUNDS):
        before = chosen.copy()
        for c in movable:
            chosen[c] = GRID[np.argmax(_tried(probabilities * chosen, probabilities[:, c], c, y))]
        if np.array_equal(before, chosen):
            break
    return chosen


def _tried(bent: Floats, alone: Floats, c: int, y: Classes) -> npt.NDArray[np.float64]:
    """Return macro-F1 for each factor of class `c`, those of the others as they are in `bent`.

    Shape:
        bent: [n, k]; alone: [n], the probability of `c`; returns: [len(GRID)].
    """
    others = bent.copy()
    others[:, c] = -1
    rival = others.argmax(1)
    least = others[np.arange(len(y)), rival]
    found = []
    for factor in GRID:
        mine = alone * factor
        called = np.where((mine > least) | ((mine == least) & (c < rival)), c, rival)
        found.append(_macro_f1(y, called, bent.shape[1]))
    return np.array(found)


def _macro_f1(y: Classes, called: Classes, k: int) -> float:
    return macro_f1(confusion(y, called, np.ones(len(y)), k)) or 0.0
