"""Attacks on the labelling loop, simulated: what the guard is measured against.

In: a pool, its classes, a seed. Out: a pool with an attacker's rows in it, analysts of whom one lies, rows that drift.
The one idea: an attacker of the loop needs no access to it; he sends traffic that the model must doubt, or has answers
given that are wrong. All is deterministic by the seed, for tests and experiments; nothing here touches a network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from redshank.active.caps import Rows
from redshank.active.loop import Analyst
from redshank.data.parts import Part, Parts, joined
from redshank.learn.model import Classes, Floats

SOURCES = 30
"""Attack rows that a flood copies."""
BETWEEN = (0.4, 0.6)
"""How far a copy lies on the way to a benign row: where a model cannot be sure."""


def flooded(parts: Parts, share: float, seed: int) -> tuple[Parts, Rows]:
    """Add an attacker's rows to a pool, as many that they are a share of it.

    Each is a copy of one of a few attack rows, moved about halfway to a benign one in every column that is no category.
    (Copies that are moved to the same few benign rows are soon learned, and cost almost no questions.)
    Whoever is asked what it is can only guess: benign or that attack, by the toss of a coin. So a model stays in doubt
    there, however many it was told.

    Args:
        parts: The pool is `train`; it has benign and attack rows.
        share: Of the rows of the new pool, 0 to 1.
        seed: Of rows, ways and coins.

    Returns:
        The same parts with the larger pool, and the row numbers of the attacker's.
    """
    rng, pool = np.random.default_rng(seed), parts.train
    count = round(len(pool) * share / (1 - share))
    source = rng.choice(rng.choice(np.flatnonzero(pool.y != 0), SOURCES), count)
    toward = rng.choice(np.flatnonzero(pool.y == 0), count)
    number = np.tile([not column.codes for column in parts.columns], parts.steps)
    way = np.where(number, rng.uniform(*BETWEEN, (count, 1)), 0.0).astype(np.float32)
    x = pool.x[source] * (1 - way) + np.where(number, pool.x[toward], 0.0) * way
    y = np.where(rng.random(count) < 0.5, pool.y[source], 0)
    sent = Part(x.astype(np.float32), y, np.ones(count, np.float32), np.full(count, -1, np.int64))
    return replace(parts, train=joined([pool, sent])), np.arange(len(pool), len(pool) + count)


def flipping(y: Classes, n_classes: int, seed: int) -> Analyst:
    """Return an analyst who calls every attack benign, and what is benign some attack.

    Args:
        y: What the rows of the pool are.
        n_classes: How many classes there are, benign the first.
        seed: Of which attack it is.
    """
    rng = np.random.default_rng(seed)

    def answer(rows: Rows) -> Classes:
        return np.where(y[rows] == 0, rng.integers(1, n_classes, len(rows)), 0).astype(np.int64)

    return answer


class Panel:
    """Analysts who share the questions, each the next one; who is asked again about a row is another one.

    Args:
        analysts: Two or more.

    Example:
        >>> panel = Panel([lambda rows: rows * 0, lambda rows: rows * 0 + 1])
        >>> panel(np.array([7, 8, 9])).tolist(), panel(np.array([7])).tolist()
        ([0, 1, 0], [1])
        >>> panel.source(np.array([7, 8]), np.array([0, 1])).tolist()
        [0, 1]
    """

    def __init__(self, analysts: Sequence[Analyst]) -> None:
        self._analysts = analysts
        self._said: dict[int, list[tuple[int, int]]] = {}
        self._turn = 0

    def __call__(self, rows: Rows) -> Classes:
        """Answer, see `loop.Analyst`."""
        who = np.empty(len(rows), np.int64)
        for i, row in enumerate(rows.tolist()):
            said = self._said.get(row)
            who[i] = (said[-1][0] + 1 if said else self._turn) % len(self._analysts)
            self._turn += not said
        given = np.empty(len(rows), np.int64)
        for one, answer in enumerate(self._analysts):
            given[who == one] = answer(rows[who == one])
        for row, one, what in zip(rows.tolist(), who.tolist(), given.tolist(), strict=True):
            self._said.setdefault(row, []).append((one, what))
        return given

    def source(self, rows: Rows, y: Classes) -> Rows:
        """Return who gave each label, the latest of several.

        Args:
            rows: Rows that were answered.
            y: Their labels.
        """
        pairs = zip(rows.tolist(), y.tolist(), strict=True)
        return np.array([next(one for one, said in reversed(self._said[row]) if said == what) for row, what in pairs])


def drifting(benign: Floats, attack: Floats, rounds: int, each: int, seed: int) -> Iterator[Floats]:
    """Yield what a “boiling frog” sends: rows that begin benign and come nearer to an attack, round by round.

    Each looks like the last ones, so it is called benign like them; at the end the attack itself is.

    Args:
        benign: Benign rows.
        attack: Attack rows.
        rounds: Rounds until the attack is reached, 1 or more.
        each: Rows in a round.
        seed: Of which rows.

    Shape:
        benign: [n, c]; attack: [m, c]; yields: [each, c] float32, `rounds` times.

    Example:
        >>> start, end = np.zeros((3, 1), np.float32), np.ones((3, 1), np.float32)
        >>> [rows[0, 0].item() for rows in drifting(start, end, rounds=4, each=2, seed=0)]
        [0.25, 0.5, 0.75, 1.0]
    """
    rng = np.random.default_rng(seed)
    for number in range(1, rounds + 1):
        way = np.float32(number / rounds)
        yield (
            benign[rng.integers(len(benign), size=each)] * (1 - way)
            + attack[rng.integers(len(attack), size=each)] * way
        )
