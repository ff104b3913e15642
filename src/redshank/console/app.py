"""The console as one ASGI application.

In: a desk. Out: every area at its path, the same for programs at /api/v1, and what stands in front of all of them. The
one idea: what must hold for every page is made sure of here, once: `Limits`, then `Gate`, then the routes; and a route
that changes something without naming who may is refused when the console starts, not when somebody finds it.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from anyio import create_task_group
from argon2 import PasswordHasher
from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.telemetry import TelemetryConfig
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount

from redshank import __version__
from redshank.console import login, problems
from redshank.console.area import AREAS, Area
from redshank.console.at_once import AtOnce
from redshank.console.desk import Desk
from redshank.console.gate import API, HEALTH, LIVE, SAFE, Gate
from redshank.console.limits import FOREVER, Limits
from redshank.console.live import Live
from redshank.console.notices import Notices
from redshank.console.page import STATIC, static
from redshank.console.people import Door
from redshank.console.place import names, secure
from redshank.console.programs import live as programs_live
from redshank.console.refusals import Refusals
from redshank.console.request_error import RequestError
from redshank.console.sessions import Bearers, Cookies, Times, admin, analyst, viewer
from redshank.console.warm import warm
from redshank.store.attempts import Attempts
from redshank.store.credentials import Sessions, Tokens
from redshank.store.people import People

_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""The library could send what it sees to somebody, if the environment said so; ours never does."""


@dataclass(frozen=True)
class Entry:
    """An area in the menu.

    Args:
        name: In the path.
        title: As people read it.
        key: After `g`.
    """

    name: str
    title: str
    key: str


def make_app(desk: Desk, hasher: PasswordHasher | None = None, hosts: Iterable[str] = ()) -> FastAPI:
    """Return the console.

    Args:
        desk: What it works on.
        hasher: How passwords are hashed; a test takes a cheap one.
        hosts: Names under which it may be asked for, beside those of the settings.

    Raises:
        TypeError: If a route that changes something does not name who may.
    """
    chosen = desk.settings.console
    sessions = Sessions(desk.database)
    cookies = Cookies(sessions, Times(60.0 * chosen.idle_minutes, 3_600.0 * chosen.session_hours))
    live = Live(desk.database, cookies.times, desk.now_s)
    areas = _areas(desk)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with create_task_group() as tasks:
            tasks.start_soon(live.run)
            tasks.start_soon(app.state.warm)
            yield
            live.end()
            tasks.cancel_scope.cancel()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=_NO_TELEMETRY, lifespan=lifespan)
    app.state.live = live
    app.state.notices = Notices()
    app.state.now_s = desk.now_s
    app.state.cookies = cookies
    app.state.bearers = Bearers(Tokens(desk.database))
    people = People(desk.database)
    refusals = Refusals(desk.audit, lambda name: people.find(name) is not None)
    app.state.door = Door(people, Attempts(desk.database), hasher, refusals)
    api = FastAPI(
        title="Redshank",
        version=__version__,
        description="What the console's pages show and do, for programs. Each request shows a token.",
        docs_url=None,
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
        servers=[{"url": API}],
        root_path_in_servers=False,
        responses=problems.documented(),
        dependencies=[Security(HTTPBearer(auto_error=False, description="A token, made at /account."))],
    )
    app.state.areas = [Entry(name, area.title, area.key) for name, area in areas]
    app.state.openapi = api.openapi
    app.state.warm = partial(warm, desk.database, dict(areas), [api.openapi])
    app.include_router(_own(app.state.areas[0].name))
    app.include_router(login.routes(sessions))
    for name, area in areas:
        pages, programs = AtOnce(desk.database, include_in_schema=False), AtOnce(desk.database, tags=[name])
        area.pages(pages)
        area.api(programs)
        _check_named(name, [*pages.routes, *programs.routes])
        app.include_router(pages, prefix=f"/{name}", dependencies=[Depends(viewer)])
        api.include_router(programs, prefix=f"/{name}", dependencies=[Depends(viewer)])
    api.include_router(programs_live.routes(live))
    mounted = Mount(API, api)
    mounted.path_regex = re.compile(mounted.path_regex.pattern, re.DOTALL)  # a line break in a path is no other place
    app.router.routes.append(mounted)
    problems.add_pages(app)
    problems.add_problems(api)
    app.add_middleware(Gate, cookies=cookies, bearers=app.state.bearers, now_s=desk.now_s)
    # Whoever reaches us beside the proxy would send a password in the clear, and have a cookie that goes that way too.
    app.add_middleware(Limits, hosts={*hosts, *names(chosen)}, plain=(STATIC, HEALTH) if secure(chosen) else None)
    return app


def _areas(desk: Desk) -> list[tuple[str, Area]]:
    """Return the areas in the order of the menu.

    Raises:
        TypeError: If two have one key.
    """
    found = [(name, AREAS.find(name)(desk)) for name in AREAS.names()]
    keys = [area.key for _, area in found]
    if len(set(keys)) < len(keys):
        raise TypeError(f"areas: a key goes to two places, {sorted(keys)}; each needs one of its own")
    return sorted(found, key=lambda one: one[1].place)


def _own(first: str) -> APIRouter:
    """Return the routes that belong to no area."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    def home() -> Response:
        return RedirectResponse(f"/{first}", 303)

    @routes.get(HEALTH)
    def health() -> Response:
        return PlainTextResponse("ok\n")

    @routes.get(LIVE)
    async def follow(request: Request) -> Response:
        heard = request.headers.get("last-event-id") or request.query_params.get("heard", "")
        live: Live = request.app.state.live
        return live.stream(request.scope["redshank.session"], heard)

    @routes.get(STATIC + "{name}")
    def file(name: str) -> Response:
        found = static().get(name)
        if found is None:
            raise RequestError(404, f"There is no file {name[:80]!r}.")
        content, kind = found
        return Response(content, media_type=kind, headers={"cache-control": FOREVER})

    return routes


def _check_named(name: str, routes: Sequence[BaseRoute]) -> None:
    for route in routes:
        if not isinstance(route, APIRoute):
            raise TypeError(
                f"{name}: {type(route).__name__} is no plain route; add each with @routes.get or @routes.post"
            )
        asked = {one.call for one in route.dependant.dependencies}
        if (route.methods or set()) - SAFE and not asked & {viewer, analyst, admin}:
            raise TypeError(
                f"{name}{route.path}: changes something and names nobody who may; add "
                "`who: Annotated[Person, Depends(analyst)]`, or viewer or admin"
            )
