"""Rules: which signatures judge here, how often they fired and how that ended; watchlists. Files are edited on disk."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts.rules import text_of
from redshank.console.form import Asked
from redshank.console.page import render
from redshank.console.programs.rules import offer
from redshank.console.request_error import RequestError
from redshank.core.inert import inert

ORDERS = ("name", "fired", "false alarms")


class Rules(Area):
    """The rules area."""

    title, place, key = "Rules", 60, "u"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rulebook = desk.rulebook

    def pages(self, routes: APIRouter) -> None:
        """Add the list, and one rule with its text."""
        rulebook = self._rulebook

        @routes.get("")
        def rules(request: Request, form: Asked) -> Response:
            order, words = form.choice("order", ORDERS, "name"), form.text("q", most=100).lower()
            form.check()
            book = rulebook.book()
            found = [
                one for one in book.rules if words in f"{one.rule.name} {one.rule.title} {one.rule.family}".lower()
            ]
            if order == "fired":
                found.sort(key=lambda one: -one.fired)
            elif order == "false alarms":
                found.sort(key=lambda one: -(one.false_share or 0.0))
            return render(request, "rules/list.html", book=book, found=found, order=order, orders=ORDERS, words=words)

        @routes.get("/{name:path}")
        def rule(request: Request, name: str) -> Response:
            found = rulebook.find(name)
            if found is None:
                raise RequestError(404, f"there is no rule '{inert(name[:80])}' now; it may have been taken away")
            return render(request, "rules/one.html", one=found, rule=found.rule, text=text_of(found.rule))

    def api(self, routes: APIRouter) -> None:
        """Add the same for programs."""
        offer(routes, self._rulebook)

    def warm(self) -> None:
        """Read the rules, and count how often they fired."""
        self._rulebook.book()
