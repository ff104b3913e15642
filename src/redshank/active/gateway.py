"""Which flows a running service asks about by itself: with what a gateway has, which is the model and nothing to train.

In: what the model says of candidates, and who sent them. Out: row numbers, the most useful first. The one idea: the
same parts as `strategies/mixed.py`, without places in a space of flows, which take scikit-learn: a tenth at random, of
the others flows at the borders of each family in turns, and flows that no class fits; and the same cap for a device
(`caps.py`). What a kind of flow is, stands for a cluster of flows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.active.caps import Cap, Guard, Rows, by_device
from redshank.active.strategy import interleaved, lowest_first

RANDOM = 0.1
"""Share of the questions that chance alone chooses."""
STRANGE = 0.3
"""Of the others, flows that no class fits."""
BY_KIND = Cap(once=0.34, share=1.0)
"""What one kind of flow may have of a round: one of three."""


@dataclass(frozen=True)
class Choice:
    """Flows that may be asked about.

    Args:
        p: Probabilities of the classes; NaN where the model gave none. [n, k]
        unknown: Whether no class fits. [n]
        fair: Those among them that are a fair sample of all flows. [m] row numbers
        moved: Those of devices whose traffic has moved away from what was learnt. [l] row numbers
        devices, kinds: Who began each flow, and what sort of flow it is. [n]
        asked_devices: Who began the flows that were asked about before.
    """

    p: npt.NDArray[np.float64]
    unknown: npt.NDArray[np.bool_]
    fair: Rows
    moved: Rows
    devices: Sequence[str]
    kinds: Sequence[str]
    asked_devices: Sequence[str] = ()


def choose(given: Choice, size: int, seed: int) -> tuple[Rows, Rows]:
    """Choose what to ask.

    Args:
        given: The candidates.
        size: How many questions, above 0; there may be fewer.
        seed: Of what chance chooses, and of the order among equals.

    Returns:
        The rows in the order of usefulness, and those of them that chance chose.
    """
    rng = np.random.default_rng(seed)
    by_chance = rng.permutation(given.fair)[: int(RANDOM * size + rng.random())]
    doubt = margins(given.p)
    n = len(doubt)
    moved = given.moved[lowest_first(doubt[given.moved], size // 2, seed)]
    strange = np.flatnonzero(given.unknown)
    strange = strange[lowest_first(doubt[strange], n, seed)]
    ranked = interleaved([borders(given.p, seed), strange], [1 - STRANGE, STRANGE], n)
    order = np.array(list(dict.fromkeys([*by_chance.tolist(), *moved.tolist(), *ranked.tolist()])), dtype=np.int64)
    device, cap = by_device([*given.devices, *given.asked_devices])
    # What was asked before is known by device only.
    before = np.full(len(given.asked_devices), -1, dtype=np.int64)
    kind = np.concatenate([np.unique(list(given.kinds), return_inverse=True)[1].astype(np.int64), before])
    admit = Guard([device, kind], [cap, BY_KIND], asked=np.arange(n, n + len(before)))
    chosen = admit(admit.still(order), size)
    drawn = chosen[np.isin(chosen, by_chance)]
    useful = chosen[~np.isin(chosen, by_chance)]
    return interleaved([useful, drawn], [1 - RANDOM, RANDOM], size), drawn


def margins(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how much likelier the likeliest class is than the next; 0 where the model gave nothing.

    Shape:
        p: [n, k], k at least 2; returns: [n].

    Example:
        >>> margins(np.array([[0.5, 0.25, 0.25], [np.nan, np.nan, np.nan]])).tolist()
        [0.25, 0.0]
    """
    two = np.partition(p, -2, axis=1)[:, -2:]
    found: npt.NDArray[np.float64] = np.nan_to_num(two[:, 1] - two[:, 0], nan=0.0)
    return found


def borders(p: npt.NDArray[np.float64], seed: int) -> Rows:
    """Rank rows by how nearly two classes are as probable, the classes that they are taken for in turns.

    Shape:
        p: [n, k]; returns: [n] row numbers.

    Example:
        >>> borders(np.array([[0.6, 0.4], [0.55, 0.45], [0.1, 0.9]]), seed=0).tolist()
        [1, 2, 0]
    """
    closest = lowest_first(margins(p), len(p), seed)
    taken_for = np.nan_to_num(p, nan=0.0).argmax(axis=1)[closest]
    turn = np.empty(len(p), dtype=np.int64)
    for one in np.unique(taken_for).tolist():
        own = taken_for == one
        turn[own] = np.arange(own.sum())
    ranked: Rows = closest[np.argsort(turn, kind="stable")]
    return ranked
