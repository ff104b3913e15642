"""What is done against devices: approve, undo, act by hand, and the ledger behind it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from redshank.console import keyset
from redshank.console.acts import responses as acts
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts import responses as facts
from redshank.console.form import Asked, Posted
from redshank.console.page import back, render
from redshank.console.people import Person
from redshank.console.problems import said
from redshank.console.programs.responses import MINUTE_S, MINUTES, offer
from redshank.console.sessions import admin, analyst
from redshank.core.errors import RedshankError
from redshank.respond.ledger import ALLOW_S
from redshank.respond.states import Entry

AT_ONCE = 50
MOST_MINUTES = 43_200.0
HOUR_S = 3_600.0

Admin = Annotated[Person, Depends(admin)]
Analyst = Annotated[Person, Depends(analyst)]


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
        """Tell the same, and take the same orders; see `console/programs/responses.py`."""
        offer(routes, self.desk, self._book)

    def _show(self, routes: APIRouter) -> None:
        desk, book = self.desk, self._book

        @routes.get("")
        def actions(request: Request, query: Asked) -> Response:
            after, q = keyset.asked(query), query.text("q", most=200)
            query.check()
            found = facts.actions(desk, book, q, after, AT_ONCE)
            return render(
                request,
                "responses/list.html",
                state=found.state,
                q=q,
                over=found.over,
                paged=after is not None,
                next=keyset.written(found.after),
                backend=desk.settings.respond.backend,
                breaker=desk.breaker,
                silent=found.silent,
            )

        @routes.get("/action/{name}")
        def action(request: Request, name: str) -> Response:
            return render(request, "responses/action.html", entry=facts.entry(desk, name), lines=book.history(name))

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


def _named(done: list[Entry]) -> str:
    return ", ".join(f"{one.action.measure.replace('_', ' ')} of {one.action.target}" for one in done)
