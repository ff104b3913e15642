"""Everybody's own account, and for admins the others: passwords, sessions, tokens, roles."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from redshank.console.area import Area
from redshank.console.page import render
from redshank.console.people import Person
from redshank.console.sessions import viewer
from redshank.store.credentials import Sessions


class Me(BaseModel):
    """Whose token it is."""

    name: str
    role: str


class Account(Area):
    """The account area."""

    title, place, key = "Account", 110, "c"

    def pages(self, routes: APIRouter) -> None:
        """Show who somebody is and where they are logged in."""
        sessions = Sessions(self.desk.database)

        @routes.get("")
        def mine(request: Request, who: Annotated[Person, Depends(viewer)]) -> Response:
            return render(request, "account/mine.html", sessions=sessions.of(who.name))

    def api(self, routes: APIRouter) -> None:
        """Tell a program who it is."""

        @routes.get("/me")
        def me(who: Annotated[Person, Depends(viewer)]) -> Me:
            """Return whose token this is, and what it may."""
            return Me(name=who.name, role=who.role)
