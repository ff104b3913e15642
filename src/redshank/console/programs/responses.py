"""Responses for programs: what is done against devices, the ledger behind it, and the same orders as on the pages.

In: the desk and the ledger. Out: routes below /api/v1/responses, with models in and out.
"""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from redshank.console import keyset
from redshank.console.acts import responses as acts
from redshank.console.desk import Desk
from redshank.console.facts import responses as facts
from redshank.console.facts.responses import Book, Line
from redshank.console.form import Form
from redshank.console.people import Person
from redshank.console.programs.example import example
from redshank.console.sessions import admin, analyst
from redshank.respond.ledger import ALLOW_S
from redshank.respond.states import Breaker, Entry

AT_ONCE = 50
MINUTE_S = 60.0
MINUTES = 10.0
"""How long an action by hand holds unless somebody says otherwise."""

Admin = Annotated[Person, Depends(admin)]
Analyst = Annotated[Person, Depends(analyst)]
Why = Annotated[str, Field(min_length=1, max_length=acts.LONGEST_WHY)]


class ActionNow(BaseModel):
    """An action and what became of it."""

    id: str
    state: str
    measure: str
    target: str
    ttl_s: float
    until_s: float | None
    waits_for_approval: bool
    changed_at_s: float
    by: str = Field(description="Who brought it into its state.")
    note: str
    reason: str
    alert: str
    proposed_at_s: float
    proposed_by: str
    backend: str

    @classmethod
    def of(cls, entry: Entry, **more: Any) -> Self:  # noqa: ANN401  fields of what has more of them
        """Return it for programs."""
        action = entry.action
        return cls(
            **more,
            proposed_at_s=action.at_s,
            proposed_by=action.by,
            id=action.id,
            state=entry.state,
            measure=action.measure,
            target=action.target,
            ttl_s=action.ttl_s,
            until_s=entry.until_s if entry.state == "applied" else None,
            waits_for_approval=entry.approval,
            changed_at_s=entry.changed_s,
            by=entry.by,
            note=entry.note,
            reason=action.reason,
            alert=action.alert,
            backend=entry.backend,
        )


class Alone(BaseModel):
    """An address that nothing is done against for a while."""

    target: str
    until_s: float
    by: str


class StateNow(BaseModel):
    """The ledger at one moment; of what is over a page, the last to end first."""

    waiting: list[ActionNow]
    active: list[ActionNow]
    over: list[ActionNow]
    after: str = Field(description="Where the next page of what is over begins; empty: this is the last.")
    let_alone: list[Alone]
    lines: int = Field(description="Lines that were checked; each follows on the one before.")
    checked_at_s: float
    torn_at: list[int]
    problem: str = Field(description="Why the ledger cannot be believed, or ''.")
    breaker_open_because: str
    approved_in_a_minute: int
    most_in_a_minute: int
    most_active: int
    backend: str = Field(description="Carries actions out; 'dry_run' only writes them down.")
    silent: bool = Field(description="Whether no service was heard of that would carry out what is decided.")

    @classmethod
    def of(cls, found: facts.Actions, backend: str, breaker: Breaker) -> Self:
        """Return it for programs."""
        state = found.state
        return cls(
            after=keyset.written(found.after),
            let_alone=[Alone(target=target, until_s=until_s, by=by) for target, until_s, by in state.allowed],
            checked_at_s=state.checked_at_s,
            most_in_a_minute=breaker.per_minute,
            most_active=breaker.most_active,
            backend=backend,
            silent=found.silent,
            waiting=[ActionNow.of(one) for one in state.waiting],
            active=[ActionNow.of(one) for one in state.active],
            over=[ActionNow.of(one) for one in found.over],
            lines=state.lines,
            torn_at=list(state.torn_at),
            problem=state.problem,
            breaker_open_because=state.held_up,
            approved_in_a_minute=state.approved_lately,
        )


class EventNow(BaseModel):
    """What became of an action, or what a person allowed."""

    what: str
    at_s: float
    by: str
    action: str = Field(description="Id of the action; '' if none.")
    note: str
    record: str = Field(description="The action itself, as JSON, where it is proposed.")
    until_s: float | None
    backend: str
    target: str = Field(description="Address that is let alone.")
    approval: bool


class LineNow(BaseModel):
    """A line of the ledger; without an event it is torn."""

    number: int
    whole: bool = Field(description="Whether it is as it was written.")
    digest: str
    event: EventNow | None

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return it for programs."""
        event = None if line.event is None else EventNow(**vars(line.event))
        return cls(number=line.number, whole=line.whole, digest=line.digest, event=event)


class ActionPast(ActionNow):
    """An action, and its lines in the ledger."""

    ledger: list[LineNow]


class Chosen(BaseModel):
    """Actions."""

    model_config = example(ids=["91c72d9a480ebf12"])

    ids: Annotated[list[str], Field(min_length=1, max_length=500)]


class TakenBack(Chosen):
    """Actions to take back, and for how long their targets are let alone."""

    model_config = example(ids=["91c72d9a480ebf12"], why="the only printer that we have", allow_s=86_400)

    why: Why
    allow_s: Annotated[float, Field(ge=0, le=acts.ALLOWED_S)] = ALLOW_S


class LetAlone(BaseModel):
    """An address that nothing is done against for a while; 0 s ends it."""

    model_config = example(target="10.0.0.9", why="it is tested today", allow_s=3_600)

    target: Annotated[str, Field(max_length=64)]
    why: Why
    allow_s: Annotated[float, Field(ge=0, le=acts.ALLOWED_S)]


class Order(BaseModel):
    """An action by hand."""

    model_config = example(target="10.0.0.66", measure="rate_limit", ttl_s=600, why="it floods")

    target: Annotated[str, Field(max_length=64)]
    measure: str = "block"
    ttl_s: float = MINUTES * MINUTE_S
    why: Why


class Rehearsed(BaseModel):
    """What would be loaded for an order."""

    measure: str
    target: str
    ruleset: list[str] = Field(description="Commands as JSON, in order, for `nft -j -f -`.")


class Reason(BaseModel):
    """Why somebody does something."""

    model_config = example(why="the wrong network")

    why: Why


def offer(routes: APIRouter, desk: Desk, book: Book) -> None:
    """Add the routes.

    Args:
        routes: What they are added to.
        desk: What they work on.
        book: The ledger.
    """
    _tell(routes, desk, book)
    _take(routes, desk)


def _tell(routes: APIRouter, desk: Desk, book: Book) -> None:
    @routes.get("")
    def state(
        q: Annotated[str, Query(max_length=200, description="Words of target, reason, person or note.")] = "",
        after: Annotated[str, Query(max_length=keyset.MOST)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = AT_ONCE,
    ) -> StateNow:
        """Return what waits, what holds and what is over, and whether the ledger can be believed."""
        form = Form([("after", after)])
        place = keyset.asked(form)
        form.check()
        return StateNow.of(facts.actions(desk, book, q, place, limit), desk.settings.respond.backend, desk.breaker)

    @routes.get("/actions/{name}")
    def action(name: str) -> ActionPast:
        """Return an action and its lines in the ledger."""
        lines = [LineNow.of(line) for line in book.history(name)]
        return ActionPast.of(facts.entry(desk, name), ledger=lines)

    @routes.get("/ledger")
    def ledger(
        before: Annotated[int, Query(ge=0, le=2**53)] = 0, limit: Annotated[int, Query(ge=1, le=1_000)] = AT_ONCE
    ) -> list[LineNow]:
        """Return lines of the ledger, the newest first; the next page is before the last line's number."""
        return [LineNow.of(line) for line in book.lines(limit, before or None)]

    @routes.get("/protected")
    def protected() -> dict[str, str]:
        """Return who nothing is ever done against, and why."""
        found = book.protected()
        return {**found.addresses, **{str(network): reason for network, reason in found.networks}}


def _take(routes: APIRouter, desk: Desk) -> None:
    @routes.post("/approve")
    def approve(chosen: Chosen, who: Analyst) -> list[ActionNow]:
        """Let actions happen that wait."""
        return [ActionNow.of(one) for one in acts.approve(desk, chosen.ids, who.name)]

    @routes.post("/undo")
    def undo(chosen: TakenBack, who: Analyst) -> list[ActionNow]:
        """Take actions back, and let their targets alone for a while."""
        done = acts.undo(desk, chosen.ids, who.name, chosen.why, chosen.allow_s)
        return [ActionNow.of(one) for one in done]

    @routes.post("/allow", status_code=204)
    def allow(chosen: LetAlone, who: Analyst) -> None:
        """Let nothing be done against an address for a while."""
        acts.allow(desk, chosen.target, who.name, chosen.why, chosen.allow_s)

    @routes.post("/rehearse")
    def rehearse(order: Order, who: Admin) -> Rehearsed:
        """Return the ruleset that would be loaded for an order; nothing is done."""
        action = acts.planned(desk, order.measure, order.target, order.ttl_s, who.name, order.why)
        commands = acts.rehearsed(desk, action).splitlines()
        return Rehearsed(measure=action.measure, target=action.target, ruleset=commands)

    @routes.post("/block")
    def block(order: Order, who: Admin) -> ActionNow:
        """Act against an address by hand."""
        action = acts.planned(desk, order.measure, order.target, order.ttl_s, who.name, order.why)
        return ActionNow.of(acts.block(desk, action))

    @routes.post("/flush")
    def flush(reason: Reason, who: Admin) -> list[ActionNow]:
        """Take everything back that holds or waits."""
        return [ActionNow.of(one) for one in acts.flush(desk, who.name, reason.why)]
