import logging
import threading

import anyio
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount
from starlette.testclient import TestClient

from browsing import CHEAP
from redshank.console import page
from redshank.console.app import make_app
from redshank.console.area import AREAS, Area
from redshank.console.desk import Desk
from redshank.console.warm import warm
from redshank.core.errors import StoreBusyError
from redshank.respond.ledger import Ledger
from redshank.store.ledger import Journal
from redshank.store.stamps import stamps


class Told(Area):
    """An area that notes when it is prepared."""

    title, place, key = "Told", 1, "x"

    def __init__(self, desk: Desk, told: list[str], name: str, fault: Exception | None = None) -> None:
        super().__init__(desk)
        self._told, self._name, self._fault = told, name, fault

    def pages(self, routes: APIRouter) -> None:
        """None."""

    def warm(self) -> None:
        self._told.append(self._name)
        if self._fault:
            raise self._fault


@pytest.mark.parametrize("name", AREAS.names())
def test_an_area_reads_beside_and_changes_nothing(name: str, filled_desk: Desk) -> None:
    before = stamps(filled_desk.database)
    AREAS.find(name)(filled_desk).warm()
    assert stamps(filled_desk.database) == before


@pytest.mark.parametrize("name", AREAS.names())
def test_an_area_of_an_empty_store_has_nothing_to_read(name: str, desk: Desk) -> None:
    AREAS.find(name)(desk).warm()


def test_areas_are_prepared_in_their_order_and_a_fault_of_one_is_noted_and_passed_over(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    told = list[str]()
    areas = {
        "one": Told(desk, told, "one", StoreBusyError("store: 'x' is busy")),
        "two": Told(desk, told, "two", ZeroDivisionError("of the program")),
        "three": Told(desk, told, "three"),
    }
    with caplog.at_level(logging.WARNING, "redshank.console.warm"):
        anyio.run(warm, desk.database, areas)
    assert told == ["one", "two", "three"]
    assert [(one.getMessage(), bool(one.exc_info)) for one in caplog.records] == [
        ("not read beside: store: 'x' is busy", False),
        ("not read beside: of the program", True),
    ]


def test_every_template_is_of_an_area_or_of_all() -> None:
    names = page.templates()
    assert {"base.html", "login.html", "overview/now.html", "labels/queue.html"} <= set(names)
    assert {name.rpartition("/")[0] for name in names} <= {"", *AREAS.names()}


def test_a_step_that_was_begun_is_ended_before_the_console_is(desk: Desk) -> None:
    class Slow(Told):
        def warm(self) -> None:
            begun.set()
            assert go_on.wait(20)
            super().warm()

    begun, go_on, told = threading.Event(), threading.Event(), list[str]()
    areas = {"slow": Slow(desk, told, "slow"), "later": Told(desk, told, "later")}

    async def ended() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(warm, desk.database, areas)
            await anyio.to_thread.run_sync(begun.wait)
            tasks.cancel_scope.cancel()
            go_on.set()

    anyio.run(ended)
    assert told == ["slow"]


def test_a_console_that_begins_reads_beside_what_pages_keep(desk: Desk) -> None:
    class Noting(Desk):
        def ledger(self, journal: Journal | None = None) -> Ledger:
            read.set()
            return super().ledger(journal)

    read = threading.Event()
    app = make_app(Noting(desk.settings, desk.database, now_s=desk.now_s), CHEAP)
    assert not read.is_set()
    with TestClient(app):
        assert read.wait(20)


def test_what_the_api_says_of_itself_is_ready_before_somebody_asks(desk: Desk) -> None:
    app = make_app(desk, CHEAP)
    (api,) = (one.app for one in app.routes if isinstance(one, Mount))
    assert isinstance(api, FastAPI)
    assert api.openapi_schema is None
    anyio.run(app.state.warm)
    assert api.openapi_schema is not None
