"""The queue of questions as an analyst sees it.

In: a desk, a question. Out: the question with all that helps to answer it, and the list of all questions. The one idea:
who is asked a second time, because an answer is in doubt, sees the flow and the device but not what any model took them
for: neither probabilities nor alerts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from redshank.active.answer import Session
from redshank.active.dialog import BENIGN_KEY, FAMILY_KEYS, UNSURE_KEY
from redshank.active.words import LIKELY, flow_lines
from redshank.console.desk import Desk
from redshank.console.request_error import RequestError
from redshank.core.inert import inert
from redshank.core.records import UNSURE, Label
from redshank.core.schema import BENIGN, FLOW
from redshank.store.alerts import Filed
from redshank.store.devices import Device
from redshank.store.question import Question
from redshank.store.search import Search

ALERTS_SHOWN, QUESTIONS_SHOWN = 6, 8
STATUSES = ("open", "held", "answered")


@dataclass(frozen=True)
class Choice:
    """An answer that can be given with one key.

    Args:
        key: The key, or "" where there are more families than keys.
        family: The answer.
    """

    key: str
    family: str


@dataclass(frozen=True)
class Value:
    """A field of the flow.

    Args:
        name: As in FLOW.
        value: As text; it comes from the wire.
        meaning: What the field is.
        unit: Of the value, or "".
    """

    name: str
    value: str
    meaning: str
    unit: str


@dataclass(frozen=True)
class Beside:
    """Another question, and what is known of it.

    Args:
        question: The question.
        line: Its flow in one line.
        families: What people said of it, without doubles.
    """

    question: Question
    line: str
    families: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A question with all that helps to answer it.

    Args:
        question: The question.
        lines: The flow in words.
        values: The flow in full.
        likely: What the bundle takes it for, the likeliest first; empty if it is asked again because of a doubt.
        choices: Answers, with their keys.
        neighbors: The nearest questions that somebody answered.
        device: The device that began the flow, if the store knows it.
        alerts: Its last alerts; none if the question is asked again because of a doubt.
        others: Other questions about it.
    """

    question: Question
    lines: tuple[str, ...]
    values: tuple[Value, ...]
    likely: tuple[tuple[str, float], ...]
    choices: tuple[Choice, ...]
    neighbors: tuple[Beside, ...]
    device: Device | None
    alerts: tuple[Filed, ...]
    others: tuple[Beside, ...]


def asked(desk: Desk, question: str) -> Question:
    """Return a question by its id.

    Raises:
        RequestError: If there is none.
    """
    found = desk.queue.question(question)
    if found is None:
        raise RequestError(404, f"There is no question '{inert(question[:40])}'.")
    return found


def shown(desk: Desk, session: Session, question: Question) -> Shown:
    """Return a question with all that helps to answer it.

    Args:
        desk: What is worked on.
        session: Of whoever is asked.
        question: The question.
    """
    certain = question.doubted_at_s is None
    ranked = sorted(zip(question.probabilities, question.classes, strict=True), reverse=True)
    near = dict(session.neighbors(question))
    alerts = desk.alerts.find(Search(devices=(question.device,)), ALERTS_SHOWN) if certain else []
    others = [one for one in desk.queue.of_device(question.device, QUESTIONS_SHOWN + 1) if one.id != question.id]
    families = session.families(question)
    keys = [*FAMILY_KEYS, *[""] * len(families)]
    return Shown(
        question,
        tuple(flow_lines(question.flow)),
        tuple(_values(question.flow)),
        tuple((family, p) for p, family in ranked if p >= LIKELY) if certain else (),
        (
            Choice(BENIGN_KEY, BENIGN),
            *(Choice(key, family) for key, family in zip(keys, families, strict=False)),
            Choice(UNSURE_KEY, UNSURE),
        ),
        tuple(beside(desk, desk.queue.some(list(near)))),
        desk.inventory.owner(question.device) if question.device else None,
        tuple(alerts),
        tuple(beside(desk, others[:QUESTIONS_SHOWN])),
    )


def beside(desk: Desk, questions: list[Question]) -> list[Beside]:
    """Return questions with what people said of them."""
    words = desk.queue.words([one.id for one in questions], desk.now_s())
    return [Beside(one, flow_lines(one.flow)[0], _families(words[one.id])) for one in questions]


def listed(desk: Desk, status: str, limit: int, after: str = "") -> tuple[list[Beside], bool]:
    """Return a page of the questions of one status, the most useful first, and whether there are more.

    Args:
        desk: What is looked at.
        status: One of STATUSES.
        limit: How many at most.
        after: The id of the last one of the page before.
    """
    ids = [one for one, is_now in desk.queue.status(desk.now_s()).items() if is_now == status or one == after]
    begin = ids.index(after) + 1 if after in ids else 0
    return beside(desk, desk.queue.some(ids[begin : begin + limit])), len(ids) > begin + limit


def _families(words: Mapping[str, Label]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.family for label in words.values() if label.family is not None))


def _values(flow: Mapping[str, object]) -> list[Value]:
    found = []
    for name in FLOW.names:
        if name in flow:
            told = {key.decode(): text.decode() for key, text in (FLOW.field(name).metadata or {}).items()}
            found.append(Value(name, str(flow[name]), told.get("meaning", ""), told.get("unit", "")))
    return found
