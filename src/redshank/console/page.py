"""Pages out of templates.

In: a request, the name of a template, and what it shows. Out: HTML, or with `?part=NAME` the block of that name alone,
which is how a script brings a part of a page up to date. The one idea: everything is escaped, a name that a template
does not know is an error, and what came over the wire goes through `wire`, which shows what would steer a reader's eye.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redshank import __version__
from redshank.alerts.message import rarity
from redshank.console import words
from redshank.console.people import Person
from redshank.console.sessions import MARK
from redshank.core.inert import inert
from redshank.report.page import Html

STATIC = "/static/"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
_FRAME = frozenset({"title", "page", "tools", "scripts"})
"""Blocks of `base.html` itself: no parts."""


def render(request: Request, template: str, /, *, status: int = 200, **what: Any) -> HTMLResponse:  # noqa: ANN401  a template's own
    """Return a page.

    Args:
        request: What was asked for.
        template: Its path below `templates/`.
        status: HTTP's.
        what: What the template shows.

    Raises:
        HTTPException: 404, if `?part=` names a part that the template has not.
    """
    found = compiled(template)
    part = request.query_params.get("part")
    context = found.new_context(_common(request) | what)
    if part is None:
        return HTMLResponse("".join(found.root_render_func(context)), status)
    if part not in found.blocks or part in _FRAME:
        raise HTTPException(404)
    return HTMLResponse("".join(found.blocks[part](context)), status)


def templates() -> list[str]:
    """Return the paths of all templates."""
    return _environment().list_templates(["html"])


def compiled(template: str) -> Template:
    """Return a template, which is compiled when it is first asked for.

    Args:
        template: Its path below `templates/`.
    """
    return _environment().get_template(template)


def back(request: Request, to: str, said: str = "") -> Response:
    """Answer something that was done: the browser goes `to` a page, which says what was done.

    Args:
        request: What was asked for.
        to: A path of ours.
        said: A sentence for the person.
    """
    if said:
        request.app.state.notices.put(request.scope.get("redshank.session", ""), said)
    return RedirectResponse(to if local(to) else "/", 303)


def local(path: str) -> bool:
    r"""Tell whether a path leads nowhere but to a page of ours.

    Example:
        >>> [local(path) for path in ("/alerts?state=open", "//evil.example", "https://evil.example")]
        [True, False, False]
    """
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable() and "\\" not in path


def with_query(request: Request, **changed: object) -> str:
    """Return the address of this page with some fields of its query changed; None takes a field away."""
    fields = [(key, value) for key, value in request.query_params.multi_items() if key not in {*changed, "part"}]
    fields += [(key, str(value)) for key, value in changed.items() if value is not None]
    return f"{request.url.path}?{urlencode(fields)}" if fields else request.url.path


@cache
def static() -> Mapping[str, tuple[bytes, str]]:
    """Return our own files by the names under which they are served, which change with what is in them."""
    return {name: content for _, name, content in _static()}


def _static() -> Iterator[tuple[str, str, tuple[bytes, str]]]:
    for file in sorted(files("redshank.console").joinpath("static").iterdir(), key=lambda one: one.name):
        stem, _, ending = file.name.rpartition(".")
        if kind := KINDS.get(f".{ending}"):
            content = file.read_bytes()
            name = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
            yield file.name, name, (content, kind)


@cache
def _addresses() -> Mapping[str, str]:
    return {own: STATIC + name for own, name, _ in _static()}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("redshank.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # an update of the package while we run: its new pages would be shown by our old code
    )
    made.filters.update(
        ago=words.ago,
        when=words.when,
        size=words.size,
        count=words.count,
        number_of=words.number_of,
        share=words.share,
        span=words.span,
        wire=words.wire,
        inert=inert,
        drawn=_drawn,
        rarity=rarity,
    )
    made.tests["analyst"] = lambda who: isinstance(who, Person) and who.may("analyst")
    made.tests["admin"] = lambda who: isinstance(who, Person) and who.may("admin")
    made.globals.update(
        static=lambda name: _addresses()[name],
        csrf=_csrf,
        csrf_button=_csrf_button,
        with_query=pass_context(lambda context, **changed: with_query(context["request"], **changed)),
        version=__version__,
        themes=THEMES,
    )
    made.globals["ui"] = made.get_template("macros.html").module
    return made


def _common(request: Request) -> dict[str, Any]:
    state, scope = request.app.state, request.scope
    entered = scope.get("redshank.entered")
    theme = request.cookies.get(THEME_COOKIE, "")
    now_s: Callable[[], float] = getattr(state, "now_s", time.time)
    session = scope.get("redshank.session", "")
    return {
        "request": request,
        "who": entered.person if entered else None,
        "mark": entered.mark if entered else "",
        "areas": state.areas,
        "here": request.url.path.split("/")[1],
        "theme": theme if theme in THEMES else THEMES[0],
        # A part is fetched by the script: what is to be said waits for a whole page.
        "notices": state.notices.take(session) if session and "part" not in request.query_params else [],
        "now_s": now_s(),
        "heard": state.live.heard,
    }


@pass_context
def _csrf(context: Context) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(MARK, context["mark"])


@pass_context
def _csrf_button(context: Context, words: str) -> Markup:
    """Give the button that posts a form which others of its buttons get: the mark is in no address."""
    return Markup('<button class="main" name="{}" value="{}">{}</button>').format(MARK, context["mark"], words)


def _drawn(figure: Html) -> Markup:
    """Let a figure of `report/` through as it is; it escapes its own text."""
    if not isinstance(figure, Html):
        raise TypeError(f"drawn: {type(figure).__name__} is no Html of report/page.py")
    return Markup(figure)  # noqa: S704  only report/ makes Html
