"""What tests of the console share: stores, empty and filled by the real pipeline, and browsers that are logged in.

The filled store is made once; whoever changes it gets a copy.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from browsing import CHEAP, Browser, add_people
from console.analysed import analysed_once
from console.filled import Filled
from redshank.config import Settings
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.store.database import Database
from redshank.store.people import People


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="session", autouse=True)
def _handlers() -> Iterator[None]:
    with analysed_once():
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def store_with_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with accounts vera (viewer), anton (analyst) and ada (admin), all with `PASSWORD`."""
    path = tmp_path_factory.mktemp("people") / "store.db"
    database = Database(path, create=True)
    add_people(database)
    database.close()
    return path


@pytest.fixture
def desk(tmp_path: Path, clock: Clock, store_with_people: Path) -> Iterator[Desk]:
    """Return a desk over a store in which nothing is but people."""
    database = Database(Path(shutil.copy(store_with_people, tmp_path)))
    yield Desk(Settings(), database, now_s=clock)
    database.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    """Return the console over the desk; people are added if the store has none."""
    if not People(desk.database).all():
        add_people(desk.database)
    return make_app(desk, CHEAP)


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


@pytest.fixture
def filled(first_filled: Filled, tmp_path: Path) -> Iterator[Filled]:
    """Return a store of this test alone."""
    made = first_filled.copied(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def filled_desk(filled: Filled) -> Desk:
    """Return a desk over a filled store; a test file makes it its `desk`."""
    return Desk(filled.settings, filled.database, filled.config, now_s=lambda: filled.now_s)
