import pytest

from browsing import PASSWORD, Browser
from redshank.console.desk import Desk

LOGIN = {"name": "vera", "password": PASSWORD}


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
def test_a_form_of_another_site_is_refused_even_a_login(anonymous: Browser, headers: dict[str, str]) -> None:
    answer = anonymous.client.post("/login", data=LOGIN, headers=headers)
    assert answer.status_code == 403
    assert "This was sent by a page of another site; it was not done." in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_a_form_of_our_own_is_taken(anonymous: Browser, headers: dict[str, str]) -> None:
    assert anonymous.client.post("/login", data=LOGIN, headers=headers).status_code == 303


def test_a_mark_may_come_in_a_header_or_in_the_form(viewer: Browser) -> None:
    mark = viewer.mark()
    form = {"theme": "dark", "next": "/account"}
    assert viewer.client.post("/theme", data=form).status_code == 403
    assert viewer.client.post("/theme", data=form, headers={"x-csrf-token": mark}).status_code == 303
    assert viewer.client.post("/theme", data={**form, "csrf": mark}).status_code == 303


def test_the_mark_of_another_session_does_not_fit(viewer: Browser, analyst: Browser) -> None:
    answer = viewer.client.post("/theme", data={"theme": "dark", "csrf": analyst.mark()})
    assert answer.status_code == 403
    assert "This form is from another session" in answer.text


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain"])
def test_pages_take_forms_and_nothing_else(viewer: Browser, kind: str) -> None:
    answer = viewer.client.post("/theme", content=b"{}", headers={"content-type": kind, "x-csrf-token": viewer.mark()})
    assert answer.status_code == 415


def test_an_over_session_sends_a_page_to_the_login_and_tells_a_script(viewer: Browser, desk: Desk) -> None:
    desk.now_s.now_s += 13 * 3_600.0  # type: ignore[attr-defined]  # the test's clock
    answer = viewer.get("/account", a="1")
    assert answer.headers["location"] == "/login?next=%2Faccount%3Fa%3D1"
    assert "Your session has ended." in viewer.follow(answer).text
    assert viewer.get("/account", part="sessions").status_code == 401
    assert viewer.get("/live").status_code == 401
    assert viewer.client.post("/theme", data={"theme": "dark"}).headers["location"] == "/login?next=%2F"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer redshank_x", "Basic YTpi", "bearer \x7f"])
def test_the_api_says_what_it_takes(viewer: Browser, header: str) -> None:
    answer = viewer.client.get("/api/v1/account/me", headers={"authorization": header})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "'Authorization: Bearer redshank_...'" in answer.json()["detail"]


def test_many_fields_are_a_wrong_form_and_no_fault(viewer: Browser) -> None:
    answer = viewer.client.post("/theme", content="&".join(["a=1"] * 2_000))
    assert answer.status_code == 400
