"""The queue for programs: the same questions, answers and labels as on the pages.

In: the desk, and who works at the queue. Out: routes below /api/v1/labels, with models in and out.
"""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from redshank.console.acts import labels as acts
from redshank.console.desk import Desk
from redshank.console.facts import given, labels, learning
from redshank.console.facts.models import models
from redshank.console.form import Form
from redshank.console.people import Person
from redshank.console.sessions import analyst, viewer
from redshank.core.records import Label
from redshank.store.question import Question

PAGE = 50


class QuestionOut(BaseModel):
    """A question of the queue."""

    id: str
    device: str
    flow: dict[str, Any] = Field(description="Values of the flow by their FLOW names; absent ones are left out.")
    in_words: list[str]
    why: str
    strategy: str
    bundle: str
    asked_at_s: float
    doubted_at_s: float | None
    probabilities: dict[str, float] = Field(description="By family; empty where an earlier answer is in doubt.")
    families: list[str] = Field(description="That can be named; any other name is a new family.")
    neighbors: dict[str, list[str]] = Field(description="The nearest questions with an answer: families by id.")


class Answer(BaseModel):
    """An answer to a question."""

    family: str = Field(description="A family, 'benign' or 'unsure'.", max_length=acts.MOST_NAME)
    evidence: str = Field("", description="What it rests on.", max_length=1_000)
    valid_days: float | None = Field(None, description="After how many days it expires.", gt=0, le=3_650)


class LabelOut(BaseModel):
    """A label, as it was given once and for good."""

    id: str
    question: str
    family: str | None = Field(description="None of a withdrawal.")
    annotator: str
    given_at_s: float
    origin: str
    evidence: str
    expires_at_s: float | None
    about: str | None = Field(description="The label that it corrects or withdraws.")
    kind: str
    state: str | None = Field(None, description="What became of it: holds, corrected, withdrawn, expired, replaced.")


class Why(BaseModel):
    """Why something is done."""

    why: str = Field(min_length=3, max_length=500)


class WithdrawnOut(BaseModel):
    """What became of a label that was taken back."""

    withdrawn: list[LabelOut]
    bundles: dict[str, int] = Field(description="Bundles that were trained on it, and on how many such labels.")


class AgreementOut(BaseModel):
    """How far people agree."""

    answered: int
    by_several: int
    krippendorff_alpha: float | None
    people: list[dict[str, Any]]
    pairs: list[dict[str, Any]]


def offer(routes: APIRouter, desk: Desk, analysts: acts.Analysts) -> None:
    """Add the routes.

    Args:
        routes: What they are added to.
        desk: What they work on.
        analysts: Who works at the queue, on the pages too.
    """

    def out(who: Person, question: Question) -> QuestionOut:
        one = labels.shown(desk, analysts.session(who.name), question)
        return QuestionOut(
            in_words=list(one.lines),
            probabilities=dict(one.likely),
            families=[choice.family for choice in one.choices],
            neighbors={near.question.id: list(near.families) for near in one.neighbors},
            flow=dict(question.flow),
            **{
                name: getattr(question, name)
                for name in ("id", "device", "why", "strategy", "bundle", "asked_at_s", "doubted_at_s")
            },
        )

    @routes.get("/questions")
    def questions(status: str = "open", limit: int = PAGE, after: str = "") -> list[dict[str, Any]]:
        """Return questions of the queue: the latest round first, in it the most useful first."""
        form = Form([("status", status), ("limit", str(limit))])
        wanted, most = form.choice("status", labels.STATUSES), form.whole("limit", 1, 500)
        form.check()
        rows, _ = labels.listed(desk, wanted, most, after)
        return [
            {"id": row.question.id, "device": row.question.device, "flow": row.line, "families": row.families}
            for row in rows
        ]

    @routes.get("/counts")
    def counts() -> dict[str, int]:
        """Return how many questions are open, held by somebody and answered."""
        return desk.queue.counts(desk.now_s())

    @routes.post("/next")
    def take(who: Annotated[Person, Depends(analyst)]) -> QuestionOut | None:
        """Give the next question, and keep it from others for ten minutes; nothing if none is left."""
        question = analysts.next(who.name)
        return None if question is None else out(who, question)

    @routes.get("/questions/{question}")
    def question(question: str, who: Annotated[Person, Depends(viewer)]) -> QuestionOut:
        """Return a question with all that helps to answer it."""
        return out(who, labels.asked(desk, question))

    @routes.post("/questions/{question}/answer")
    def answer(question: str, given: Answer, who: Annotated[Person, Depends(analyst)]) -> LabelOut:
        """Answer a question; a second answer of the same account corrects the first."""
        return _out(analysts.answer(who.name, question, given.family, given.evidence, given.valid_days))

    @routes.post("/questions/{question}/skip")
    def skip(question: str, who: Annotated[Person, Depends(analyst)]) -> None:
        """Leave a question to others."""
        analysts.skip(who.name, question)

    @routes.post("/undo")
    def undo(who: Annotated[Person, Depends(analyst)]) -> QuestionOut:
        """Take back the last answer of this account, and return its question."""
        return out(who, analysts.undo(who.name))

    @routes.get("/given")
    def listed(
        annotator: str = "",
        family: str = "",
        state: str = "",
        question: str = "",
        before: str = "",
        limit: int = PAGE,
    ) -> list[LabelOut]:
        """Return labels, the latest first, and what became of each."""
        form = Form([("limit", str(limit)), ("state", state), ("annotator", annotator), ("family", family)])
        form.fields.append(("question", question))
        most, looked_for = form.whole("limit", 1, 500), wanted(form)
        rows, _ = given.given(desk, looked_for, most, before)
        return [_out(row.label, row.state) for row in rows]

    @routes.post("/given/{label}/withdraw")
    def withdraw(label: str, given: Why, who: Annotated[Person, Depends(analyst)]) -> WithdrawnOut:
        """Take a label back, one's own or somebody else's; its question is open again."""
        gone = acts.withdraw(desk, who.name, label, given.why)
        return WithdrawnOut(withdrawn=[_out(one) for one in gone.labels], bundles=dict(gone.bundles))

    @routes.get("/agreement")
    def agreement() -> AgreementOut:
        """Return how far people agree, and what each one's answers seem to be worth."""
        found = given.agreement(desk)
        return AgreementOut(
            answered=found.answered,
            by_several=found.several,
            krippendorff_alpha=found.alpha,
            people=[{"annotator": who, "answers": n, "right": share} for who, n, share in found.people],
            pairs=[{"one": a, "other": b, "both": n, "agree": k} for a, b, n, k in found.pairs],
        )

    @routes.get("/curve")
    def curve() -> dict[str, Any]:
        """Return the learning curve that was made last, beside its controls; empty if none was."""
        found = learning.learning(desk, models(desk))
        kept = {} if found.curve is None else asdict(found.curve)
        return {**kept, "labelled": found.labelled, "next_answers": found.promise}


def wanted(form: Form) -> given.Wanted:
    """Return which labels a query looks for.

    Raises:
        ConfigError: If it asks for what there is not.
    """
    found = given.Wanted(
        form.text("annotator", most=80),
        form.text("family", most=80),
        form.choice("state", ("", *given.STATES), ""),
        form.text("question", most=40),
    )
    form.check()
    return found


def _out(label: Label, state: str | None = None) -> LabelOut:
    return LabelOut(**{name: getattr(label, name) for name in LabelOut.model_fields if name != "state"}, state=state)
