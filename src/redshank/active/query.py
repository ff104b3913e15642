"""One round of questions: score the candidates, let a strategy rank them, keep what may be asked.

In: a landscape (rows, where they lie, how unusual they are), which of its rows are open, a scorer, the labels so far.
Out: row numbers, the most useful first, and which of them chance drew. The one idea: a simulation on a labelled dataset
and the questions of a site go through here alike. Memory is bounded: at most `most` candidates, drawn at random, are
scored in a round.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from redshank.active.caps import Admit, Rows
from redshank.active.strategy import Known, Pool, Strategy
from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats

if TYPE_CHECKING:
    from redshank.active.embedding import Embedding

Scorer = Callable[[Floats], Floats]
"""Raw rows in, class probabilities out: a model's `predict_proba`, or a bundle's graph."""


MOST = 200_000
SPARE = (3, 12, 48, 192)
"""Times the batch are ranked if some may be refused; more if too many were, so that a flood of rows that are refused
does not take the place of others."""


@dataclass(frozen=True)
class Landscape:
    """Rows that can be asked about. Where they lie and how unusual they are is found when somebody asks for it.

    Args:
        x: Raw feature values, at least one row; may be memory-mapped. [n, c] float32
        columns: What the columns of a step are.
        steps: Length of the sequence that a row is.
        seed: Of the sample that the embedding is fitted on.
    """

    x: Floats
    columns: Sequence[Column]
    steps: int = 1
    seed: int = 0

    @cached_property
    def embedding(self) -> "Embedding":
        """What places the rows, and others."""
        from redshank.active.embedding import Embedding  # noqa: PLC0415  it brings torch along, for seconds

        return Embedding(self.x, self.columns, steps=self.steps, seed=self.seed)

    @cached_property
    def points(self) -> Floats:
        """Where the rows lie. [n, d] float32."""
        return self.embedding.points(self.x)

    @cached_property
    def anomaly(self) -> Floats:
        """How unusual the rows are. [n] float32."""
        return self.embedding.anomaly(self.x)

    def seen(self, strategy: Strategy, rows: Rows) -> tuple[Floats, Floats]:
        """Return points and anomaly of rows, as far as a strategy looks at them.

        Shape:
            rows: [m] int64; returns: [m, d] and [m] float32, d = 0 and zeros where it does not look.
        """
        return (
            self.points[rows] if "points" in strategy.looks_at else np.empty((len(rows), 0), np.float32),
            self.anomaly[rows] if "anomaly" in strategy.looks_at else np.zeros(len(rows), np.float32),
        )

    def known(self, strategy: Strategy, rows: Rows, y: Classes) -> Known:
        """Return labels of the landscape's own rows, as a strategy sees them.

        Shape:
            rows, y: [m] int64.
        """
        points, anomaly = self.seen(strategy, rows)
        return Known(points, y, anomaly)

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
    probabilities = score(x) if "probabilities" in strategy.looks_at else np.empty((len(x), 0), np.float32)
    pool = Pool(x, probabilities, *landscape.seen(strategy, rows), known)
    drawn = rows[strategy.drawn(pool, size, seed)]
    if admit is None:
        asked = rows[strategy.query(pool, size, seed)]
        return Chosen(asked, np.isin(asked, drawn))
    asked = rows[:0]
    for spare in SPARE:
        ranked = rows[strategy.query(pool, size * spare, seed)]
        asked = admit(ranked, size)[:size]
        if len(ranked) == len(rows) or len(asked) >= size:
            break
    admit.count(asked)
    return Chosen(asked, np.isin(asked, drawn))
