"""The console from outside: one application over the filled store, all its routes, and whoever asks.

What was done to the store is seen from another connection to its file, so that a refusal that changed something shows.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.routing import Mount
from starlette.testclient import TestClient

from browsing import CHEAP, NUMBERS, PASSWORD
from console.filled import Filled
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.console.gate import API, HEALTH, LOGIN, SAFE
from redshank.console.page import STATIC
from redshank.console.sessions import admin, analyst, viewer
from redshank.store.people import ROLES

if TYPE_CHECKING:
    from redshank.console.people import Door


@dataclass(frozen=True)
class Route:
    """Something that can be asked for.

    Args:
        method: GET, POST, ...
        path: With its parameters in braces, from the root.
        role: Who may at least; "": somebody who is logged in, or nobody at all.
    """

    method: str
    path: str
    role: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def program(self) -> bool:
        """Whether it is the API's."""
        return self.path.startswith(f"{API}/")

    @property
    def open(self) -> bool:
        """Whether nobody has to be logged in for it."""
        return self.path in {LOGIN, HEALTH} or self.path.startswith(STATIC)

    @property
    def safe(self) -> bool:
        """Whether it may change nothing."""
        return self.method in SAFE

    @property
    def below(self) -> str:
        """The strongest role that may not; "" if all may."""
        place = ROLES.index(self.role) if self.role else 0
        return ROLES[place - 1] if place else ""


@dataclass(frozen=True)
class Shown:
    """What somebody shows who asks.

    Args:
        name: Of the account.
        cookie: What their browser holds.
        mark: What their forms carry.
        token: What their program shows.
    """

    name: str
    cookie: str
    mark: str
    token: str


@dataclass(frozen=True)
class Ask:
    """A request that is as it should be.

    Args:
        path: Of a route, its parameters filled in.
        form: Of a page.
        json: For the API.
    """

    path: str
    form: dict[str, Any] = field(default_factory=dict)
    json: Any = None


class Front:
    """The application, and who asks.

    Args:
        filled: The store, which is this front's own.
        app: The application over it.
        client: What asks.
    """

    def __init__(self, filled: Filled, app: FastAPI, client: TestClient, desk: Desk) -> None:
        self.filled, self.app, self.client, self.desk = filled, app, client, desk
        self.door: Door = app.state.door
        self._numbers = count(1)
        self._witness = sqlite3.connect(filled.folder / "state" / "redshank.db", check_same_thread=False)

    def routes(self) -> list[Route]:
        """Return all routes that the application has."""
        found = list(_routes(self.app, ""))
        api = next(one.app for one in self.app.routes if isinstance(one, Mount) and one.path == API)
        return found + list(_routes(cast("FastAPI", api), API))

    def somebody(self, role: str) -> Shown:
        """Return a person that nobody else is."""
        name = f"{role}{next(self._numbers)}"
        self.door.add(name, role, PASSWORD, self.desk.now_s(), "test")
        return self.shown(name, role)

    def shown(self, name: str, role: str) -> Shown:
        """Return another browser and another token of an account."""
        now_s, cookies = self.desk.now_s(), self.app.state.cookies
        cookie = cookies.begin(name, "192.0.2.1", "a test", now_s)
        _, token = self.app.state.bearers.give(name, role, f"test {next(NUMBERS)}", name, now_s, None)
        self.app.state.bearers.find(token, now_s)  # its first use is written down; the next only a minute later
        return Shown(name, cookie, cookies.find(cookie, now_s).mark, token)

    def ask(self, route: Route, what: Ask, who: Shown | None, mark: str | None = None, **headers: str) -> Response:
        """Ask for something; a form carries the mark of `who` unless another one is given.

        Args:
            route: The route.
            what: The request.
            who: Who asks; None: nobody that is known.
            mark: What the form carries in its place; "": nothing.
            headers: More of them; "_" stands for "-".
        """
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        self.client.cookies.clear()
        if route.program:
            if who:
                more["authorization"] = f"Bearer {who.token}"
            return self.client.request(route.method, what.path, json=what.json, headers=more)
        if who:
            more["cookie"] = f"redshank={who.cookie}"
        if route.safe:
            return self.client.request(route.method, what.path, headers=more)
        given = mark if mark is not None else who.mark if who else ""
        form = {**what.form, **({"csrf": given} if given else {})}
        return self.client.request(route.method, what.path, data=form, headers=more)

    def stamp(self) -> tuple[object, ...]:
        """Return what changes when anything does, in the store or in the files beside it."""
        (version,) = self._witness.execute("PRAGMA data_version").fetchone()
        folders = (self.filled.folder / "models", self.desk.settings.service.state / "jobs")
        files = [one for folder in folders for one in _below(str(folder))]
        return (version, *files)

    def close(self) -> None:
        self._witness.close()


@contextmanager
def front_of(filled: Filled) -> Iterator[Front]:
    """Give the application over a store, begun."""
    desk = Desk(filled.settings, filled.database, filled.config, now_s=lambda: filled.now_s)
    app = make_app(desk, CHEAP)
    with TestClient(app, "http://localhost", raise_server_exceptions=False, follow_redirects=False) as client:
        front = Front(filled, app, client, desk)
        yield front
        front.close()


def _below(folder: str) -> Iterator[tuple[str, int, int]]:
    """Give all that is in a folder but locks, when it changed and how large it is; what is renamed meanwhile is not."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for one in sorted(found, key=lambda one: one.name):
            with suppress(FileNotFoundError):
                if one.name != "lock":
                    status = one.stat()
                    yield one.path, status.st_mtime_ns, status.st_size
                    if one.is_dir():
                        yield from _below(one.path)


def _routes(app: FastAPI, before: str) -> Iterator[Route]:
    by_call = {viewer: "viewer", analyst: "analyst", admin: "admin"}
    for found in iter_route_contexts(app.routes):
        if isinstance(found.original_route, Mount):
            continue
        asked = found.dependant.dependencies if hasattr(found.original_route, "dependant") else []
        roles = [by_call[one.call] for one in asked if one.call in by_call]
        role = max(roles, key=ROLES.index, default="")
        for method in sorted((found.methods or set()) - {"HEAD"}):
            yield Route(method, before + (found.path or ""), role)
