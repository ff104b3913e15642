"""What holds for every page, whatever area it is of."""

import pytest
from fastapi import APIRouter

from browsing import CHEAP, Browser
from redshank.console.app import _check_named, make_app
from redshank.console.desk import Desk


def test_nobody_sees_a_page_without_logging_in(anonymous: Browser) -> None:
    for path in ("/", "/account", "/nowhere"):
        answer = anonymous.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")


def test_who_logs_in_goes_where_they_wanted(anonymous: Browser) -> None:
    answer = anonymous.client.post(
        "/login", data={"name": "vera", "password": "four words in a row", "next": "/account?a=1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?a=1")


def test_the_first_page_is_the_first_area(viewer: Browser) -> None:
    assert viewer.get("/").headers["location"] == f"/{viewer.client.app.state.areas[0].name}"  # type: ignore[attr-defined]


def test_a_form_without_the_mark_of_the_session_does_nothing(viewer: Browser) -> None:
    assert viewer.client.post("/logout", data={"csrf": "0" * 64}).status_code == 403
    assert viewer.get("/account").status_code == 200


def test_the_api_takes_a_token_and_no_cookie(viewer: Browser) -> None:
    assert viewer.client.get("/api/v1/account/me").status_code == 401
    assert viewer.token().api("GET", "/account/me").json() == {"name": "vera", "role": "viewer"}


def test_every_answer_tells_the_browser_how_little_it_may_do(anonymous: Browser) -> None:
    for path in ("/login", "/nowhere", "/api/v1/nowhere", "/healthz"):
        headers = anonymous.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'"), path
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store"), path


def test_a_page_that_is_not_there_says_so(viewer: Browser) -> None:
    answer = viewer.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_route_that_changes_something_must_name_who_may(desk: Desk) -> None:
    make_app(desk, CHEAP)
    routes = APIRouter()

    @routes.post("/close")
    def close() -> None:
        """Name nobody."""

    with pytest.raises(TypeError, match="alerts/close: changes something and names nobody who may"):
        _check_named("alerts", routes.routes)


def test_no_page_holds_a_script_or_a_style(viewer: Browser) -> None:
    text = viewer.get("/account").text
    assert "<style" not in text
    assert " style=" not in text
    assert "<script>" not in text
