"""Rows that nobody labelled, trained on as models would label them: an option, off unless somebody asks for it.

In: the model in force, the rows with labels, and open rows. Out: which of those to train on, as what, with what weight
(a `Borrow` of `active/loop.py`). The one idea: a guess is worth a row only where a model is sure, or where two that
learn differently are; a class borrows no more rows than it has labels, times a factor, or the frequent ones drown the
rare ones; and among sure rows chance decides, because the surest teach least.

Never from live traffic that nobody has reviewed, unless its owner says so: what an attacker sends and the model takes
for benign would be trained on as benign. So no command borrows unless it is asked to. What it does to macro-F1 is
measured by `redshank experiment run active-aids`.
Source: Scudder, "Probability of error of some adaptive pattern-recognition machines", IEEE Trans. Information Theory
1965, for self-training; Zhou, Goldman, "Democratic co-learning", ICTAI 2004, for agreement of different learners.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from redshank.active.caps import Rows
from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats, Model


@dataclass(frozen=True, kw_only=True)
class SelfTraining:
    """Borrow what the model itself is sure of.

    Args:
        sure: Least probability of the guessed class, above 0, at most 1.
        per_label: Most rows that a class borrows, for each label that it has; 0 or more.
        weight: Of a borrowed row, where a label weighs 1; above 0.
        looked_at: Most open rows that are scored.

    Raises:
        ValueError: If a setting is out of range.
    """

    sure: float = 0.9
    per_label: float = 1.0
    weight: float = 0.5
    looked_at: int = 20_000

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not 0 < self.sure <= 1:
            raise ValueError(f"sure: {self.sure} is not above 0 and at most 1")
        if self.per_label < 0:
            raise ValueError(f"per_label: {self.per_label} is not 0 or more")
        if self.weight <= 0:
            raise ValueError(f"weight: {self.weight} is not above 0")

    def __call__(self, model: Model, x: Floats, y: Classes, rest: Floats, seed: int) -> tuple[Rows, Classes, Floats]:
        """Choose.

        Args:
            model: The one in force.
            x: Raw rows with labels.
            y: Their classes.
            rest: Raw open rows.
            seed: Of the draws.

        Shape:
            x: [m, c] float32; y: [m] int64; rest: [n, c] float32; returns: [b] int64 row numbers of `rest`, [b] int64
            classes, [b] float32 weights.
        """
        rng = np.random.default_rng(seed)
        at = rng.permutation(len(rest))[: self.looked_at]
        if not len(at):
            return at, at.copy(), np.empty(0, np.float32)
        guessed, certainty = self.guess(model, x, y, rest[at])
        labels = np.bincount(y, minlength=int(guessed.max()) + 1)
        taken = [
            np.flatnonzero((guessed == one) & (certainty >= self.sure))[: int(self.per_label * labels[one])]
            for one in np.unique(guessed).tolist()
        ]
        rows = np.concatenate(taken)
        return at[rows], guessed[rows], np.full(len(rows), self.weight, np.float32)

    def guess(self, model: Model, x: Floats, y: Classes, rest: Floats) -> tuple[Classes, Floats]:
        """Return what rows are thought to be, and how surely."""
        del x, y
        p = model.predict_proba(rest)
        return p.argmax(axis=1), p.max(axis=1)


@dataclass(frozen=True, kw_only=True)
class Agreement(SelfTraining):
    """Borrow where another kind of model, trained on the same labels, says the same, and both are sure.

    Args:
        other: Of another kind than the model in force; it is cloned, never changed.
        columns: What the columns of a step are.
        n_classes: Number of classes.
        steps: Length of the sequence that a row is.
    """

    other: Model
    columns: Sequence[Column]
    n_classes: int
    steps: int = 1

    def guess(self, model: Model, x: Floats, y: Classes, rest: Floats) -> tuple[Classes, Floats]:
        """Return what the model thinks rows are, and how surely the less sure of both does; 0 where they differ."""
        second: Model = clone(self.other)
        second.fit(x, y, columns=self.columns, n_classes=self.n_classes, steps=self.steps)
        mine, certainty = super().guess(model, x, y, rest)
        theirs, beside = super().guess(second, x, y, rest)
        return mine, np.where(mine == theirs, np.minimum(certainty, beside), np.float32(0))
