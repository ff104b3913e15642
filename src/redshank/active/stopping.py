"""Is the next batch of questions worth its cost? The expected gain, with an interval, without one label more.

In: what the model calls some rows of the pool now, and what it called them some answers ago; what an answer costs and
what a point of macro-F1 is worth. Out: the gain to expect of further answers, and whether to stop. The one idea: a
model that answers still move has something to gain of them. How much, and between what ends, is known from curves that
were simulated on labelled data, where the gain can be seen.

These were 13 curves of `random_forest` up to 800 answers, on ToN_IoT's ten families and NSL-KDD's five, asked at random
and by margin with a random tenth. The interval of the next 100 answers held the gain in 68 % (NSL-KDD by margin) to
93 % (ToN_IoT by margin) of the looks; with ends from ToN_IoT alone in 67 % on NSL-KDD, the other way round in 90 %. So
call it four of five, not more: a family that nobody has found yet moves nothing, and finding it is a jump. What was
tried and left: a power law through the share of random questions that the model had right, or through its own
certainty, whose bootstrap interval held 4 to 46 % of the gains, because it knows no jumps. A law that does not look at
the model at all (macro-F1 rises alike for each doubling) held as often on these curves; this one falls to nothing where
a model no longer moves.
Source: Bloodgood, Vijay-Shanker, "Stopping active learning based on stabilizing predictions", CoNLL 2009; Altschuler,
Bloodgood, "Stopping active learning based on predicted change of F measure", ICSC 2019, for what is looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redshank.active.caps import Rows
from redshank.active.gain import Gain, Outlook
from redshank.active.loop import Round
from redshank.active.query import Scorer
from redshank.active.told import Told
from redshank.learn import measures
from redshank.learn.model import Classes

SHARE = 0.24
"""Gain for each unit of the law, see `gain`."""
AHEAD, LOW, HIGH = (20, 40, 100, 200), (-0.32, -0.11, 0.02, 0.065), (0.86, 0.68, 0.57, 0.47)
"""Answers looked ahead, and the ends of that share in the middle 80 % of the looks: few answers, much luck."""
WINDOW = 200
"""Answers that are looked back."""
FIRST_LOOK = 100
"""Answers after which there is something to look back on."""
NEXT = 100
"""Answers that a site looks ahead."""
FEWEST = 100
"""Rows of a site on which a model must be watched; the curves were watched on 3,000."""
POINT = 0.01
"""Macro-F1 in a point."""


def moved(before: Classes, now: Classes, n_classes: int) -> float:
    """Return how far a model has moved: 1 less the macro-F1 of what it said, if what it says now were true.

    Args:
        before: What it called rows of the pool; the more the better, 1,000 at least.
        now: What it calls the same rows.
        n_classes: Number of classes.

    Shape:
        before, now: [n] int64.

    Example:
        >>> moved(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2)
        0.0
        >>> round(moved(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2), 2)
        0.27
    """
    agreed = measures.macro_f1(measures.confusion(now, before, np.ones(len(now)), n_classes))
    assert agreed is not None
    return 1 - agreed


def gain(change: float, asked: int, since: int, answers: int) -> Gain:
    """Return what to expect of further answers.

    A curve that rises by as much for each doubling of the answers is the law; how steep it is, the root of how far the
    model moved for each doubling says.

    Args:
        change: How far the model has moved, see `moved`; 0 to 1.
        asked: Answers so far.
        since: In how many of them it has moved so far, `FIRST_LOOK` to `WINDOW`; fewer than `asked`.
        answers: How many more there may be, 20 to 200; intervals for others are those of the nearest.

    Raises:
        ValueError: If the numbers of answers do not fit.
    """
    if not 0 < since < asked or answers < 1:
        raise ValueError(
            f"{answers} answers ahead, {since} of {asked} back; allowed is 1 or more, and 1 to {asked - 1}"
        )
    behind, ahead = math.log(asked / (asked - since)), math.log((asked + answers) / asked)
    unit = ahead * math.sqrt(change / behind) / POINT
    low, high = (float(np.interp(math.log(answers), np.log(AHEAD), ends)) for ends in (LOW, HIGH))
    return Gain(answers, SHARE * unit, low * unit, high * unit)


@dataclass(frozen=True)
class Stopping:
    """Ends a loop when the next answers are not worth it; a `Stop` of `active/loop.py`.

    Args:
        answers: How many are looked ahead, 1 or more.
        points: The least gain that they must promise, in points of macro-F1; `Cost.points` finds it.
        n_classes: Number of classes.
    """

    answers: int
    points: float
    n_classes: int

    def __call__(self, rounds: Sequence[Round]) -> bool:
        """Say whether to stop after these rounds."""
        found = self.look(rounds)
        return found is not None and found.expected < self.points

    def look(self, rounds: Sequence[Round]) -> Gain | None:
        """Return what to expect after these rounds; None while there is too little to look back on."""
        now = rounds[-1]
        back = [one for one in rounds if FIRST_LOOK <= now.asked - one.asked <= WINDOW]
        if not back:
            return None
        before = back[0]
        change = moved(_classes(before), _classes(now), self.n_classes)
        return gain(change, now.asked, now.asked - before.asked, self.answers)


def outlook(told: Told, trained: Rows, used: int, before: Scorer, now: Scorer, n_classes: int) -> Outlook:
    """Say what the next answers of a site promise, from how far a challenger is from its champion.

    The curves behind it are of models that learned from answers alone, all of them of the pool. A bundle learns from a
    dataset too, and what it is watched on here are the questions that nobody trained on: those that chance drew if they
    are enough; else all, which promises too much, because doubt chose most of them.

    Args:
        told: Questions and labels of the site.
        trained: Questions that the challenger was trained on.
        used: How many the champion was trained on.
        before: The champion.
        now: The challenger.
        n_classes: Number of classes.

    Shape:
        trained: [m] int64, rows of `told`.
    """
    asked, since = len(trained), len(trained) - used
    if not used:
        return Outlook(None, "the champion was trained on no labels, so there is nothing to look back on")
    if since < FIRST_LOOK:
        return Outlook(None, f"{since} labels more than the champion's; {FIRST_LOOK} are the fewest to look back on")
    rows = np.setdiff1d(np.arange(len(told.questions)), trained)
    drawn = rows[[told.questions[row].at_random for row in rows.tolist()]] if len(rows) else rows
    watched, whose = (drawn, "that chance drew") if len(drawn) >= FEWEST else (rows, "most chosen by doubt: too much")
    if len(watched) < FEWEST:
        return Outlook(
            None, f"{len(watched)} questions that nobody trained on are too few to watch; {FEWEST} are needed"
        )
    x = told.x[watched]
    change = moved(before(x).argmax(axis=1), now(x).argmax(axis=1), n_classes)
    because = f"{len(watched)} questions {whose}" if watched is drawn else f"{len(watched)} questions, {whose}"
    far = f"; looked back over {since} labels, the curves over {FIRST_LOOK} to {WINDOW}" if since > WINDOW else ""
    return Outlook(gain(change, asked, since, NEXT), because + far)


def _classes(one: Round) -> Classes:
    return np.frombuffer(one.said, np.uint8).astype(np.int64)
