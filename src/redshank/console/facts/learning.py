"""What the labels taught so far, and whether more of them pay.

In: a desk. Out: the curve that `redshank labels curve` keeps beside the shelf, as a figure, and what the last
retraining said of the next answers. The one idea: neither is worked out here: what is not measured is not shown, and
why it is not is said.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from redshank.active.gain import Cost, Promise, weighed
from redshank.active.replayed import FEWEST, Gained, Reached, Replayed
from redshank.active.trained import HOLD_OUT
from redshank.config import Questions
from redshank.console.desk import Desk
from redshank.console.facts.models import Models
from redshank.core.errors import ActionError, BundleError, ConfigError
from redshank.detect.shelf import DECISIONS, Shelf
from redshank.report.figures import Axis, Line, line_plot
from redshank.report.page import Html

WORTH = ("answer_costs", "point_is_worth")
"""Of the settings [questions]: what weighs a promise."""


@dataclass(frozen=True)
class Learning:
    """What is known of how the labels teach.

    Args:
        labelled: Questions with a sure answer.
        drawn: How many of them chance drew.
        needed: Answers that are missing for a curve; 0 if there are enough.
        control: Answers to questions that chance drew that are missing for the curve's control, about; 0 likewise.
        curve: The one that was made last; None if none was.
        figure: The same as a drawing.
        behind: Answers that were given after it was made.
        problem: Why the curve cannot be read, or "".
        promise: What the last retraining said of the next answers; None if it was none.
        promised_at_s: When that was.
    """

    labelled: int
    drawn: int
    needed: int
    control: int
    curve: Replayed | None
    figure: Html | None
    behind: int
    problem: str
    promise: Promise | None
    promised_at_s: float | None


def learning(desk: Desk, models: Models, cost: Cost | None = None) -> Learning:
    """Return how the labels teach.

    Args:
        desk: What is looked at.
        models: The shelf.
        cost: What an answer costs and what a point is worth, if somebody told.
    """
    labels = desk.queue.labels()
    sure = desk.queue.sure(desk.now_s())
    drawn = desk.queue.drawn(sure)
    needed = max(0, round(FEWEST / HOLD_OUT) - len(sure))
    curve, problem = None, ""
    if desk.shelf is not None:
        try:
            curve = Replayed.load(desk.shelf.folder)
        except ActionError as error:
            problem = str(error)
    behind = 0 if curve is None else sum(label.given_at_s > curve.made_at_s for label in labels)
    last = next((one for one in models.decided if "next_answers" in one.entry.evidence), None)
    promise = None if last is None else dict(last.entry.evidence["next_answers"])
    return Learning(
        len(sure),
        drawn,
        needed,
        max(0, math.ceil(FEWEST / (1 - HOLD_OUT)) - drawn),
        curve,
        None if curve is None else figure(curve),
        behind,
        problem,
        promise if promise is None or cost is None else weighed(promise, cost),
        None if last is None else last.entry.at_s,
    )


@dataclass(frozen=True)
class Verdict:
    """Whether more labels pay.

    Args:
        text: In a sentence; while it is not known, what is missing.
        advice: "ask on", "stop", or "" while it is not known.
    """

    text: str
    advice: str = ""


def verdict(desk: Desk) -> Verdict:
    """Return whether more labels pay, by the last retraining and by what the settings say that both are worth."""
    if desk.shelf is None:
        return Verdict("Whether more labels pay is not known: the settings name no shelf of bundles (detect.models).")
    try:
        promise = _promised(desk.shelf.folder)
    except BundleError:
        return Verdict("Whether more labels pay is not known: the decisions about bundles cannot be read.")
    return _weighed(promise, desk.settings.questions)


def paid(said: Questions) -> Cost | None:
    """Return what the settings say that an answer costs and a point is worth; None if not both are told."""
    if said.answer_costs is None or said.point_is_worth is None:
        return None
    return Cost(said.answer_costs, said.point_is_worth)


def _weighed(promise: Promise | None, said: Questions) -> Verdict:
    if promise is None:
        return Verdict("Whether more labels pay is not known before a bundle was trained on labels.")
    if "unknown" in promise:
        return Verdict(f"Whether more labels pay cannot be known yet: {promise['unknown']}.")
    pays = paid(said)
    if pays is None:
        missing = " and ".join(f"questions.{name}" for name in WORTH if getattr(said, name) is None)
        words = str(promise["in_words"])
        return Verdict(f"{words[:1].upper()}{words[1:]}. Whether that pays is told when the settings name {missing}.")
    found = weighed(promise, pays)
    gain = f"the next {promise['answers']} answers promise {float(promise['points_of_macro_f1']):+.2f} points"
    worth = f"of macro-F1, and {float(found['points_that_pay']):.2f} are worth their cost"
    does = "do not pay now" if found["advice"] == "stop" else "pay"
    return Verdict(f"More labels {does}: {gain} {worth}.", str(found["advice"]))


def _promised(folder: Path) -> Promise | None:
    """Return what the last retraining said of the next answers; decisions are read anew when there are more."""
    try:
        status = (folder / DECISIONS).stat()
    except FileNotFoundError:
        return None
    return _last_promise(folder, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _last_promise(folder: Path, *stamp: int) -> Promise | None:
    del stamp  # another one, another promise
    entries = reversed(Shelf(folder).history().entries)
    return next((dict(one.evidence["next_answers"]) for one in entries if "next_answers" in one.evidence), None)


def cost(answer: float | None, point: float | None) -> Cost | None:
    """Return what a site pays and gets; None if it did not tell.

    Raises:
        ConfigError: If only one of the two is told, or one is out of range.
    """
    if answer is None and point is None:
        return None
    if answer is None or point is None:
        raise ConfigError("cost: one number is missing; give both, what an answer costs and what a point is worth")
    try:
        return Cost(answer, point)
    except ValueError as error:
        raise ConfigError(f"cost: {error}") from None


def figure(curve: Replayed) -> Html:
    """Draw the curve beside its controls."""
    lines = [_line("as they were given", curve.given, 0), _line("the same, shuffled", curve.shuffled, 2)]
    if curve.drawn:
        lines.append(_line("drawn by chance", curve.drawn, 1))
    return line_plot(lines, Axis("labels", low=0, whole=True), Axis("macro-F1", low=0, high=1))


def gain_words(gain: Gained) -> str:
    """Say a gain, and whether it is shown.

    Example:
        >>> gain_words(Gained(40, 3.04, -1.0, 7.0))
        '+3.0 points of macro-F1, 90 % interval -1.0 to +7.0: not shown to be more or less than nothing'
    """
    shown = "more than nothing" if gain.low > 0 else "less than nothing" if gain.high < 0 else ""
    verdict = f"shown to be {shown}" if shown else "not shown to be more or less than nothing"
    return f"{gain.points:+.1f} points of macro-F1, 90 % interval {gain.low:+.1f} to {gain.high:+.1f}: {verdict}"


def _line(name: str, points: tuple[Reached, ...], color: int) -> Line:
    return Line(
        name,
        [one.labels for one in points],
        [one.macro_f1 for one in points],
        [one.low for one in points],
        [one.high for one in points],
        marks=True,
        color=color,
    )
