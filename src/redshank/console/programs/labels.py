"""The queue for programs: the same questions, answers and labels as on the pages.

In: the desk, and who works at the queue. Out: routes below /api/v1/labels, with models in and out.
"""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from redshank.active.replayed import Replayed
from redshank.console.acts import labels as acts
from redshank.console.acts import models as job_acts
from redshank.console.desk import Desk
from redshank.console.facts import given, labels, learning
from redshank.console.facts.models import models, untrained
from redshank.console.form import Form
from redshank.console.people import Person
from redshank.console.programs.alerts import AlertRow
from redshank.console.programs.example import example
from redshank.console.programs.jobs import JobOut
from redshank.console.sessions import analyst, viewer
from redshank.core.records import Label
from redshank.store.question import Question

PAGE = 50
OF_A_QUESTION = (
    *("id", "uid", "device", "why", "strategy", "bundle", "asked_at_s", "doubted_at_s", "at_random", "wanted"),
)
"""What a program is told of it as it stands."""


class QuestionRow(BaseModel):
    """A question of the queue in a line, and what people said of it."""

    id: str
    device: str
    flow: str = Field(description="In one line.")
    why: str
    asked_at_s: float
    families: list[str]

    @classmethod
    def of(cls, row: labels.Beside) -> Self:
        """Return it for programs."""
        kept = {name: getattr(row.question, name) for name in ("id", "device", "why", "asked_at_s")}
        return cls(flow=row.line, families=list(row.families), **kept)


class QuestionOut(BaseModel):
    """A question of the queue."""

    id: str
    uid: str = Field(description="The flow.")
    device: str
    flow: dict[str, Any] = Field(description="Values of the flow by their FLOW names; absent ones are left out.")
    in_words: list[str]
    why: str
    strategy: str
    bundle: str
    asked_at_s: float
    doubted_at_s: float | None
    at_random: bool = Field(description="Whether chance alone chose it.")
    wanted: int = Field(description="How many people are to answer; 0: the service kept it, and nobody is asked.")
    probabilities: dict[str, float] = Field(description="By family; empty where an earlier answer is in doubt.")
    families: list[str] = Field(description="That can be named; any other name is a new family.")
    neighbors: list[QuestionRow] = Field(description="The nearest questions with an answer.")
    others: list[QuestionRow] = Field(description="Other questions about the device.")
    alerts: list[AlertRow] = Field(description="The device's last; empty where an earlier answer is in doubt.")
    device_id: str | None = Field(description="By which /devices/{name} tells of the device, if it is known.")


class CountsOut(BaseModel):
    """How the queue stands."""

    open: int
    held: int
    answered: int
    waiting: int = Field(description="Questions that have a sure answer and wait for another person's.")
    given: int = Field(description="Answers of this account since the console began.")
    skipped: int = Field(description="Questions that this account left to others.")
    verdict: str = Field(description="Whether more labels pay, in a sentence.")
    advice: str = Field(description="'ask on', 'stop', or '' while it is not known.")


class AgainOut(BaseModel):
    """What became of skipped questions."""

    asked_again: int


class Answer(BaseModel):
    """An answer to a question."""

    model_config = example(family="scanning", evidence="its log says so", valid_days=90)

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
    by: str | None = Field(None, description="The label that corrected, replaced or withdrew it.")


class LabelRow(LabelOut):
    """A label, what became of it, and what it is about."""

    flow: str = Field(description="In one line.")


class LabelCase(LabelRow):
    """A label with all that was said of its flow."""

    history: list[LabelOut] = Field(description="In the order of arrival.")
    bundles: dict[str, int] = Field(description="Bundles that were trained on it.")


class Why(BaseModel):
    """Why something is done."""

    model_config = example(why="looked again: it was the backup")

    why: str = Field(min_length=3, max_length=500)


class WithdrawnOut(BaseModel):
    """What became of a label that was taken back."""

    withdrawn: list[LabelOut]
    bundles: dict[str, int] = Field(description="Bundles that were trained on it, and on how many such labels.")


class PersonOut(BaseModel):
    """What somebody's answers are worth."""

    annotator: str
    answers: int = Field(description="Sure ones.")
    right: float | None = Field(description="Share that all answers together make probable; None: nobody else's.")


class PairOut(BaseModel):
    """How far two people agree."""

    one: str
    other: str
    both: int = Field(description="Questions that both answered.")
    agree: int = Field(description="How many of them alike.")


class ApartOut(BaseModel):
    """A question about which people disagree."""

    question: str
    flow: str
    said: dict[str, str] = Field(description="Families by who said so.")


class AgreementOut(BaseModel):
    """How far people agree."""

    answered: int
    by_several: int
    krippendorff_alpha: float | None
    people: list[PersonOut]
    pairs: list[PairOut]
    apart: list[ApartOut] = Field(description="50 at most.")
    annotators: list[str] = Field(description="Everybody who ever gave a label.")


class CurveOut(BaseModel):
    """What the labels taught so far, and whether more of them pay."""

    labelled: int = Field(description="Questions with a sure answer.")
    drawn: int = Field(description="How many of them chance drew.")
    needed: int = Field(description="Answers that are missing for a curve.")
    control: int = Field(description="Answers to questions that chance drew that are missing for its control.")
    curve: Replayed | None = Field(description="The one that was made last, beside its controls; None if none was.")
    behind: int = Field(description="Answers that were given after it was made.")
    problem: str = Field(description="Why the curve cannot be read, or ''.")
    next_answers: dict[str, str | int | float] | None = Field(
        description="What the last retraining said of the next answers; with what both are worth, `advice` and "
        "`points_that_pay` too."
    )
    promised_at_s: float | None
    untrained: str = Field(description="Why no curve can be drawn here, or ''.")


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
            others=[QuestionRow.of(other) for other in one.others],
            alerts=[AlertRow.of(filed) for filed in one.alerts],
            device_id=one.device.id if one.device else None,
            probabilities=dict(one.likely),
            families=[choice.family for choice in one.choices],
            neighbors=[QuestionRow.of(near) for near in one.neighbors],
            flow=dict(question.flow),
            **{name: getattr(question, name) for name in OF_A_QUESTION},
        )

    @routes.get("/questions")
    def questions(status: str = "open", limit: int = PAGE, after: str = "") -> list[QuestionRow]:
        """Return questions: the latest round first, in it the most useful first; the next page is after an id."""
        form = Form([("status", status), ("limit", str(limit))])
        wanted, most = form.choice("status", labels.STATUSES), form.whole("limit", 1, 500)
        form.check()
        rows, _ = labels.listed(desk, wanted, most, after)
        return [QuestionRow.of(row) for row in rows]

    @routes.get("/counts")
    def counts(who: Annotated[Person, Depends(viewer)]) -> CountsOut:
        """Return how many questions are open, held by somebody and answered, and whether more labels pay."""
        now_s, session, pays = desk.now_s(), analysts.session(who.name), learning.verdict(desk)
        return CountsOut(
            **desk.queue.counts(now_s),
            waiting=desk.queue.waiting(now_s),
            given=len(session.given),
            skipped=len(session.skipped),
            verdict=pays.text,
            advice=pays.advice,
        )

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

    @routes.post("/again")
    def again(who: Annotated[Person, Depends(analyst)]) -> AgainOut:
        """Ask this account again what it skipped."""
        return AgainOut(asked_again=analysts.look_again(who.name))

    @routes.get("/given")
    def listed(
        annotator: str = "",
        family: str = "",
        state: str = "",
        question: str = "",
        before: str = "",
        limit: int = PAGE,
    ) -> list[LabelRow]:
        """Return labels, the latest first, and what became of each; the next page is before an id."""
        form = Form([("limit", str(limit)), ("state", state), ("annotator", annotator), ("family", family)])
        form.fields.append(("question", question))
        most, looked_for = form.whole("limit", 1, 500), wanted(form)
        rows, _ = given.given(desk, looked_for, most, before)
        return [LabelRow(**_said(row.label, row.state, row.by), flow=row.line) for row in rows]

    @routes.get("/given/{label}")
    def given_label(label: str) -> LabelCase:
        """Return a label with all that was said of its flow, and the bundles that were trained on it."""
        found, now_s = given.one(desk, label), desk.now_s()
        said = desk.queue.said_of(found.question)
        return LabelCase(
            **_said(found, *given.became(found, said, now_s)),
            flow=labels.beside(desk, [labels.asked(desk, found.question)])[0].line,
            history=[LabelOut(**_said(one, *given.became(one, said, now_s))) for one in said],
            bundles=dict(given.taught(desk, found.id)),
        )

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
            people=[PersonOut(annotator=who, answers=n, right=share) for who, n, share in found.people],
            pairs=[PairOut(one=a, other=b, both=n, agree=k) for a, b, n, k in found.pairs],
            apart=[ApartOut(question=one.id, flow=line, said=dict(said)) for one, line, said in found.apart],
            annotators=given.annotators(desk),
        )

    @routes.get("/curve")
    def curve(
        answer: Annotated[float | None, Query(ge=0, le=1e9, description="What an answer costs.")] = None,
        point: Annotated[float | None, Query(ge=0, le=1e9, description="What a point of macro-F1 is worth.")] = None,
    ) -> CurveOut:
        """Return the learning curve beside its controls, and whether more labels pay: by what is told, or settings."""
        pays = learning.cost(answer, point) or learning.paid(desk.settings.questions)
        found = learning.learning(desk, models(desk), pays)
        told = {name: value for name, value in vars(found).items() if name in CurveOut.model_fields}
        return CurveOut(**told, next_answers=found.promise, untrained=untrained())

    @routes.post("/curve")
    def draw(who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Learn from the labels so far again, and draw the curve anew."""
        return JobOut.of(job_acts.draw_curve(desk, who.name))


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


def _out(label: Label) -> LabelOut:
    return LabelOut(**_said(label))


def _said(label: Label, state: str | None = None, by: Label | None = None) -> dict[str, Any]:
    kept = {name: getattr(label, name) for name in LabelOut.model_fields if name not in {"state", "by"}}
    return {**kept, "state": state, "by": None if by is None else by.id}
