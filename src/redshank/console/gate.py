"""Nobody comes in who is not logged in, and no form counts that our own page did not send.

In: an ASGI application. Out: one in which every page, but for the few in `OPEN`, has a person; every form carries the
mark of their session and comes from our own pages; and the API has a token. The one idea: this is asked once, in front
of all routes, so that none of them can forget it; a page that does not exist needs a session too.
Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from redshank.console.form import parsed
from redshank.console.page import STATIC
from redshank.console.problems import refused
from redshank.console.request_error import RequestError
from redshank.console.sessions import MARK, MARK_HEADER, Bearers, Cookies, Entered, cookie_name, marked
from redshank.core.errors import RedshankError

API = "/api/v1"
LOGIN = "/login"
HEALTH = "/healthz"
LIVE = "/live"
OPEN = frozenset({LOGIN, HEALTH})
"""What nobody has to be logged in for, beside our own styles and scripts."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"


class Gate:
    """In front of all routes.

    Args:
        app: What answers.
        cookies: The sessions.
        bearers: The tokens.
        now_s: The clock.
    """

    def __init__(self, app: ASGIApp, cookies: Cookies, bearers: Bearers, now_s: Callable[[], float]) -> None:
        self._app, self._cookies, self._bearers, self._now_s = app, cookies, bearers, now_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, send to the login, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._app
        try:
            if refusal := scope.get("redshank.refusal"):
                raise refusal
            if not await self._let_in(scope, Headers(scope=scope)):
                answer = RedirectResponse(f"{LOGIN}?next={quote(_wanted(scope), safe='')}", 303)
        except RedshankError as error:
            answer = refused(Request(scope), error, program=_is_api(scope["path"]))
        await answer(scope, receive, send)

    async def _let_in(self, scope: Scope, headers: Headers) -> bool:
        """Note who it is; False: somebody must log in first."""
        path, safe = scope["path"], scope["method"] in SAFE
        if path.startswith(STATIC):
            return True
        if _is_api(path):
            scope["redshank.person"] = await run_in_threadpool(self._bearer, headers)
            return True
        if not safe:
            _check_origin(scope, headers)
            _take_form(scope, headers)
        entered = await run_in_threadpool(self._entered, scope, headers)
        if entered:
            scope["redshank.entered"], scope["redshank.person"] = entered, entered.person
            scope["redshank.session"] = entered.digest
        if path in OPEN:
            return True
        if entered is None:
            if not _by_hand(scope):
                raise RequestError(401, "Your session is over; log in again.")
            return False
        if not safe:
            fields = dict(scope["redshank.form"])
            if not marked(headers.get(MARK_HEADER) or fields.get(MARK, ""), entered):
                raise RequestError(403, "This form is from another session; go back, load it again, and send it anew.")
        return True

    def _entered(self, scope: Scope, headers: Headers) -> Entered | None:
        secret = _cookie(headers, cookie_name(scope["scheme"]))
        return self._cookies.find(secret, self._now_s(), by_hand=_by_hand(scope)) if secret else None

    def _bearer(self, headers: Headers) -> object:
        kind, _, secret = headers.get("authorization", "").partition(" ")
        found = self._bearers.find(secret.strip(), self._now_s()) if kind.lower() == "bearer" else None
        if found is None:
            raise RequestError(401, "The API takes a token, made at /account: 'Authorization: Bearer redshank_...'")
        return found


def _by_hand(scope: Scope) -> bool:
    """Tell whether a person asks, and not a page that brings itself up to date."""
    return scope["path"] != LIVE and b"part=" not in scope["query_string"]


def _is_api(path: str) -> bool:
    return path == API or path.startswith(f"{API}/")


def _check_origin(scope: Scope, headers: Headers) -> None:
    """Make sure that our own page sends this, as far as the browser tells; a login has no mark yet."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        foreign = site not in {"same-origin", "none"}
    else:  # `null` is what a form of our own says too, because our pages send no referrer
        foreign = origin not in {None, "null", f"{scope['scheme']}://{headers.get('host', '')}"}
    if foreign:
        raise RequestError(403, "This was sent by a page of another site; it was not done.")


def _take_form(scope: Scope, headers: Headers) -> None:
    kind = headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind != FORM:
        raise RequestError(415, f"Pages take forms ({FORM}); the API at {API} takes JSON.")
    scope["redshank.form"] = parsed(scope["redshank.body"].decode("latin-1"))


def _cookie(headers: Headers, name: str) -> str:
    return next((found for line in headers.getlist("cookie") if (found := cookie_parser(line).get(name))), "")


def _wanted(scope: Scope) -> str:
    """Return what was asked for, if it is worth going there after the login."""
    query = scope["query_string"].decode("latin-1")
    return (scope["path"] + (f"?{query}" if query else ""))[:2_000] if scope["method"] == "GET" else "/"
