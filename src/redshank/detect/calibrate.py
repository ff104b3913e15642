"""Probabilities that mean what they say, thresholds at a stated false-alarm rate, p-values, and "unknown".

In: class probabilities and true classes of calibration rows that nothing was trained on. Out: a `Calibration`, plain
numbers that travel in the bundle's manifest. The one idea: a new benign flow is exchangeable with the benign
calibration flows, so its rank among their scores is uniform, whatever the model is.
Source: temperature scaling, Guo et al., ICML 2017; split conformal prediction and class-conditional conformity, Vovk,
Gammerman and Shafer, Algorithmic Learning in a Random World, 2005. We differ: a threshold lies a hair above its order
statistic, so that a benign flow that ties with it (the same features over and over, as devices do) is no alarm, not
even when the serving runtime rounds its score differently.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

RATES = (0.05, 0.01, 0.001, 0.0001)
BENIGN_KEPT = 1000
CLASS_KEPT = 200
# A float32 softmax gives exact zeros; -27.6 is as far down as a log probability goes.
SMALLEST = 1e-12
# On rows without a single error the likelihood has no best temperature; the bounds keep scores apart from 0 and 1.
TEMPERATURES = (0.5, 10.0)
# Relative step in the odds above the order statistic, and the least threshold: two runtimes round a float32 probability
# 6e-8 apart, which is less than this step from the least threshold on. Neither costs recall worth the name.
HAIR = 1e-3
LEAST_THRESHOLD = 1e-4
# A manifest is a file that anyone may have written: more rows than this, no calibration has.
MOST_ROWS = 10**12
SHOWN = 60  # characters of a wrong value that its message repeats


@dataclass(frozen=True)
class Calibration:
    """What calibration rows taught; see `fit`.

    Args:
        temperature: Probabilities become softmax(log(p) / temperature).
        thresholds: By false-alarm rate as text ("0.01"): alarm at attack scores >= this; inf if there were too few
            benign rows to certify the rate.
        benign_scores: Sorted attack scores of benign rows, thinned to 1,000 quantiles.
        benign_rows: How many there were before thinning.
        class_scores: By class: sorted calibrated probability of the true class, thinned to 200 quantiles.
        unknown_below: A flow is unknown if its conformal p-value is below this for every class.
    """

    temperature: float
    thresholds: dict[str, float]
    benign_scores: list[float]
    benign_rows: int
    class_scores: list[list[float]]
    unknown_below: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `Manifest.calibration`; an infinite threshold becomes None (JSON has no inf)."""
        return {
            "temperature": self.temperature,
            "thresholds": {rate: tau if math.isfinite(tau) else None for rate, tau in self.thresholds.items()},
            "benign_scores": list(self.benign_scores),
            "benign_rows": self.benign_rows,
            "class_scores": [list(scores) for scores in self.class_scores],
            "unknown_below": self.unknown_below,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild a calibration from `to_dict`; keys that are not ours (a manifest may carry more) are left alone.

        Raises:
            ValueError: If a value is missing, is no number, or one that `fit` cannot give; it is named.
        """
        key = ""
        try:
            key = "temperature"
            temperature = _number(values[key], 1e-6, 1e6)
            key = "thresholds"
            thresholds = {
                rate_text(_number(float(rate), 0, 1)): math.inf if tau is None else _number(tau, 0, 1 + HAIR)
                for rate, tau in values[key].items()
            }
            key = "benign_scores"
            benign_scores = _scores(values[key])
            key = "benign_rows"
            benign_rows = int(_number(values[key], len(benign_scores), MOST_ROWS))
            key = "class_scores"
            class_scores = [_scores(scores) for scores in values[key]]
            key = "unknown_below"
            unknown_below = _number(values[key], 0, 1)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said = f" ({error})" if isinstance(error, _OutOfRangeError) else ""
            shown = repr(values[key])[:SHOWN] if key in values else "'missing'"
            raise ValueError(f"calibration: '{key}' is {shown}{said}") from None
        return cls(temperature, thresholds, benign_scores, benign_rows, class_scores, unknown_below)


def fit(
    probabilities: npt.NDArray[np.float32],
    y: npt.NDArray[np.int64],
    *,
    rates: Sequence[float] = RATES,
    unknown_below: float = 0.01,
) -> Calibration:
    """Fit a calibration on rows that nothing was trained on.

    Wrong on training rows: scores are too good there, and every threshold is too low. The rates hold for rows like
    these: where each distinct vector was counted once, they are of distinct vectors, and a device that says one odd
    thing over and over raises more alarms than that.

    Args:
        probabilities: The model's class probabilities; class 0 is benign.
        y: True classes, 0 to k - 1.
        rates: False-alarm rates to set thresholds for, 0 to 1.
        unknown_below: See `Calibration`.

    Shape:
        probabilities: [n, k] float32, k >= 2; y: [n] int64.

    Raises:
        ValueError: If there are no rows, shapes differ, a class is out of range, or a probability is not finite.
    """
    if probabilities.ndim != 2 or probabilities.shape[1] < 2 or len(probabilities) != len(y) or len(y) == 0:
        raise ValueError(
            f"calibration: probabilities {probabilities.shape} and y {y.shape}, wanted [n, k >= 2] and [n]"
        )
    classes = probabilities.shape[1]
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(f"calibration: classes {y.min()} to {y.max()}, the model has 0 to {classes - 1}")
    if not np.isfinite(probabilities).all():
        raise ValueError(f"calibration: row {int(np.argmin(np.isfinite(probabilities).all(1)))} is not finite")
    temperature = _temperature(probabilities, y)
    scaled = _softmax(probabilities, temperature)
    benign = np.sort(attack_score(scaled[y == 0]))
    own = scaled[np.arange(len(y)), y]
    return Calibration(
        temperature=temperature,
        thresholds={rate_text(rate): _threshold(benign, rate) for rate in rates},
        benign_scores=benign[_ranks(len(benign), min(len(benign), BENIGN_KEPT))].tolist(),
        benign_rows=len(benign),
        class_scores=[_even_quantiles(np.sort(own[y == c])) for c in range(classes)],
        unknown_below=unknown_below,
    )


def fit_benign(scores: Doubles, *, rates: Sequence[float] = RATES) -> Calibration:
    """Fit thresholds and p-values on benign rows alone; there is no temperature, and so no probability of an attack.

    Args:
        scores: Of benign rows that nothing was trained on, 0 to 1.
        rates: As of `fit`.

    Shape:
        scores: [n].

    Raises:
        ValueError: If there are none, or one is not finite.
    """
    if not len(scores) or not np.isfinite(scores).all():
        raise ValueError(f"calibration: {len(scores)} benign scores, wanted one at least, all of them finite")
    benign = np.sort(scores)
    return Calibration(
        temperature=1.0,
        thresholds={rate_text(rate): _threshold(benign, rate) for rate in rates},
        benign_scores=benign[_ranks(len(benign), min(len(benign), BENIGN_KEPT))].tolist(),
        benign_rows=len(benign),
        class_scores=[_even_quantiles(np.sort(1 - benign)), []],
        unknown_below=0.0,
    )


def calibrated(calibration: Calibration, probabilities: npt.NDArray[np.floating[Any]]) -> Doubles:
    """Return probabilities at the calibration's temperature; a row that is not finite stays NaN.

    Shape:
        probabilities, returns: [n, k]; n rows, k classes.
    """
    return _softmax(probabilities, calibration.temperature)


def attack_score(probabilities: npt.NDArray[np.floating[Any]]) -> Doubles:
    """Return 1 - p(benign) of each row, summed over the other classes to keep small scores apart.

    Shape:
        probabilities: [n, k]; returns: [n].

    Example:
        >>> attack_score(np.array([[0.75, 0.125, 0.125]])).tolist()
        [0.25]
    """
    score: Doubles = np.clip(probabilities[:, 1:].sum(axis=1, dtype=np.float64), 0.0, 1.0)
    return score


def p_values(calibration: Calibration, scores: Doubles) -> Doubles:
    """Return the share of benign calibration flows that score at least as high: (1 + #{>= s}) / (n + 1).

    Where the scores were thinned the count is the largest that they allow, so a p-value is never too small.

    Shape:
        scores, returns: [n]; NaN stays NaN.
    """
    n, kept = calibration.benign_rows, np.asarray(calibration.benign_scores, dtype=np.float64)
    below = np.concatenate([[0], _ranks(n, len(kept)) + 1])  # benign rows certainly below, by thinned position
    at_least = n - below[np.searchsorted(kept, scores, side="left")]
    p: Doubles = np.where(np.isnan(scores), np.nan, (1 + at_least) / (n + 1))
    return p


def threshold(calibration: Calibration, rate: float) -> float:
    """Return the threshold at any false-alarm rate; inf if the benign rows are too few to certify it.

    A rate that `fit` set no threshold for has the least that the kept scores certify; where they were thinned its rate
    is a little below the one asked for.

    Args:
        calibration: What was fitted.
        rate: Share of benign flows that may score as high, 0 to 1.
    """
    known = calibration.thresholds.get(rate_text(rate))
    if known is not None:
        return known
    n, kept = calibration.benign_rows, calibration.benign_scores
    k = _rank(n, rate)
    return math.inf if k > n else _above(kept[int(np.searchsorted(_ranks(n, len(kept)), k - 1))])


def unknown(calibration: Calibration, probabilities: Doubles) -> npt.NDArray[np.bool_]:
    """Tell the flows that no known class fits, benign included.

    Wrong as a search for attacks of a new family: a flow that the model takes for one of its classes is not unknown,
    and it takes most new attacks for benign. Of the lab's nine families, each left out of training in turn, no flow of
    the one left out was unknown to `bilstm` or `lightgbm`.

    A class fits a flow unless the flow's conformal p-value, (1 + #{calibration rows of the class that conform no
    better}) / (m + 1), is below `unknown_below`. With too few rows for that p-value to get so low, a class fits what
    conforms at least as well as its worst calibration row; with no rows at all, what it is the best guess for.

    Args:
        calibration: What was fitted.
        probabilities: Calibrated probabilities, as `calibrated` gives them.

    Shape:
        probabilities: [n, k]; returns: [n] bool; False for rows that are not finite.
    """
    fits = np.isnan(probabilities).any(axis=1)
    best = np.argmax(probabilities, axis=1)
    for c, scores in enumerate(calibration.class_scores):
        if not scores:
            fits |= best == c
            continue
        conform_no_better = np.searchsorted(np.asarray(scores), probabilities[:, c], side="right")
        needed = max(1, math.ceil(calibration.unknown_below * (len(scores) + 1) - 1e-9) - 1)
        fits |= conform_no_better >= needed
    strange: npt.NDArray[np.bool_] = np.logical_not(fits)
    return strange


def rate_text(rate: float) -> str:
    """Return a false-alarm rate as the key of `Calibration.thresholds`.

    Example:
        >>> rate_text(1e-4)
        '0.0001'
    """
    return np.format_float_positional(rate, trim="-")


class _OutOfRangeError(ValueError):
    """A number that no calibration holds."""


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not low <= value <= high:
        raise _OutOfRangeError(f"{repr(value)[:SHOWN]} is not {low:g} to {high:g}")
    return float(value)


def _scores(values: Sequence[object]) -> list[float]:
    if not isinstance(values, list):
        raise TypeError
    scores = [_number(value, 0, 1) for value in values]
    if scores != sorted(scores):
        raise _OutOfRangeError("not in ascending order")
    return scores


def _threshold(benign: Doubles, rate: float) -> float:
    k = _rank(len(benign), rate)
    return math.inf if k > len(benign) else _above(float(benign[k - 1]))


def _rank(n: int, rate: float) -> int:
    # Rank k of n sorted scores: a new benign score passes it with probability (n + 1 - k) / (n + 1) <= rate.
    return max(1, math.ceil((n + 1) * (1 - rate) - 1e-9))


def _above(s: float) -> float:
    return max(s * (1 + HAIR) / (1 + HAIR * s), math.nextafter(s, math.inf), LEAST_THRESHOLD)


def _temperature(probabilities: npt.NDArray[np.float32], y: npt.NDArray[np.int64]) -> float:
    # Golden-section search: the negative log-likelihood is convex in 1 / T, so it has one minimum in log T too.
    logs = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    rows = np.arange(len(y))

    def loss(log_t: float) -> float:
        z = logs / math.exp(log_t)
        z -= z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[rows, y]))

    low, high = (math.log(t) for t in TEMPERATURES)
    golden = (math.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def _softmax(probabilities: npt.NDArray[np.floating[Any]], temperature: float) -> Doubles:
    z = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST)) / temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    scaled: Doubles = e / e.sum(axis=1, keepdims=True)
    return scaled


def _ranks(n: int, kept: int) -> npt.NDArray[np.int64]:
    # Which of n sorted values are kept; the first and the last always.
    return np.linspace(0, n - 1, kept).round().astype(np.int64)


def _even_quantiles(ordered: Doubles) -> list[float]:
    # Ranks that cut the n + 1 gaps between n sorted scores evenly, rounded down: a new score of the class lies below
    # the j-th of m kept ones with probability j / (m + 1) at most, as it would if these m were all there are.
    n, m = len(ordered), min(len(ordered), CLASS_KEPT)
    kept: list[float] = ordered[np.arange(1, m + 1) * (n + 1) // (m + 1) - 1].tolist()
    return kept
