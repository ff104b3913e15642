"""A console on a socket and a chromium in front of it; both are kept for all tests of a file."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from browsing import add_people, serving
from chromium import chromium, window
from console.filled import Filled
from redshank.console.desk import Desk


@pytest.fixture(scope="module")
def opened() -> Iterator[Chromium]:
    """Return one browser for the file; it ends with it, because its loop would be in the way of others' loops."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def desk(first_filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a desk over a copy of the filled store, with people; its clock goes on."""
    made = first_filled.copied(tmp_path_factory.mktemp("browser"))
    add_people(made.database)
    ahead_s = made.now_s - time.monotonic()
    yield Desk(made.settings, made.database, made.config, now_s=lambda: time.monotonic() + ahead_s)
    made.database.close()


@pytest.fixture(scope="module")
def port(desk: Desk) -> Iterator[int]:
    with serving(desk) as found:
        yield found


@pytest.fixture
def page(opened: Chromium, port: int) -> Iterator[Page]:
    """Return a page in which the analyst anton is logged in."""
    with window(opened, port, "anton") as found:
        yield found
