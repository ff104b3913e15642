"""The places of a store that the tests of this folder run on: a file, and a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import Server, running
from redshank.store.database import Database


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    started: Server = request.getfixturevalue("server")
    return started.place()


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    made = Database(place, create=True)
    yield made
    made.close()
