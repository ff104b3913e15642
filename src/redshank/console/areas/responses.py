"""What is done against devices: approve, undo, act by hand, and the ledger behind it."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from redshank.console import keyset
from redshank.console.acts import responses as acts
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts.responses import Line, State
from redshank.console.form import Asked, Posted
from redshank.console.page import back, render
from redshank.console.people import Person
from redshank.console.problems import said
from redshank.console.request_error import RequestError
from redshank.console.sessions import admin, analyst
from redshank.core.errors import ActionError, RedshankError
from redshank.respond.ledger import ALLOW_S
from redshank.respond.states import Entry
from redshank.store.runs import Runs

AT_ONCE = 50
MOST_WORDS = 8
MINUTES = 10.0
"""How long an action by hand holds unless somebody says otherwise."""
MOST_MINUTES = 43_200.0
HOUR_S, MINUTE_S = 3_600.0, 60.0

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
    by: str
    note: str
    reason: str
    alert: str
    backend: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Return it for programs."""
        action = entry.action
        return cls(
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


class StateNow(BaseModel):
    """The ledger at one moment; of what is over the latest."""

    waiting: list[ActionNow]
    active: list[ActionNow]
    over: list[ActionNow]
    lines: int
    torn_at: list[int]
    problem: str
    breaker_open_because: str
    approved_in_a_minute: int

    @classmethod
    def of(cls, state: State) -> Self:
        """Return it for programs."""
        return cls(
            waiting=[ActionNow.of(one) for one in state.waiting],
            active=[ActionNow.of(one) for one in state.active],
            over=[ActionNow.of(one) for one in state.over[:AT_ONCE]],
            lines=state.lines,
            torn_at=list(state.torn_at),
            problem=state.problem,
            breaker_open_because=state.held_up,
            approved_in_a_minute=state.approved_lately,
        )


class LineNow(BaseModel):
    """A line of the ledger; without an event it is torn."""

    number: int
    whole: bool
    digest: str
    event: dict[str, Any] | None

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return it for programs."""
        event = None if line.event is None else dict(vars(line.event))
        return cls(number=line.number, whole=line.whole, digest=line.digest, event=event)


class Chosen(BaseModel):
    """Actions."""

    ids: Annotated[list[str], Field(min_length=1, max_length=500)]


class TakenBack(Chosen):
    """Actions to take back, and for how long their targets are let alone."""

    why: Why
    allow_s: Annotated[float, Field(ge=0, le=acts.ALLOWED_S)] = ALLOW_S


class LetAlone(BaseModel):
    """An address that nothing is done against for a while; 0 s ends it."""

    target: Annotated[str, Field(max_length=64)]
    why: Why
    allow_s: Annotated[float, Field(ge=0, le=acts.ALLOWED_S)]


class Order(BaseModel):
    """An action by hand."""

    target: Annotated[str, Field(max_length=64)]
    measure: str = "block"
    ttl_s: float = MINUTES * MINUTE_S
    why: Why


class Rehearsed(BaseModel):
    """What would be loaded for an order."""

    measure: str
    target: str
    ruleset: list[str]
    """Commands as JSON, in order, for `nft -j -f -`."""


class Reason(BaseModel):
    """Why somebody does something."""

    why: Why


class Responses(Area):
    """Actions and the ledger."""

    title, place, key = "Responses", 55, "r"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._book = desk.book

    def pages(self, routes: APIRouter) -> None:
        """Show what waits, holds and is over; the ledger; who is never blocked; and take orders."""
        self._show(routes)
        self._decide(routes)
        self._order(routes)

    def api(self, routes: APIRouter) -> None:
        """Tell the same, and take the same orders."""
        self._tell(routes)
        self._take(routes)

    def _show(self, routes: APIRouter) -> None:
        desk, book = self.desk, self._book

        @routes.get("")
        def actions(request: Request, query: Asked) -> Response:
            after, q = keyset.asked(query), query.text("q", most=200)
            query.check()
            state, run = book.state().fitting(q.split()[:MOST_WORDS]), Runs(desk.database).latest()
            over = [one for one in state.over if after is None or _place(one) < after]
            return render(
                request,
                "responses/list.html",
                state=state,
                q=q,
                over=over[:AT_ONCE],
                paged=after is not None,
                next=keyset.written(_place(over[AT_ONCE - 1])) if len(over) > AT_ONCE else "",
                backend=desk.settings.respond.backend,
                breaker=desk.breaker,
                silent=run is None or run.state == "ended" or run.silent_s(desk.now_s()) > 0,
            )

        @routes.get("/action/{name}")
        def action(request: Request, name: str) -> Response:
            return render(request, "responses/action.html", entry=self._entry(name), lines=book.history(name))

        @routes.get("/ledger")
        def ledger(request: Request, query: Asked) -> Response:
            before = query.whole("before", 1, 2**53, 0) or None
            query.check()
            lines = book.lines(AT_ONCE, before)
            return render(
                request,
                "responses/ledger.html",
                state=book.state(),
                lines=lines,
                paged=before is not None,
                next=lines[-1].number if lines and lines[-1].number > 1 else None,
            )

        @routes.get("/protected")
        def protected(request: Request) -> Response:
            return render(request, "responses/protected.html", protected=book.protected())

    def _decide(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.post("/approve")
        def approve(request: Request, form: Posted, who: Analyst) -> Response:
            done = acts.approve(desk, form.several("id"), who.name)
            return back(request, "/responses", f"Approved: {_named(done)}." if done else "Nothing was marked.")

        @routes.post("/undo")
        def undo(request: Request, form: Posted, who: Analyst) -> Response:
            hours = form.number("allow_hours", 0, acts.ALLOWED_S / HOUR_S, ALLOW_S / HOUR_S)
            why, ids = form.text("why"), form.several("id")
            form.check()
            done = acts.undo(desk, ids, who.name, why, hours * HOUR_S)
            return back(request, "/responses", f"Taken back: {_named(done)}." if done else "Nothing was marked.")

        @routes.post("/allow")
        def allow(request: Request, form: Posted, who: Analyst) -> Response:
            hours = form.number("hours", 0, acts.ALLOWED_S / HOUR_S)
            target, why = form.text("target", most=64), form.text("why")
            form.check()
            acts.allow(desk, target, who.name, why, hours * HOUR_S)
            words = f"Nothing is done against {target} for {hours:g} h." if hours else f"{target} is let alone no more."
            return back(request, "/responses", words)

        @routes.get("/flush")
        def confirm(request: Request, who: Admin) -> Response:
            del who
            state = self._book.state()
            return render(request, "responses/flush.html", state=state, open=[*state.waiting, *state.active])

        @routes.post("/flush")
        def flush(request: Request, form: Posted, who: Admin) -> Response:
            done = acts.flush(desk, who.name, form.text("why"))
            return back(request, "/responses", f"Taken back: {len(done)} actions.")

    def _order(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/block")
        def plan(request: Request, query: Asked, who: Admin) -> Response:
            order = {
                "target": query.text("target", most=64),
                "measure": query.choice("measure", ("block", "rate_limit", "isolate"), "block"),
                "minutes": f"{query.number('minutes', 0, MOST_MINUTES, MINUTES):g}",
                "why": query.text("why", most=acts.LONGEST_WHY),
            }
            ruleset, problems = "", query.problems
            if query.has("why") and not problems:
                try:
                    planned = acts.planned(
                        desk,
                        order["measure"],
                        order["target"],
                        float(order["minutes"]) * MINUTE_S,
                        who.name,
                        order["why"],
                    )
                    ruleset = acts.rehearsed(desk, planned)
                    order["target"] = planned.target
                except RedshankError as error:
                    problems = said(error)
            return render(
                request,
                "responses/block.html",
                status=400 if problems else 200,
                order=order,
                ruleset=ruleset,
                problems=problems,
                backend=desk.settings.respond.backend,
            )

        @routes.post("/block")
        def block(request: Request, form: Posted, who: Admin) -> Response:
            minutes = form.number("minutes", 0, MOST_MINUTES)
            measure, target, why = form.text("measure", most=40), form.text("target", most=64), form.text("why")
            form.check()
            done = acts.block(desk, acts.planned(desk, measure, target, minutes * MINUTE_S, who.name, why))
            return back(request, f"/responses/action/{done.action.id}", f"Ordered: {_named([done])}.")

    def _tell(self, routes: APIRouter) -> None:
        book = self._book

        @routes.get("")
        def state() -> StateNow:
            """Return what waits, what holds and what ended last, and whether the ledger can be believed."""
            return StateNow.of(book.state())

        @routes.get("/actions/{name}")
        def action(name: str) -> ActionNow:
            """Return an action."""
            return ActionNow.of(self._entry(name))

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

    def _take(self, routes: APIRouter) -> None:
        desk = self.desk

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

    def _entry(self, name: str) -> Entry:
        try:
            return self.desk.ledger().find(name)
        except ActionError as error:
            raise RequestError(404, str(error)) from None


def _place(entry: Entry) -> tuple[float, str]:
    return entry.changed_s, entry.action.id


def _named(done: list[Entry]) -> str:
    return ", ".join(f"{one.action.measure.replace('_', ' ')} of {one.action.target}" for one in done)
