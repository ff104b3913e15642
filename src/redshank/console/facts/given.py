"""Every label that people gave: who, when, from where, on which evidence, and whether it holds.

In: a desk. Out: labels with what became of them, newest first; how far people agree. The one idea: nothing is ever
changed, so what holds is found from all that was said (`store/history.py`), and each label can say why it does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redshank.active.agreement import SILENT, Answers, alpha, pairs, worth
from redshank.active.trained import counted
from redshank.active.words import flow_lines
from redshank.console.desk import Desk
from redshank.console.facts.models import manifests
from redshank.console.request_error import RequestError
from redshank.core.inert import inert
from redshank.core.records import UNSURE, Label
from redshank.store.history import by_question, words
from redshank.store.question import Question

HOLDS, WITHDRAWN, CORRECTED, EXPIRED, REPLACED, WITHDRAWAL = (
    "holds",
    "withdrawn",
    "corrected",
    "expired",
    "replaced",
    "withdrawal",
)
STATES = (HOLDS, CORRECTED, WITHDRAWN, EXPIRED, REPLACED, WITHDRAWAL)


@dataclass(frozen=True)
class Given:
    """A label, and what became of it.

    Args:
        label: The label.
        state: One of STATES.
        by: The label that corrected or withdrew it, if one did.
        question: What it is about.
        line: The flow in one line.
    """

    label: Label
    state: str
    by: Label | None
    question: Question | None
    line: str


@dataclass(frozen=True)
class Wanted:
    """Which labels are looked for; empty fields ask nothing.

    Args:
        annotator: Who gave it.
        family: What it says.
        state: One of STATES.
        question: What it is about.
    """

    annotator: str = ""
    family: str = ""
    state: str = ""
    question: str = ""


@dataclass(frozen=True)
class Agreement:
    """How far people agree.

    Args:
        people: Name, sure answers, and the share of them that is probably right; None if nobody else answered the same.
        pairs: Two names, questions that both answered, and how many alike.
        answered: Questions with a sure answer.
        several: How many of them by more than one person.
        alpha: Krippendorff's; None if nothing can disagree.
        apart: Questions about which people disagree: the question, and who says what.
    """

    people: tuple[tuple[str, int, float | None], ...]
    pairs: tuple[tuple[str, str, int, int], ...]
    answered: int
    several: int
    alpha: float | None
    apart: tuple[tuple[Question, str, tuple[tuple[str, str], ...]], ...]


def given(desk: Desk, wanted: Wanted, limit: int, before: str = "") -> tuple[list[Given], bool]:
    """Return a page of labels, the latest first, and whether there are more.

    Args:
        desk: What is looked at.
        wanted: Which.
        limit: How many at most.
        before: The id of the last one of the page before.
    """
    labels = desk.queue.labels()
    said = by_question(labels)
    now_s, found, on = desk.now_s(), [], not before
    for label in reversed(labels):
        if not on:
            on = label.id == before
            continue
        if wanted.annotator not in ("", label.annotator) or wanted.family not in ("", label.family):
            continue
        if wanted.question not in ("", label.question):
            continue
        state, by = became(label, said[label.question], now_s)
        if wanted.state in ("", state):
            found.append((label, state, by))
            if len(found) > limit:
                break
    questions = {one.id: one for one in desk.queue.some(list({label.question for label, _, _ in found[:limit]}))}
    page = []
    for label, state, by in found[:limit]:
        question = questions.get(label.question)
        page.append(Given(label, state, by, question, flow_lines(question.flow)[0] if question else ""))
    return page, len(found) > limit


def one(desk: Desk, label: str) -> Label:
    """Return a label by its id.

    Raises:
        RequestError: If there is none.
    """
    found = next((found for found in desk.queue.labels() if found.id == label), None)
    if found is None:
        raise RequestError(404, f"There is no label '{inert(label[:40])}'.")
    return found


def became(label: Label, said: Sequence[Label], now_s: float) -> tuple[str, Label | None]:
    """Return what became of a label, and which other label did it.

    Args:
        label: The label.
        said: All labels of its question, in the order of arrival.
        now_s: The time, s since the epoch.
    """
    if label.family is None:
        return WITHDRAWAL, None
    about = [one for one in said if one.about == label.id]
    gone = next((one for one in about if one.family is None), None)
    if gone is not None:
        return WITHDRAWN, gone
    withdrawn = {one.about for one in said if one.family is None}
    corrected = next((one for one in about if one.id not in withdrawn), None)
    if corrected is not None:
        return CORRECTED, corrected
    if label.expires_at_s is not None and label.expires_at_s <= now_s:
        return EXPIRED, None
    holds = words(said, now_s).get(label.annotator)
    return (HOLDS, None) if holds is not None and holds.id == label.id else (REPLACED, holds)


def taught(desk: Desk, label: str) -> list[tuple[str, int]]:
    """Return the bundles of the shelf that were trained on a label."""
    return counted(manifests(desk), [label])


def annotators(desk: Desk) -> list[str]:
    """Return everybody who ever gave a label."""
    return sorted({label.annotator for label in desk.queue.labels()})


def agreement(desk: Desk, most: int = 50) -> Agreement:
    """Return how far people agree.

    Args:
        desk: What is looked at.
        most: Questions about which they disagree, at most.
    """
    said = by_question(desk.queue.labels())
    spoken = {question: found for question, found in desk.queue.words(said, desk.now_s()).items() if found}
    answers = Answers.of(spoken)
    sure = {
        question: tuple(sorted((who, label.family or "") for who, label in found.items() if label.family != UNSURE))
        for question, found in spoken.items()
    }
    apart = [question for question, one in sure.items() if len({family for _, family in one}) > 1]
    return Agreement(
        tuple(worth(answers)),
        tuple(pairs(answers)),
        len(answers.questions),
        int(((answers.given != SILENT).sum(axis=1) > 1).sum()),
        alpha(answers.given),
        tuple((one, flow_lines(one.flow)[0], sure[one.id]) for one in desk.queue.some(apart[:most])),
    )
