import asyncio
import logging
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from starlette.routing import Mount
from starlette.testclient import TestClient

from browsing import CHEAP, PASSWORD, Browser, add_people
from console.cases import put, told
from postgres import running
from redshank.config import Settings
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.console.live import Live
from redshank.console.sessions import Times
from redshank.console.sessions import viewer as may_look
from redshank.core.errors import ActionError, ConfigError, StoreChangedError, StoreError
from redshank.store.database import Database

ERRORS = {"wrong": ConfigError(["a: 1", "b: <2>"]), "cannot": ActionError("no"), "away": StoreError("at db.internal")}


class Given(BaseModel):
    """What a program sends."""

    number: int


@pytest.fixture
def odd(app: FastAPI, browser: Callable[[str], Browser]) -> Browser:
    """Return a browser before a console with pages that fail."""
    routes = APIRouter()

    @routes.get("/odd/{how}", dependencies=[Depends(may_look)])
    def fail(how: str) -> None:
        if how == "fault":
            raise RuntimeError("a secret")
        raise ERRORS[how]

    @routes.post("/odd", dependencies=[Depends(may_look)])
    def take(given: Given) -> None:
        """Take a number."""

    app.include_router(routes)
    api = next(route.app for route in app.routes if isinstance(route, Mount))
    assert isinstance(api, FastAPI)
    api.include_router(routes)
    return browser("vera").token()


def test_a_fault_of_the_program_has_a_number_that_the_log_has_and_says_nothing_else(
    odd: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "redshank.console.problems"):
        answers = [odd.get("/odd/fault"), odd.api("GET", "/odd/fault")]
    for answer, record in zip(answers, caplog.records, strict=True):
        assert answer.status_code == 500
        assert "a secret" not in answer.text
        assert "Traceback" not in answer.text
        number = re.search(r"The log has it under ([0-9a-f]{8})", answer.text)
        assert number
        assert number[1] in record.getMessage()
        assert record.exc_info
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_store_that_is_away_is_told_without_its_place_and_pages_come_back_with_it(
    odd: Browser, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for answer in (odd.get("/odd/away"), odd.api("GET", "/odd/away")):
        assert answer.status_code == 503
        assert "The store cannot be read or written now." in answer.text
        assert "db.internal" not in answer.text
    assert "at db.internal" in caplog.text
    path = Path(desk.database.name)
    desk.database.close()
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    for page in ("/overview", "/responses", "/alerts", "/login"):
        assert odd.get(page).status_code == 503, page
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert odd.get("/overview").status_code == 200
    assert "cannot be believed" not in odd.get("/responses/ledger").text


PAGES = ("/overview", "/alerts", "/labels", "/responses", "/devices", "/audit", "/models")


def _all(browser: Browser, status: int, words: str = "") -> None:
    for page in PAGES:
        answer = browser.get(page)
        assert answer.status_code == status, page
        assert words in answer.text, page
        assert ("refresh" in answer.headers) is (status == 503)


def test_a_file_that_is_deleted_or_replaced_under_the_console_is_noticed_and_pages_come_back(
    viewer: Browser, desk: Desk, tmp_path: Path
) -> None:
    path, kept = Path(desk.database.name), tmp_path / "kept.db"
    _all(viewer, 200)
    desk.database.shrink()
    shutil.copy(path, kept)
    for file in tmp_path.glob("store.db*"):
        file.unlink()
    _all(viewer, 503, "The store cannot be read or written now.")
    assert not path.exists()
    kept.rename(path)
    _all(viewer, 200)
    desk.audit.write(1.0, "ana", "looked", "a1")
    with closing(sqlite3.connect(path)) as seen:
        assert seen.execute("select who from audit order by place desc").fetchone() == ("ana",)


def test_tables_that_became_those_of_another_version_are_told_of(viewer: Browser, desk: Desk) -> None:
    path = Path(desk.database.name)
    with closing(sqlite3.connect(path)) as other:
        other.execute("update redshank set version = version + 1")
        other.commit()
    with pytest.raises(StoreChangedError, match="by now, this program has"):
        desk.audit.write(1.0, "ana", "looked", "a1")
    assert not desk.audit.entries(about="a1")
    with closing(sqlite3.connect(path)) as other:
        other.execute("alter table alerts rename column state to outcome")
        other.commit()
    answer = viewer.get("/alerts")
    assert (answer.status_code, "tables of another version" in answer.text) == (503, True)
    with closing(sqlite3.connect(path)) as other:
        other.execute("alter table alerts rename column outcome to state")
        other.execute("update redshank set version = version - 1")
        other.commit()
    assert viewer.get("/alerts").status_code == 200


def test_pages_are_read_while_another_program_writes_for_long_and_what_writes_is_told_that_it_is_busy(
    desk: Desk,
) -> None:
    clock: Any = desk.now_s
    put(desk, told("a1"))
    with closing(Database(Path(desk.database.name), patience_s=1)) as database:
        app = make_app(Desk(desk.settings, database, now_s=clock), CHEAP)
        browser = Browser(TestClient(app, "http://localhost", raise_server_exceptions=False, follow_redirects=False))
        browser.log_in("anton")
        mark = browser.mark()
        with desk.database.writing():
            clock.now_s += 100.0
            _all(browser, 200)
            answer = browser.client.post("/theme", data={"csrf": mark, "theme": "dark"})
            assert answer.status_code == 303
            answer = browser.client.post("/alerts/a1/comment", data={"csrf": mark, "text": "hello"})
            assert (answer.status_code, "The store is busy" in answer.text) == (503, True)
            assert browser.client.post("/login", data={"name": "vera", "password": PASSWORD}).status_code == 503
        assert browser.client.post("/login", data={"name": "vera", "password": PASSWORD}).status_code == 303
        browser.client.close()


@pytest.mark.service
def test_a_server_that_goes_away_and_comes_back_takes_pages_and_streams_along(clock: Any) -> None:
    with running() as server, closing(Database(server.place(), create=True, patience_s=3)) as database:
        add_people(database)
        desk = Desk(Settings(), database, now_s=clock)
        live = Live(database, Times(600.0, 3_600.0), clock, every_s=0.01)
        app = make_app(desk, CHEAP)
        browser = Browser(TestClient(app, "http://localhost", raise_server_exceptions=False, follow_redirects=False))
        browser.log_in("vera")
        _all(browser, 200)
        server.stop()
        _all(browser, 503, "The store cannot be read or written now.")
        with pytest.raises(StoreError):
            asyncio.run(live._look({}))
        server.start()
        _all(browser, 200)
        asyncio.run(live._look({}))
        browser.client.close()


def test_what_is_wrong_is_told_line_by_line_and_escaped(odd: Browser) -> None:
    answer = odd.get("/odd/wrong")
    assert answer.status_code == 400
    assert "a: 1" in answer.text
    assert "b: &lt;2&gt;" in answer.text
    problem = odd.api("GET", "/odd/wrong")
    assert (problem.status_code, problem.headers["content-type"]) == (400, "application/problem+json")
    assert problem.json() == {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "a: 1\nb: <2>"}


def test_what_cannot_be_done_now_is_a_conflict(odd: Browser) -> None:
    assert odd.get("/odd/cannot").status_code == 409
    assert odd.api("GET", "/odd/cannot").json()["detail"] == "no"


def test_a_program_is_told_what_it_sent_wrong(odd: Browser) -> None:
    answer = odd.api("POST", "/odd", json={"number": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("body.number: Input should be a valid integer")
    assert odd.api("DELETE", "/odd").status_code == 405
    assert odd.api("GET", "/nowhere").json()["status"] == 404
    assert odd.api("GET", "/no%0Awhere").json()["status"] == 404


def test_a_script_that_asks_for_a_part_gets_an_error_as_a_whole_page(odd: Browser) -> None:
    assert odd.get("/odd/wrong", part="list").status_code == 400
