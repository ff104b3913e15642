"""One round of questions: score the candidates, let a strategy rank them, keep what may be asked.

In: a landscape (rows, where they lie, how unusual they are), which of its rows are open, a scorer, the labels so far.
Out: row numbers, the most useful first, and which of them chance drew. The one idea: a simulation on a labelled dataset
and the questions of a site go through here alike. Memory is bounded: at most `most` candidates, drawn at random, are
scored in a round.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from redshank.active.embedding import Embedding
from redshank.active.strategy import Known, Pool, Strategy
from redshank.features.feature_set import Column
from redshank.learn.model import Floats

Rows = npt.NDArray[np.int64]

Scorer = Callable[[Floats], Floats]
"""Raw rows in, class probabilities out: a model's `predict_proba`, or a bundle's graph."""


class Admit(ABC):
    """Which questions may be asked."""

    def still(self, rows: Rows) -> Rows:
        """Return the rows that may be asked at all, in their order; others are no candidates."""
        return rows

    @abstractmethod
    def __call__(self, rows: Rows, size: int) -> Rows:
        """Return the rows that are asked in this round, in their order; called once a round.

        Args:
            rows: In the order they would be asked.
            size: How many may be.
        """


MOST = 200_000
SPARE = (3, 12, 48, 192)
"""Times the batch are ranked if some may be refused; more if too many were, so that a flood of rows that are refused
does not take the place of others."""


@dataclass(frozen=True)
class Landscape:
    """Rows that can be asked about.

    Args:
        x: Raw feature values; may be memory-mapped. [n, c] float32
        points: Where they lie. [n, d] float32
        anomaly: How unusual they are. [n] float32
        embedding: What placed them, and places others.
    """

    x: Floats
    points: Floats
    anomaly: Floats
    embedding: Embedding

    @classmethod
    def of(cls, x: Floats, columns: Sequence[Column], *, steps: int = 1, seed: int = 0) -> Self:
        """Place rows.

        Args:
            x: Raw feature values, at least one row.
            columns: What the columns of a step are.
            steps: Length of the sequence that a row is.
            seed: Of the sample that the embedding is fitted on.
        """
        embedding = Embedding(x, columns, steps=steps, seed=seed)
        return cls(x, embedding.points(x), embedding.anomaly(x), embedding)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.x)


@dataclass(frozen=True)
class Chosen:
    """What is asked.

    Args:
        rows: Row numbers of the landscape, the most useful first. [m] int64
        at_random: Which of them chance drew, whatever the model thinks; see `Strategy.drawn`. [m] bool
    """

    rows: Rows
    at_random: npt.NDArray[np.bool_]


def choose(
    strategy: Strategy,
    landscape: Landscape,
    rows: Rows,
    score: Scorer,
    known: Known,
    size: int,
    *,
    seed: int = 0,
    admit: Admit | None = None,
    most: int = MOST,
) -> Chosen:
    """Choose what to ask.

    Args:
        strategy: Ranks the candidates.
        landscape: Where they are.
        rows: The open ones.
        score: The present model.
        known: The labels so far.
        size: How many questions.
        seed: Of the draw of candidates and of the strategy.
        admit: Which may be asked; all if absent.
        most: Candidates that are scored.

    Shape:
        rows: [n] int64; returns: min(size, n) rows, or fewer if some are refused.
    """
    rows = rows if admit is None else admit.still(rows)
    if not len(rows):
        return Chosen(rows, np.empty(0, np.bool_))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    x = landscape.x[rows]
    probabilities = score(x) if strategy.looks else np.empty((len(x), 0), np.float32)
    pool = Pool(x, probabilities, landscape.points[rows], landscape.anomaly[rows], known)
    drawn = rows[strategy.drawn(pool, size, seed)]
    if admit is None:
        asked = rows[strategy.query(pool, size, seed)]
        return Chosen(asked, np.isin(asked, drawn))
    for spare in SPARE:
        ranked = rows[strategy.query(pool, size * spare, seed)]
        # What is admitted is counted by whoever admits it, so a copy says whether the ranking is long enough.
        if len(ranked) == len(rows) or len(copy.deepcopy(admit)(ranked, size)) >= size:
            break
    asked = admit(ranked, size)[:size]
    return Chosen(asked, np.isin(asked, drawn))
