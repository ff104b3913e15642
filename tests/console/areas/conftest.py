"""Browsers in front of a console over the filled store."""

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from browsing import PASSWORD, Browser
from console.filled import Filled
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.console.people import Door
from redshank.store.attempts import Attempts
from redshank.store.people import People


@pytest.fixture
def full(filled: Filled) -> Desk:
    """Return the desk over the filled store; its clock stands soon after what the store knows."""
    return Desk(filled.settings, filled.database, filled.config, now_s=lambda: filled.now_s)


@pytest.fixture
def open_as(full: Desk) -> Iterator[Callable[[str], Browser]]:
    """Return a function that gives a browser of vera (viewer), anton (analyst) or ada (admin), with a token too."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    door = Door(People(full.database), Attempts(full.database), cheap)
    roles = {"vera": "viewer", "anton": "analyst", "ada": "admin"}
    for name, role in roles.items():
        door.add(name, role, PASSWORD, full.now_s(), "test")
    app, opened = make_app(full, cheap), list[TestClient]()

    def open_one(name: str) -> Browser:
        client = TestClient(app, "http://localhost", follow_redirects=False)
        opened.append(client)
        browser = Browser(client)
        browser.log_in(name)
        return browser.token(roles[name])

    yield open_one
    for client in opened:
        client.close()
