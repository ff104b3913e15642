"""The learning curve of a site so far: its labels learned from again, and what chance would have taught.

In: what a store has been told. Out: macro-F1 against labels, in the order in which people gave them, in random orders,
and of the labels alone whose questions chance drew, with intervals. The one idea: what was asked is fixed, so a control
can only come from questions that chance drew all along (a tenth of every round of `redshank ask`); shuffling the others
shows what their order did, not what random questions would have taught. A forest learns from these labels alone: the
curve tells what answers teach, not how good the bundle in service is, which learned from a dataset too.

The latest flows measure, as at the gate (`active/retrain.py`), and those of them that chance drew if they are enough.
Intervals are of 90 %: test rows are drawn again, and with them one of the orders.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from redshank.active.caps import Rows
from redshank.active.promote import unseen
from redshank.active.replayed import FEWEST, LEVEL, Gained, Reached, Replayed
from redshank.active.retrain import split_later
from redshank.active.told import Told
from redshank.active.trained import HOLD_OUT
from redshank.core.errors import ActionError
from redshank.core.schema import BENIGN
from redshank.data.parts import Part
from redshank.learn import measures
from redshank.learn.measures import Doubles
from redshank.learn.model import Classes, Floats

TREES = 40
SHARE = 0.25  # of the columns are looked at for each split, as in our forests
LARGEST = np.float32(1e30)  # infinite values count as this; scikit-learn adds up a column
ORDERS = 10
POINTS = 8
FIRST = 10
"""Labels of the first point."""
RESAMPLES = 400
POINT = 0.01


def replay(
    told: Told, now_s: float, *, hold_out: float = HOLD_OUT, orders: int = ORDERS, trees: int = TREES, seed: int = 0
) -> Replayed:
    """Learn from the labels again.

    Args:
        told: Questions and labels.
        now_s: The time, s since the epoch.
        hold_out: Share of the labels, the latest flows, that only measure; 0 to 1.
        orders: Random orders.
        trees: Of each forest.
        seed: Of the orders, the forests and the resampling.

    Raises:
        ActionError: If there are too few labels to say anything.
    """
    learn, later = split_later(told, (), hold_out)
    families = [told.family[row] for row in told.labelled.tolist()]
    names = [BENIGN, *sorted(set(families) - {BENIGN})]
    numbers = {family: at for at, family in enumerate(names)}
    y = np.array([numbers.get(family, 0) for family in told.family], dtype=np.int64)
    test, at_random, notes = _test(told, y, learn, later)
    if len(learn) < FEWEST or len(test) < FEWEST:
        raise ActionError(
            f"labels: {len(learn)} to learn from and {len(test)} to measure on are too few for a curve; {FEWEST} of "
            "each are needed, so answer more questions"
        )
    if len(np.unique(test.y)) < 2:
        raise ActionError(
            f"labels: all {len(test)} that measure are '{names[test.y[0]]}'; a curve needs flows of two families there"
        )
    rng = np.random.default_rng(seed)
    learn = learn[np.argsort([_given_at_s(told, row) for row in learn.tolist()], kind="stable")]
    drawn = np.array([row for row in learn.tolist() if told.questions[row].at_random], dtype=np.int64)
    school = _School(told.x, y, test, len(names), trees, seed)
    sizes = _sizes(len(learn))
    given = school.learned([learn], sizes)
    shuffled = school.learned([rng.permutation(learn) for _ in range(orders)], sizes)
    chance: list[list[Classes]] = []
    over = None
    chance_sizes = _sizes(len(drawn)) if len(drawn) >= FEWEST else []
    if chance_sizes:
        chance = school.learned([rng.permutation(drawn) for _ in range(orders)], chance_sizes)
        same = school.learned([learn], [len(drawn)])[0]
        over = school.gained(len(drawn), chance[-1], same)
    else:
        notes.append(f"{len(drawn)} of the labels that teach were drawn by chance: too few for a control")
    half = school.learned([learn], [len(learn) // 2])[0]
    return Replayed(
        school.reached(sizes, given),
        school.reached(sizes, shuffled),
        school.reached(chance_sizes, chance),
        orders,
        len(test),
        at_random,
        over,
        school.gained(len(learn), half, given[-1]),
        now_s,
        tuple(notes),
    )


@dataclass
class _School:
    """What learns, and what measures it.

    Args:
        x: Features of all questions.
        y: Their classes; of those without a label they mean nothing.
        test: The rows that measure.
        classes: How many.
        trees: Of each forest.
        seed: Of forests and resampling.
    """

    x: Floats
    y: Classes
    test: Part
    classes: int
    trees: int
    seed: int

    def learned(self, orders: Sequence[Rows], sizes: Sequence[int]) -> list[list[Classes]]:
        """Return, for each size and order, what a forest calls the test rows that learned from the first so many."""
        return [[self._called(order[:size]) for order in orders] for size in sizes]

    def reached(self, sizes: Sequence[int], called: Sequence[Sequence[Classes]]) -> tuple[Reached, ...]:
        """Return points of a curve."""
        return tuple(
            Reached(size, float(np.mean([self._f1(one) for one in some])), *_ends(self._drawn(some)))
            for size, some in zip(sizes, called, strict=True)
        )

    def gained(self, labels: int, before: Sequence[Classes], now: Sequence[Classes]) -> Gained:
        """Return by how much one is better than another on the same rows."""
        mean = np.mean([self._f1(one) for one in now]) - np.mean([self._f1(one) for one in before])
        low, high = _ends((self._drawn(now) - self._drawn(before)) / POINT)
        return Gained(labels, float(mean) / POINT, low, high)

    def _called(self, rows: Rows) -> Classes:
        forest = RandomForestClassifier(self.trees, max_features=SHARE, random_state=self.seed)
        found: Classes = forest.fit(_finite(self.x[rows]), self.y[rows]).predict(_finite(self.test.x))
        return found

    def _drawn(self, called: Sequence[Classes]) -> Doubles:
        """Return macro-F1 on test rows drawn again, each time of one of the orders; the same rows for the same seed."""
        n, k = len(self.test), self.classes
        rows = np.random.default_rng(self.seed).integers(0, n, (RESAMPLES, n))
        cells = np.stack([self.test.y * k + one for one in called])[np.arange(RESAMPLES) % len(called)]
        each = np.take_along_axis(cells, rows, axis=1) + k * k * np.arange(RESAMPLES)[:, None]
        tables = np.bincount(each.ravel(), minlength=RESAMPLES * k * k).reshape(RESAMPLES, k, k)
        right, support, named = np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=2), tables.sum(axis=1)
        there = support > 0
        f1 = np.where(there, 2 * right / np.maximum(support + named, 1), 0.0)
        mean: Doubles = f1.sum(axis=1) / there.sum(axis=1)
        return mean

    def _f1(self, called: Classes) -> float:
        found = measures.macro_f1(measures.confusion(self.test.y, called, np.ones(len(called)), self.classes))
        assert found is not None
        return found


def _test(told: Told, y: Classes, learn: Rows, later: Rows) -> tuple[Part, int, list[str]]:
    """Return the rows that measure, how many of them chance drew, and what must be said of them."""
    part = unseen(Part(told.x[later], y[later], np.ones(len(later), np.float32), later), told.x[learn])
    chance = np.array([told.questions[row].at_random for row in part.row.tolist()], dtype=np.bool_)
    drawn = part.take(np.flatnonzero(chance).astype(np.int64))
    if len(drawn) >= FEWEST and len(np.unique(drawn.y)) > 1:
        return drawn, len(drawn), []
    note = (
        f"{len(part) - len(drawn)} of the {len(part)} labels that measure were chosen by a model's doubts, so this is "
        "how well hard flows are told apart, not all flows"
    )
    return part, len(drawn), [note] if len(drawn) < len(part) else []


def _sizes(most: int) -> list[int]:
    """Return numbers of labels, each a like factor more than the one before, up to all."""
    steps = np.geomspace(min(FIRST, most), most, POINTS)
    return sorted({math.ceil(step) for step in steps[:-1].tolist() if step < most} | {most})


def _given_at_s(told: Told, row: int) -> float:
    return min((label.given_at_s for label in told.labels[row]), default=0.0)


def _finite(x: Floats) -> Floats:
    return np.ascontiguousarray(np.clip(x, -LARGEST, LARGEST), np.float32)


def _ends(values: Doubles) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return low, high
