"""Allowances: what is not to raise an alarm, who decided so, until when, and what it kept quiet."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from redshank.console.acts import allowances as acts
from redshank.console.area import Area
from redshank.console.facts.allowances import STATES, listed, preview
from redshank.console.form import Asked, Posted
from redshank.console.page import back, render
from redshank.console.people import Person
from redshank.console.programs.allowances import offer
from redshank.console.sessions import analyst
from redshank.console.words import number_of
from redshank.core.allowance import CONDITIONS
from redshank.core.errors import ConfigError

MEANINGS = {
    "source": "who began the flow: address or network",
    "destination": "whom it went to: address or network",
    "network": "where either of the two is",
    "device": "IP or MAC address of the device that began it",
    "port": "TCP or UDP port that it went to",
    "domain": "name asked for, and those below it; a device can say any name",
    "family": "what it was taken for",
    "rule": "the signature rule that it hit",
}
Analyst = Annotated[Person, Depends(analyst)]


class Allowances(Area):
    """The allowances area."""

    title, place, key = "Allowances", 70, "w"

    def pages(self, routes: APIRouter) -> None:
        """Add the list, a form for a new one, and what ends or extends one."""
        desk = self.desk

        @routes.get("")
        def allowances(request: Request) -> Response:
            return render(request, "allowances/list.html", listed=listed(desk), states=STATES)

        @routes.get("/new")
        def new(request: Request, form: Asked, who: Analyst) -> Response:
            terms = {name: form.text(name, most=500) for name in CONDITIONS}
            because = form.text("why", most=500)
            span = form.text("for", most=20, default=acts.USUAL_SPAN)
            form.check()
            told, problems = None, []
            if any(terms.values()):
                try:
                    told = preview(desk, acts.drafted(desk, who, terms, because or "not written yet", span))
                except ConfigError as error:
                    problems = error.problems
            return render(
                request, "allowances/new.html", terms=terms, because=because, span=span, told=told, problems=problems,
                meanings=MEANINGS,
            )  # fmt: skip

        @routes.post("/new")
        def add(request: Request, form: Posted, who: Analyst) -> Response:
            terms = {name: form.text(name, most=500) for name in CONDITIONS}
            because = form.text("why", most=500)
            span = form.text("for", most=20, default=acts.USUAL_SPAN)
            form.check()
            made = acts.add(desk, acts.drafted(desk, who, terms, because, span))
            return back(request, "/allowances", _said(made, "Allowed"))

        @routes.post("/{name}/withdraw")
        def withdraw(request: Request, name: str, form: Posted, who: Analyst) -> Response:
            why = form.text("why", most=500)
            form.check()
            acts.withdraw(desk, who, name, why)
            return back(request, "/allowances", "Withdrawn: it raises alerts again.")

        @routes.post("/{name}/extend")
        def extend(request: Request, name: str, form: Posted, who: Analyst) -> Response:
            span = form.text("for", most=20, default=acts.USUAL_SPAN)
            form.check()
            return back(request, "/allowances", _said(acts.extend(desk, who, name, span), "Extended"))

    def api(self, routes: APIRouter) -> None:
        """Add the same for programs."""
        offer(routes, self.desk)


def _said(made: acts.Allowed, what: str) -> str:
    alerts = f" {number_of(made.closed, 'open alert')} closed." if made.closed else ""
    actions = f" {number_of(made.taken_back, 'action')} taken back." if made.taken_back else ""
    return f"{what}: {made.allowance.terms()}.{alerts}{actions}"
