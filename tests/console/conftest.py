"""What tests of the console share: stores, empty and filled by the real pipeline, and browsers that are logged in.

The filled store is made once; whoever changes it gets a copy.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from browsing import PASSWORD, Browser
from console.filled import Filled, fill
from redshank.config import Settings
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.console.people import Door
from redshank.store.attempts import Attempts
from redshank.store.database import Database
from redshank.store.people import People


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    database = Database(tmp_path / "store.db", create=True)
    yield Desk(Settings(), database, now_s=clock)
    database.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    """Return the console with accounts vera (viewer), anton (analyst) and ada (admin), all with `PASSWORD`."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    door = Door(People(desk.database), Attempts(desk.database), cheap)
    for name, role in (("vera", "viewer"), ("anton", "analyst"), ("ada", "admin")):
        door.add(name, role, PASSWORD, desk.now_s(), "test")
    return make_app(desk, cheap)


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Callable[[str], Browser]]:
    """Return a function that gives a browser in which somebody is logged in: browser("anton"); "": nobody."""
    opened = []

    def open_one(name: str = "") -> Browser:
        one = Browser(TestClient(app, "http://localhost", raise_server_exceptions=False, follow_redirects=False))
        opened.append(one)
        if name:
            one.log_in(name)
        return one

    yield open_one
    for one in opened:
        one.client.close()


@pytest.fixture
def anonymous(browser: Callable[[str], Browser]) -> Browser:
    return browser("")


@pytest.fixture
def viewer(browser: Callable[[str], Browser]) -> Browser:
    return browser("vera")


@pytest.fixture
def analyst(browser: Callable[[str], Browser]) -> Browser:
    return browser("anton")


@pytest.fixture
def admin(browser: Callable[[str], Browser]) -> Browser:
    return browser("ada")


@pytest.fixture(scope="session")
def first_filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return fill(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def filled(first_filled: Filled, tmp_path: Path) -> Iterator[Filled]:
    """Return a store of this test alone."""
    made = first_filled.copied(tmp_path)
    yield made
    made.database.close()
