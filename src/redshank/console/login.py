"""Logging in and out, and how pages look: what belongs to no area.

In: a name and a password. Out: a session, in a cookie that scripts cannot read and other sites cannot send. The one
idea: a login always begins a new session, whatever cookie came with it, so nobody can be given one beforehand.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redshank.console.form import Posted
from redshank.console.page import THEME_COOKIE, THEMES, back, local, render
from redshank.console.people import Door, Person, Refused
from redshank.console.sessions import Cookies, cookie_name, person
from redshank.store.credentials import Sessions

YEAR_S = 31_536_000
WRONG = "The name or the password is wrong."


def routes(sessions: Sessions) -> APIRouter:
    """Return the routes."""
    found = APIRouter(include_in_schema=False)

    @found.get("/login")
    def ask(request: Request) -> Response:
        if "redshank.person" in request.scope:
            return RedirectResponse("/", 303)
        after = _next(request.query_params.get("next", "/"))
        ended = cookie_name(request.url.scheme) in request.cookies
        return render(request, "login.html", name="", wrong="", ended=ended, next=after)

    @found.post("/login")
    def enter(request: Request, form: Posted) -> Response:
        door: Door = request.app.state.door
        name, after = form.text("name", most=256), _next(form.text("next", default="/"))
        try:
            account = door.enter(name, form.secret("password"), client(request), request.app.state.now_s())
        except Refused as refused:
            wrong = f"Too many attempts. Try again in {refused.wait_s:.0f} s." if refused.wait_s else WRONG
            answer = render(
                request, "login.html", status=429 if refused.wait_s else 401, name=name[:64], wrong=wrong, next=after
            )
            if refused.wait_s:
                answer.headers["retry-after"] = f"{refused.wait_s + 1:.0f}"
            return answer
        return begin(request, account.name, RedirectResponse(after, 303))

    @found.post("/logout")
    def leave(request: Request, who: Annotated[Person, Depends(person)]) -> Response:
        del who
        sessions.end(request.scope["redshank.session"])
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(cookie_name(request.url.scheme), secure=request.url.scheme == "https", httponly=True)
        return answer

    @found.post("/theme")
    def look(request: Request, form: Posted, who: Annotated[Person, Depends(person)]) -> Response:
        del who
        theme = form.choice("theme", THEMES)
        form.check()
        answer = back(request, form.text("next", default="/"))
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, samesite="lax", secure=request.url.scheme == "https")
        return answer

    return found


def begin(request: Request, account: str, answer: Response) -> Response:
    """Give an answer the cookie of a new session."""
    cookies: Cookies = request.app.state.cookies
    secret = cookies.begin(account, client(request), request.headers.get("user-agent", ""), request.app.state.now_s())
    # Without an end of its own: it goes with the browser, if the session's end does not come first.
    answer.set_cookie(
        cookie_name(request.url.scheme), secret, secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return answer


def client(request: Request) -> str:
    """Return the address that a request came from; of a proxy that is believed, what it said."""
    return request.client.host if request.client else ""


def _next(wanted: str) -> str:
    return wanted if local(wanted) and not wanted.startswith("/log") else "/"
