"""Alerts for programs: what the pages show and do, as JSON.

In: queries as the search field takes them. Out: models, so that OpenAPI describes every field.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Query as InQuery
from pydantic import BaseModel, Field

from redshank.console import keyset
from redshank.console.acts import alerts as acts
from redshank.console.acts.allowances import USUAL_SPAN, drafted
from redshank.console.desk import Desk
from redshank.console.facts.alert import case
from redshank.console.facts.alerts import Listing
from redshank.console.facts.responses import Book
from redshank.console.form import Form
from redshank.console.people import Person
from redshank.console.programs.terms import Terms
from redshank.console.query import LONGEST, read
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst, viewer
from redshank.core.inert import inert
from redshank.store.alerts import Filed

Viewer = Annotated[Person, Depends(viewer)]
Analyst = Annotated[Person, Depends(analyst)]
Text = Annotated[str, InQuery(max_length=LONGEST, description="As the search field of the page takes it.")]


class Flow(BaseModel):
    """A flow of evidence."""

    uid: str
    ts_s: float
    src_ip: str
    src_port: int | None
    dst_ip: str
    dst_port: int | None
    proto: str
    community_id: str | None
    score: float
    src_mac: str | None
    domain: str | None
    p_value: float | None = Field(
        description="Share of benign flows that are at least as suspicious to the models; null where none gives one."
    )


class AlertModel(BaseModel):
    """An alert, and what a person made of it."""

    id: str
    device: str
    family: str
    severity: str
    first_seen_s: float
    last_seen_s: float
    count: int
    score: float
    targets: list[str]
    target_count: int
    measure: str
    bundle: str
    evidence: list[Flow]
    detectors: list[str]
    rules: list[str]
    reasons: list[str]
    techniques: list[str]
    revision: int
    over: bool
    state: str
    state_by: str
    state_at_s: float | None


class Page(BaseModel):
    """A page of alerts, those seen last first."""

    alerts: list[AlertModel]
    older: str = Field(description="Where the next page begins, for `after`; empty: this is the last.")
    total: int = Field(description="How many fit; nobody counts beyond 10,001.")
    arrival: int = Field(description="What had arrived, for `judge-all`.")


class GroupModel(BaseModel):
    """Alerts that have something in common."""

    value: str
    count: int
    open: int
    severity: str
    last_seen_s: float
    query: str


class ReasonModel(BaseModel):
    """A reason of an alert."""

    detector: str
    text: str
    words: str
    feature: str
    value: float | None
    low: float | None
    middle: float | None
    high: float | None
    rule: str


class EventModel(BaseModel):
    """Something that happened to an alert."""

    at_s: float
    kind: str
    who: str
    what: str
    note: str


class LikeModel(BaseModel):
    """A judged alert that is like this one."""

    id: str
    state: str
    likeness: float
    shared: str


class CaseModel(BaseModel):
    """An alert with what helps to judge it."""

    alert: AlertModel
    deed: str
    sure: str
    evidence: list[Flow]
    questions: list[str] = Field(description="Flows of evidence that are questions: labels of them can be learnt from.")
    labelled: list[str] = Field(description="Flows that get the label benign if the alert is called false.")
    reasons: list[ReasonModel]
    events: list[EventModel]
    like: list[LikeModel]
    families: dict[str, int] = Field(description="Alerts of the same device, by family.")


class Decision(BaseModel):
    """What somebody makes of some alerts."""

    ids: list[Annotated[str, Field(max_length=64)]] = Field(max_length=acts.MOST_MARKED)
    state: str
    why: str = ""
    label: bool = Field(False, description="Whether flows of alerts that are called false get the label benign.")


class WideDecision(BaseModel):
    """What somebody makes of all alerts that fit a query."""

    q: Annotated[str, Field(max_length=LONGEST)]
    arrival: Annotated[int, Field(ge=0, le=1 << 62, description="Of the page that was looked at: later ones are left.")]
    state: str
    why: str = ""
    label: bool = Field(False, description="As of the other.")


class FalseAlarm(BaseModel):
    """That an alert was a false alarm."""

    why: str = ""
    label: bool = Field(False, description="Whether flows of evidence get the label benign: `labelled` of the alert.")
    allow: Terms | None = None
    span: str = Field(USUAL_SPAN, description="How long the allowance holds; 0: until it is withdrawn.")


class Words(BaseModel):
    """A comment to be written."""

    text: str


class CommentModel(BaseModel):
    """A comment."""

    place: int
    alert: str
    at_s: float
    who: str
    text: str


class OutcomeModel(BaseModel):
    """What became of a decision."""

    alerts: int
    labels: int
    closed: int
    allowance: str | None


def offer(routes: APIRouter, desk: Desk, book: Book) -> None:
    """Add what programs may ask and do."""

    @routes.get("")
    def alerts(
        who: Viewer,
        q: Text = "",
        after: Annotated[str, InQuery(max_length=keyset.MOST)] = "",
        rows: Annotated[int, InQuery(ge=1, le=500)] = 50,
    ) -> Page:
        """Return a page of alerts."""
        del who
        form = Form([("after", after)])
        place = keyset.asked(form)
        form.check()
        found = Listing(desk, read(q, desk.now_s()), place, rows)
        shown = [_alert(filed) for filed in found.rows]
        return Page(alerts=shown, older=keyset.written(found.older), total=found.total, arrival=found.arrival)

    @routes.get("/groups")
    def groups(
        who: Viewer, by: Annotated[str, InQuery(pattern="^(device|family|hour)$")], q: Text = ""
    ) -> list[GroupModel]:
        """Return alerts by what they have in common."""
        del who
        return [
            GroupModel(**vars(one.group), query=one.query) for one in Listing(desk, read(q, desk.now_s()), by=by).sums
        ]

    @routes.post("/judge")
    def judge(who: Analyst, asked: Decision) -> OutcomeModel:
        """Acknowledge alerts, call them false, escalate, close or open them again."""
        return _outcome(acts.judge(desk, who, asked.ids, asked.state, asked.why, label=asked.label))

    @routes.post("/judge-all")
    def judge_all(who: Analyst, asked: WideDecision) -> OutcomeModel:
        """Do so with all alerts that fit a query."""
        query = read(asked.q, desk.now_s())
        return _outcome(acts.judge_all(desk, who, query, asked.arrival, asked.state, asked.why, label=asked.label))

    @routes.get("/{name}")
    def alert(who: Viewer, name: str) -> CaseModel:
        """Return an alert with what helps to judge it."""
        del who
        found = case(desk, book, name)
        if found is None:
            raise RequestError(404, f"there is no alert '{inert(name[:40])}'")
        return CaseModel(
            alert=_alert(found.filed),
            deed=found.deed,
            sure=found.sure,
            evidence=[Flow(**vars(one)) for one in found.evidence],
            questions=sorted(found.questions),
            labelled=sorted(found.labelled),
            reasons=[ReasonModel(**vars(one)) for one in found.reasons],
            events=[EventModel(at_s=e.at_s, kind=e.kind, who=e.who, what=e.what, note=e.note) for e in found.events],
            like=[
                LikeModel(id=one.filed.alert.id, state=one.filed.state, likeness=one.likeness, shared=one.shared)
                for one in found.like
            ],
            families=found.families,
        )

    @routes.post("/{name}/false-alarm")
    def call_false(who: Analyst, name: str, asked: FalseAlarm) -> OutcomeModel:
        """Call an alert false; allow what it was about, and label its flows, if wanted."""
        terms = asked.allow.model_dump() if asked.allow else None
        allowance = drafted(desk, who, terms, asked.why, asked.span) if terms is not None else None
        return _outcome(acts.call_false(desk, who, name, asked.why, label=asked.label, allowance=allowance))

    @routes.post("/{name}/comments")
    def comment(who: Analyst, name: str, asked: Words) -> CommentModel:
        """Write a comment about an alert."""
        return CommentModel(**vars(acts.comment(desk, who, name, asked.text)))


def _alert(filed: Filed) -> AlertModel:
    told: dict[str, Any] = {**vars(filed.alert), "evidence": [Flow(**vars(one)) for one in filed.alert.evidence]}
    return AlertModel(**told, state=filed.state, state_by=filed.state_by, state_at_s=filed.state_at_s)


def _outcome(made: acts.Outcome) -> OutcomeModel:
    named = made.allowance.id if made.allowance else None
    return OutcomeModel(alerts=made.alerts, labels=made.labels, closed=made.closed, allowance=named)
