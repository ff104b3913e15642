"""Allowances for programs: listed, tried, given, extended, withdrawn.

In: conditions. Out: models, so that OpenAPI describes every field.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from redshank.console.acts import allowances as acts
from redshank.console.desk import Desk
from redshank.console.facts.allowances import preview
from redshank.console.people import Person
from redshank.console.programs.example import example
from redshank.console.programs.terms import Terms
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst, viewer
from redshank.core.allowance import Allowance
from redshank.core.inert import inert
from redshank.store.allowances import Given

Viewer = Annotated[Person, Depends(viewer)]
Analyst = Annotated[Person, Depends(analyst)]


class AllowanceModel(BaseModel):
    """An allowance."""

    id: str
    author: str
    reason: str
    given_at_s: float
    expires_at_s: float | None
    terms: dict[str, str | int]


class GivenModel(BaseModel):
    """An allowance, its state, and what it kept quiet."""

    allowance: AllowanceModel
    state: str
    flows: int
    alerts: int
    last_s: float | None


class Wish(BaseModel):
    """An allowance that somebody wants."""

    model_config = example(terms={"device": "10.0.0.9", "family": "scanning"}, because="our own scanner", span="30d")

    terms: Terms
    because: str
    span: str = Field(acts.USUAL_SPAN, description="How long it holds, like 12h or 30d; 0: until it is withdrawn.")


class Trial(BaseModel):
    """An allowance that somebody thinks of."""

    model_config = example(terms={"device": "10.0.0.9", "family": "scanning"}, alert="5e1f0a1b2c3d4e5f")

    terms: Terms
    because: str = ""
    span: str = Field(acts.USUAL_SPAN, description="As of the one that is wanted.")
    alert: str = Field(
        "", max_length=64, description="The alert that is called false with it: it is told whether it is covered."
    )


class EffectModel(BaseModel):
    """What an allowance would do."""

    open: list[str] = Field(description="Open alerts that it would close, of the newest.")
    past: int = Field(description="Others that would not have been told.")
    looked: int
    whole: bool = Field(description="Whether there are no more that it may cover.")
    taken_back: list[str] = Field(description="Actions that would be taken back.")
    itself: bool | None = Field(description="Whether it covers the alert that it is for; None: it is for none.")


class AllowedModel(BaseModel):
    """An allowance that was given."""

    allowance: AllowanceModel
    closed: int = Field(description="Open alerts that it closed.")
    taken_back: int = Field(description="Actions that were taken back for it.")


class Why(BaseModel):
    """Why something is done."""

    model_config = example(why="the scanner was sold")

    why: str


class Span(BaseModel):
    """For how long from now."""

    model_config = example(span="12h")

    span: str = acts.USUAL_SPAN


def offer(routes: APIRouter, desk: Desk) -> None:
    """Add what programs may ask and do."""

    @routes.get("")
    def allowances(
        who: Viewer,
        state: Annotated[str, Query(pattern="^(in force|over|withdrawn)?$", description="Only those.")] = "",
        after: Annotated[str, Query(max_length=64, description="Id of the last one of the page before.")] = "",
        limit: Annotated[int, Query(ge=1, le=1_000)] = 500,
    ) -> list[GivenModel]:
        """Return allowances, what changed last first; the next page is after an id."""
        del who
        found = [_given(one, desk.now_s()) for one in desk.allowances.given()]
        begin = next((place for place, one in enumerate(found, 1) if one.allowance.id == after), 0)
        return [one for one in found[begin:] if state in ("", one.state)][:limit]

    @routes.post("/preview")
    def tried(who: Analyst, asked: Trial) -> EffectModel:
        """Tell what an allowance would do; nothing is changed."""
        made = acts.drafted(desk, who, asked.terms.model_dump(), asked.because or "not written yet", asked.span)
        filed = desk.alerts.get(asked.alert) if asked.alert else None
        if asked.alert and filed is None:
            raise RequestError(404, f"there is no alert '{inert(asked.alert[:40])}'")
        told = preview(desk, made, filed.alert if filed else None)
        found, actions = told.effect, [one.action.id for one in told.taken_back]
        ids = [one.alert.id for one in found.open]
        return EffectModel(
            open=ids,
            past=len(found.past),
            looked=found.looked,
            whole=found.whole,
            taken_back=actions,
            itself=told.itself,
        )

    @routes.post("")
    def add(who: Analyst, asked: Wish) -> AllowedModel:
        """Put an allowance in force, and close the open alerts that it covers."""
        return _allowed(acts.add(desk, acts.drafted(desk, who, asked.terms.model_dump(), asked.because, asked.span)))

    @routes.post("/{name}/extend")
    def extend(who: Analyst, name: str, asked: Span) -> AllowedModel:
        """Let an allowance hold longer, as a new one of the same conditions."""
        return _allowed(acts.extend(desk, who, name, asked.span))

    @routes.post("/{name}/withdraw")
    def withdraw(who: Analyst, name: str, asked: Why) -> GivenModel:
        """Take an allowance back."""
        acts.withdraw(desk, who, name, asked.why)
        return _given(acts.found(desk, name), desk.now_s())


def _given(one: Given, now_s: float) -> GivenModel:
    state = one.state(now_s)
    return GivenModel(
        allowance=model(one.allowance), state=state, flows=one.flows, alerts=one.alerts, last_s=one.last_s
    )


def _allowed(made: acts.Allowed) -> AllowedModel:
    return AllowedModel(allowance=model(made.allowance), closed=made.closed, taken_back=made.taken_back)


def model(one: Allowance) -> AllowanceModel:
    """Return an allowance for programs."""
    return AllowanceModel(
        id=one.id,
        author=one.author,
        reason=one.reason,
        given_at_s=one.given_at_s,
        expires_at_s=one.expires_at_s,
        terms=one.conditions(),
    )
