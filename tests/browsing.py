"""A browser for tests: it keeps cookies, sends a form as our own page would, and shows a token to the API; a server."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from httpx2 import Response
from starlette.testclient import TestClient

from redshank.config import Console
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.console.people import Door
from redshank.console.serve import listening, server
from redshank.store.attempts import Attempts
from redshank.store.database import Database
from redshank.store.people import People

PASSWORD = "four words in a row"
NUMBERS = count()
"""Tokens of one account have names of their own."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def add_people(database: Database) -> None:
    """Add accounts vera (viewer), anton (analyst) and ada (admin), all with `PASSWORD`."""
    door = Door(People(database), Attempts(database), CHEAP)
    for name, role in (("vera", "viewer"), ("anton", "analyst"), ("ada", "admin")):
        door.add(name, role, PASSWORD, 1_600_000_000.0, "test")


@contextmanager
def serving(desk: Desk, **values: Any) -> Iterator[int]:
    """Serve the console in a thread, and give its port; `values` replace some of the section [console]."""
    chosen = Console(**{**dict(desk.settings.console), "listen": "127.0.0.1:0", **values})
    desk = replace(desk, settings=desk.settings.model_copy(update={"console": chosen}))
    served = server(make_app(desk, CHEAP), chosen)
    with listening(chosen) as link:
        thread = threading.Thread(target=served.run, kwargs={"sockets": [link]})
        thread.start()
        try:
            while not served.started and thread.is_alive():
                time.sleep(0.01)
            yield link.getsockname()[1]
        finally:
            served.should_exit = True
            thread.join(60)
            assert not thread.is_alive()


class Browser:
    """A browser in front of the console.

    Args:
        client: What asks; redirects are not followed.
    """

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.bearer = ""

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(path, params=query or None)

    def post(self, path: str, _fields: dict[str, Any] | None = None, **fields: Any) -> Response:
        """Send a form with the mark of this session; a value may be a list."""
        return self.client.post(path, data={"csrf": self.mark(), **(_fields or {}), **fields})

    def follow(self, answer: Response) -> Response:
        """Go where a form's answer leads."""
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.headers["location"])

    def log_in(self, name: str, password: str = PASSWORD) -> Response:
        answer = self.client.post("/login", data={"name": name, "password": password})
        assert answer.status_code == 303, answer.text
        return answer

    def mark(self) -> str:
        """Return what our own pages put into every form."""
        found = re.search(r'data-mark="([0-9a-f]+)"', self.client.get("/account").text)
        return found[1] if found else ""

    def token(self, role: str = "viewer") -> "Browser":
        """Let this browser's `api` show a token of that role, of the account that is logged in."""
        who = self.client.get("/account")
        name = re.search(r"<h1>([a-z]+)</h1>", who.text)
        assert name, who.text
        state = self.client.app.state  # type: ignore[attr-defined]  # the application behind it
        _, self.bearer = state.bearers.give(name[1], role, f"test {next(NUMBERS)}", name[1], state.now_s(), None)
        return self

    def api(self, method: str, path: str, **more: Any) -> Response:
        """Ask the API, without any cookie."""
        self.client.cookies, kept = type(self.client.cookies)(), self.client.cookies
        try:
            headers = {"authorization": f"Bearer {self.bearer}"} if self.bearer else {}
            return self.client.request(method, f"/api/v1{path}", headers=headers, **more)
        finally:
            self.client.cookies = kept
