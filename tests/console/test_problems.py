import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from starlette.routing import Mount

from browsing import Browser
from redshank.console.desk import Desk
from redshank.console.sessions import viewer as may_look
from redshank.core.errors import ActionError, ConfigError, StoreError

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


def test_a_script_that_asks_for_a_part_gets_an_error_as_a_whole_page(odd: Browser) -> None:
    assert odd.get("/odd/wrong", part="list").status_code == 400
