"""Everybody's own account, and for admins those of the others: passwords, browsers, tokens, roles.

What gives somebody more than they had (a password, a role, a token, an account) is made by hand alone: it asks for the
password of who does it, and the API has no way to it. What takes away is in the API too.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.form import Form, Posted
from redshank.console.login import begin, client
from redshank.console.page import back, render
from redshank.console.people import Door, Person
from redshank.console.sessions import Bearers, admin, viewer
from redshank.core.errors import ConfigError
from redshank.store import people
from redshank.store.credentials import Sessions, Tokens
from redshank.store.people import ADMIN, ROLES, People

DAY_S = 86_400.0
DAYS = (7, 30, 90, 365)
"""For how long tokens are given; one that somebody forgot ends by itself."""


class Me(BaseModel):
    """Whose token it is."""

    name: str
    role: str


class SessionNow(BaseModel):
    """A browser that is logged in."""

    address: str
    agent: str
    begun_at_s: float
    used_at_s: float


class TokenNow(BaseModel):
    """What a program shows; the secret is told once, to whoever makes it."""

    id: str
    account: str
    name: str = Field(description="What it is for.")
    may: str = Field(description="What it may do now: never more than its account.")
    given_at_s: float
    expires_at_s: float | None
    used_at_s: float | None


class Account(BaseModel):
    """Somebody who may use the console."""

    name: str
    role: str
    disabled: bool
    made_at_s: float
    seen_at_s: float | None

    @classmethod
    def of(cls, account: people.Account) -> "Account":
        """Return what others may know of an account."""
        return cls(**{name: getattr(account, name) for name in cls.model_fields})


class AccountArea(Area):
    """The account area."""

    title, place, key = "Account", 110, "c"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._people = People(desk.database)
        self._sessions, self._tokens = Sessions(desk.database), Tokens(desk.database)

    def pages(self, routes: APIRouter) -> None:
        """Show and change one's own account; admins the others' too."""
        self._own(routes)
        self._others(routes)

    def _own(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("")
        def mine(request: Request, who: Annotated[Person, Depends(viewer)]) -> Response:
            return render(
                request,
                "account/mine.html",
                sessions=self._sessions.of(who.name),
                this=request.scope["redshank.session"],
                tokens=[one for one in self._tokens.all(who.name) if one.withdrawn_at_s is None],
                roles=ROLES[: ROLES.index(who.role) + 1],
                days=DAYS,
            )

        @routes.get("/api")
        def programs(request: Request) -> Response:
            return render(request, "account/api.html", calls=calls(request.app.state.openapi()))

        @routes.get("/openapi.json")
        def openapi(request: Request) -> Response:
            return JSONResponse(request.app.state.openapi())

        @routes.post("/password")
        def password(request: Request, form: Posted, who: Annotated[Person, Depends(viewer)]) -> Response:
            new = form.secret("new")
            if new != form.secret("again"):
                raise ConfigError("password: the two new ones differ; type it in twice alike")
            _know(request, form, who, desk.now_s())
            _door(request).set_password(who.name, new, desk.now_s(), who.name)
            # All sessions are over, this one too: who knows the new password gets another.
            return begin(request, who.name, RedirectResponse("/account", 303))

        @routes.post("/leave")
        def leave(who: Annotated[Person, Depends(viewer)]) -> Response:
            self._sessions.end_all(who.name, desk.now_s(), who.name)
            return RedirectResponse("/login", 303)

        @routes.post("/tokens")
        def give(request: Request, form: Posted, who: Annotated[Person, Depends(viewer)]) -> Response:
            role = form.choice("role", ROLES)
            days = form.choice("days", [str(one) for one in DAYS])
            name = form.text("name", least=1, most=64)
            form.check()
            _know(request, form, who, desk.now_s())
            bearers: Bearers = request.app.state.bearers
            now_s = desk.now_s()
            token, secret = bearers.give(who.name, role, name, who.name, now_s, now_s + int(days) * DAY_S)
            return render(request, "account/token.html", token=token, secret=secret)

        @routes.post("/tokens/{token}/withdraw")
        def withdraw(request: Request, token: str, who: Annotated[Person, Depends(viewer)]) -> Response:
            self._tokens.withdraw(token, desk.now_s(), who.name, None if who.may(ADMIN) else who.name)
            return back(request, "/account", "Withdrawn: nobody gets in with this token any more.")

    def _others(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/people")
        def everybody(request: Request, who: Annotated[Person, Depends(admin)]) -> Response:
            del who
            tokens = [one for one in self._tokens.all() if one.withdrawn_at_s is None]
            return render(request, "account/people.html", people=self._people.all(), tokens=tokens, roles=ROLES)

        @routes.post("/people")
        def add(request: Request, form: Posted, who: Annotated[Person, Depends(admin)]) -> Response:
            name, role = form.text("name", most=64), form.choice("role", ROLES)
            form.check()
            _know(request, form, who, desk.now_s())
            _door(request).add(name, role, form.secret("new"), desk.now_s(), who.name)
            return back(request, "/account/people", f"{name} may log in as {role}.")

        @routes.post("/people/{name}/role")
        def change(request: Request, name: str, form: Posted, who: Annotated[Person, Depends(admin)]) -> Response:
            role = form.choice("role", ROLES)
            form.check()
            _know(request, form, who, desk.now_s())
            self._people.set_role(name, role, desk.now_s(), who.name)
            answer = back(request, "/account/people", f"{name} is {role} now, and must log in again.")
            return begin(request, name, answer) if name == who.name else answer

        @routes.post("/people/{name}/password")
        def reset(request: Request, name: str, form: Posted, who: Annotated[Person, Depends(admin)]) -> Response:
            _know(request, form, who, desk.now_s())
            _door(request).set_password(name, form.secret("new"), desk.now_s(), who.name)
            answer = back(request, "/account/people", f"{name} has another password, and must log in again.")
            return begin(request, name, answer) if name == who.name else answer

        @routes.post("/people/{name}/disable")
        def disable(request: Request, name: str, who: Annotated[Person, Depends(admin)]) -> Response:
            self._people.disable(name, desk.now_s(), who.name)
            return back(request, "/account/people", f"{name} may log in no more, and is logged out.")

        @routes.post("/people/{name}/enable")
        def enable(request: Request, name: str, who: Annotated[Person, Depends(admin)]) -> Response:
            self._people.enable(name, desk.now_s(), who.name)
            return back(request, "/account/people", f"{name} may log in again.")

    def api(self, routes: APIRouter) -> None:
        """Tell a program who it is; let an admin's look at accounts, and take away."""
        desk = self.desk

        @routes.get("/me")
        def me(who: Annotated[Person, Depends(viewer)]) -> Me:
            """Return whose token this is, and what it may."""
            return Me(name=who.name, role=who.role)

        @routes.get("/people")
        def everybody(who: Annotated[Person, Depends(admin)]) -> list[Account]:
            """Return all accounts."""
            del who
            return [Account.of(one) for one in self._people.all()]

        @routes.get("/sessions")
        def sessions(who: Annotated[Person, Depends(viewer)]) -> list[SessionNow]:
            """Return the browsers in which this account is logged in."""
            found = self._sessions.of(who.name)
            return [SessionNow(**{name: getattr(one, name) for name in SessionNow.model_fields}) for one in found]

        @routes.post("/leave", status_code=204)
        def leave(who: Annotated[Person, Depends(viewer)]) -> None:
            """Log this account out in all browsers; its tokens go on."""
            self._sessions.end_all(who.name, desk.now_s(), who.name)

        @routes.get("/tokens")
        def tokens(who: Annotated[Person, Depends(viewer)]) -> list[TokenNow]:
            """Return the tokens of this account that were not withdrawn; for admins everybody's."""
            found = self._tokens.all(None if who.may(ADMIN) else who.name)
            kept = [one for one in found if one.withdrawn_at_s is None]
            return [TokenNow(**{name: getattr(one, name) for name in TokenNow.model_fields}) for one in kept]

        @routes.post("/people/{name}/disable", status_code=204)
        def disable(name: str, who: Annotated[Person, Depends(admin)]) -> None:
            """Let an account log in no more; its browsers are logged out and its tokens withdrawn."""
            self._people.disable(name, desk.now_s(), who.name)

        @routes.post("/tokens/{token}/withdraw", status_code=204)
        def withdraw(token: str, who: Annotated[Person, Depends(viewer)]) -> None:
            """Let nobody in any more who shows this token; one's own, or for admins any."""
            self._tokens.withdraw(token, desk.now_s(), who.name, None if who.may(ADMIN) else who.name)


def calls(openapi: dict[str, Any]) -> list[dict[str, str]]:
    """Return what the API offers, in the order of its paths."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "says": str(call.get("description", call.get("summary", ""))),
            "query": ", ".join(one["name"] for one in call.get("parameters", ()) if one["in"] == "query"),
            "takes": ", ".join(sorted(_fields(openapi, call))),
        }
        for path, methods in sorted(openapi["paths"].items())
        for method, call in methods.items()
    ]


def _fields(openapi: dict[str, Any], call: dict[str, Any]) -> list[str]:
    schema = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("anyOf", [schema])[0].get("$ref", "").rpartition("/")[2]  # a body may be left out
    return list(openapi["components"]["schemas"][name].get("properties", ())) if name else []


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def _know(request: Request, form: Form, who: Person, now_s: float) -> None:
    """Make sure that it is not just somebody at an unlocked screen."""
    _door(request).knows(who.name, form.secret("password"), client(request), now_s)
