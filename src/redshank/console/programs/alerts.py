"""Alerts for programs: what the pages show and do, as JSON.

In: queries as the search field takes them. Out: models, so that OpenAPI describes every field.
"""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from fastapi import Query as InQuery
from pydantic import BaseModel, Field

from redshank.console import keyset
from redshank.console.acts import alerts as acts
from redshank.console.acts.allowances import USUAL_SPAN, drafted
from redshank.console.desk import Desk
from redshank.console.facts.alert import case, falsely
from redshank.console.facts.alerts import Listing
from redshank.console.facts.responses import Book
from redshank.console.form import Form
from redshank.console.people import Person
from redshank.console.programs.allowances import AllowanceModel, model
from redshank.console.programs.example import example
from redshank.console.programs.responses import ActionNow
from redshank.console.programs.terms import Terms
from redshank.console.query import LONGEST, read
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst, viewer
from redshank.core.inert import inert
from redshank.store.alerts import Filed

Viewer = Annotated[Person, Depends(viewer)]
Analyst = Annotated[Person, Depends(analyst)]
Text = Annotated[
    str,
    InQuery(
        max_length=LONGEST, description="As the search field of the page takes it.", examples=["family:ddos since:24h"]
    ),
]


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
    arrival: int = Field(description="Grows with each revision of any alert that the store writes down.")
    recorded_at_s: float
    state: str
    state_by: str
    state_at_s: float | None


class AlertRow(BaseModel):
    """An alert in a line."""

    id: str
    device: str
    family: str
    severity: str
    last_seen_s: float
    count: int
    state: str
    state_by: str

    @classmethod
    def of(cls, filed: Filed, **more: Any) -> Self:  # noqa: ANN401  fields of what has more of them
        """Return it for programs."""
        known = {**vars(filed.alert), **vars(filed)}
        return cls(**more, **{name: known[name] for name in AlertRow.model_fields})


class Page(BaseModel):
    """A page of alerts, those seen last first."""

    alerts: list[AlertModel]
    older: str = Field(description="Where the next page begins, for `after`; empty: this is the last.")
    total: int = Field(description="How many fit; nobody counts beyond 10,001.")
    arrival: int = Field(description="What had arrived, for `judge-all` and for `seen`.")
    new: int | None = Field(description="How many are new, or grew, since `seen`, 1,000 at most; None: not asked.")


class GroupModel(BaseModel):
    """Alerts that have something in common."""

    value: str
    count: int
    open: int
    severity: str
    last_seen_s: float
    begins_s: float | None = Field(description="Of an hour, when it begins.")
    query: str = Field(description="Finds them.")


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
    packets: bool = Field(description="Whether the time is of packets, and not of the clock.")


class LikeModel(AlertRow):
    """A judged alert that is like this one."""

    likeness: float = Field(description="0 to 1.")
    shared: str = Field(description="What both tell.")


class CaseModel(BaseModel):
    """An alert with what helps to judge it."""

    alert: AlertModel
    deed: str
    sure: str
    evidence: list[Flow]
    questions: dict[str, str] = Field(
        description="Flows of evidence that are questions, and the question: labels of them can be learnt from."
    )
    labelled: list[str] = Field(description="Flows that get the label benign if the alert is called false.")
    reasons: list[ReasonModel]
    events: list[EventModel]
    techniques: dict[str, str] = Field(description="ATT&CK ids of it and of its rules, with their names where known.")
    like: list[LikeModel]
    ended: dict[str, int] = Field(description="How often those ended how.")
    history: list[AlertRow] = Field(description="Other alerts of the device, those seen last first.")
    actions: list[ActionNow] = Field(description="Against the device, or because of the alert, the newest first.")
    kept: list[ActionNow] = Field(description="Those that answered the alert and are not over, if it is called false.")
    allowed: AllowanceModel | None = Field(description="The allowance that closed it, if one did.")
    families: dict[str, int] = Field(description="Alerts of the same device, by family.")


Seen = Annotated[
    float | None,
    Field(ge=0, le=1e12, description="When these alerts were looked at: what was decided since is left alone."),
]


class Decision(BaseModel):
    """What somebody makes of some alerts."""

    model_config = example(ids=["5e1f0a1b2c3d4e5f"], state="acknowledged", why="the new printer")

    ids: list[Annotated[str, Field(max_length=64)]] = Field(max_length=acts.MOST_MARKED)
    state: str
    why: str = ""
    label: bool = Field(False, description="Whether flows of alerts that are called false get the label benign.")
    seen_at_s: Seen = None


class WideDecision(BaseModel):
    """What somebody makes of all alerts that fit a query."""

    model_config = example(q="family:scanning since:24h", arrival=4711, state="closed", why="our own scanner")

    q: Annotated[str, Field(max_length=LONGEST)]
    arrival: Annotated[int, Field(ge=0, le=1 << 62, description="Of the page that was looked at: later ones are left.")]
    state: str
    why: str = ""
    label: bool = Field(False, description="As of the other.")
    seen_at_s: Seen = None


class SuggestionModel(BaseModel):
    """Conditions under which an alert would not have been told."""

    name: str
    terms: dict[str, str]
    about: str


class FalselyModel(BaseModel):
    """What calling an alert false would do, and what could be allowed with it."""

    suggestions: list[SuggestionModel] = Field(
        description="The narrowest first; /allowances/preview tells what each does."
    )
    evidence: int = Field(description="Flows of it that are kept.")
    labelled: list[str] = Field(description="Those of these flows that get the label benign.")
    why_none: str = Field(description="Why none of them gets one, or ''.")
    taken_back: list[ActionNow] = Field(description="Actions that are taken back with it.")
    kept: list[ActionNow] = Field(description="Actions for it that stay: another alert of the device is unsettled.")


class FalseAlarm(BaseModel):
    """That an alert was a false alarm."""

    model_config = example(why="the backup", label=True, allow={"device": "10.0.0.9", "port": "873"}, span="30d")

    why: str = ""
    label: bool = Field(False, description="Whether flows of evidence get the label benign: `labelled` of the alert.")
    allow: Terms | None = None
    span: str = Field(USUAL_SPAN, description="How long the allowance holds; 0: until it is withdrawn.")
    seen_at_s: Seen = None


class Words(BaseModel):
    """A comment to be written."""

    model_config = example(text="asked the owner: it is an update")

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
    closed: int = Field(description="Other open alerts that the allowance closed.")
    allowance: str | None
    left: int = Field(description="Left alone: decided by somebody meanwhile, or gone.")
    taken_back: int = Field(description="Actions that were taken back because of the decision, or of the allowance.")
    kept: int = Field(description="Actions for these alerts that stay: others of their devices are unsettled.")


def offer(routes: APIRouter, desk: Desk, book: Book) -> None:
    """Add what programs may ask and do."""

    @routes.get("")
    def alerts(
        who: Viewer,
        q: Text = "",
        after: Annotated[str, InQuery(max_length=keyset.MOST)] = "",
        rows: Annotated[int, InQuery(ge=1, le=500)] = 50,
        seen: Annotated[int, InQuery(ge=0, le=1 << 62, description="An `arrival`: tells what is new since.")] = 0,
    ) -> Page:
        """Return a page of alerts."""
        del who
        form = Form([("after", after)])
        place = keyset.asked(form)
        form.check()
        found = Listing(desk, read(q, desk.now_s()), place, rows)
        shown = [_alert(filed) for filed in found.rows]
        older, new = keyset.written(found.older), found.new(seen) if seen else None
        return Page(alerts=shown, older=older, total=found.total, arrival=found.arrival, new=new)

    @routes.get("/groups")
    def groups(
        who: Viewer, by: Annotated[str, InQuery(pattern="^(device|family|hour)$")], q: Text = ""
    ) -> list[GroupModel]:
        """Return alerts by what they have in common."""
        del who
        return [
            GroupModel(**vars(one.group), begins_s=one.begins_s, query=one.query)
            for one in Listing(desk, read(q, desk.now_s()), by=by).sums
        ]

    @routes.post("/judge")
    def judge(who: Analyst, asked: Decision) -> OutcomeModel:
        """Acknowledge alerts, call them false, escalate, close or open them again."""
        return _outcome(acts.judge(desk, who, asked.ids, asked.state, asked.why, asked.seen_at_s, label=asked.label))

    @routes.post("/judge-all")
    def judge_all(who: Analyst, asked: WideDecision) -> OutcomeModel:
        """Do so with all alerts that fit a query."""
        query = read(asked.q, desk.now_s())
        return _outcome(
            acts.judge_all(desk, who, query, asked.arrival, asked.state, asked.why, asked.seen_at_s, label=asked.label)
        )

    @routes.get("/{name}")
    def alert(who: Viewer, name: str) -> CaseModel:
        """Return an alert with what helps to judge it."""
        del who
        found = case(desk, book, name)
        if found is None:
            raise _absent(name)
        return CaseModel(
            alert=_alert(found.filed),
            deed=found.deed,
            sure=found.sure,
            evidence=[Flow(**vars(one)) for one in found.evidence],
            questions={uid: one.id for uid, one in found.questions.items()},
            labelled=sorted(found.labelled),
            reasons=[ReasonModel(**vars(one)) for one in found.reasons],
            events=[EventModel(**vars(one)) for one in found.events],
            like=[LikeModel.of(one.filed, likeness=one.likeness, shared=one.shared) for one in found.like],
            techniques=dict(found.techniques),
            ended=dict(found.ended),
            history=[AlertRow.of(one) for one in found.history],
            actions=[ActionNow.of(one) for one in found.actions],
            kept=[ActionNow.of(one) for one in found.kept],
            allowed=None if found.allowed is None else model(found.allowed),
            families=found.families,
        )

    @routes.get("/{name}/false-alarm")
    def falsely_called(who: Analyst, name: str) -> FalselyModel:
        """Tell what calling an alert false would do, and what could be allowed with it."""
        del who
        filed = desk.alerts.get(name)
        if filed is None:
            raise _absent(name)
        found = falsely(desk, filed)
        return FalselyModel(
            suggestions=[SuggestionModel(**vars(one)) for one in found.suggestions],
            evidence=len(found.evidence),
            labelled=[one.uid for one in found.labelled],
            why_none=found.why_none,
            taken_back=[ActionNow.of(one) for one in found.taken_back],
            kept=[ActionNow.of(one) for one in found.kept],
        )

    @routes.post("/{name}/false-alarm")
    def call_false(who: Analyst, name: str, asked: FalseAlarm) -> OutcomeModel:
        """Call an alert false; allow what it was about, and label its flows, if wanted."""
        terms = asked.allow.model_dump() if asked.allow else None
        allowance = drafted(desk, who, terms, asked.why, asked.span) if terms is not None else None
        return _outcome(
            acts.call_false(
                desk, who, name, asked.why, label=asked.label, allowance=allowance, seen_at_s=asked.seen_at_s
            )
        )

    @routes.post("/{name}/comments")
    def comment(who: Analyst, name: str, asked: Words) -> CommentModel:
        """Write a comment about an alert."""
        return CommentModel(**vars(acts.comment(desk, who, name, asked.text)))


def _alert(filed: Filed) -> AlertModel:
    told: dict[str, Any] = {**vars(filed.alert), "evidence": [Flow(**vars(one)) for one in filed.alert.evidence]}
    return AlertModel(**{**told, **vars(filed)})


def _outcome(made: acts.Outcome) -> OutcomeModel:
    return OutcomeModel(**{**vars(made), "allowance": made.allowance.id if made.allowance else None})


def _absent(name: str) -> RequestError:
    return RequestError(404, f"there is no alert '{inert(name[:40])}'")
