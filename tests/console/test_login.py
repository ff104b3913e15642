from fastapi import FastAPI
from starlette.testclient import TestClient

from browsing import PASSWORD, Browser


def test_a_wrong_password_says_no_more_than_a_wrong_name(anonymous: Browser) -> None:
    answers = [anonymous.post("/login", name=name, password="wrong") for name in ("vera", "nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    texts = [answer.text.replace('value="vera"', "").replace('value="nobody"', "") for answer in answers]
    assert texts[0] == texts[1]
    assert "The name or the password is wrong." in texts[0]
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_who_guesses_is_told_to_wait(anonymous: Browser) -> None:
    answers = [anonymous.post("/login", name="vera", password="wrong") for _ in range(7)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "3"
    assert "Too many attempts. Try again in 2 s." in answers[-1].text


def test_a_login_begins_a_new_session_whatever_cookie_came_with_it(anonymous: Browser) -> None:
    given = {"cookie": "redshank=given-by-an-attacker"}
    answer = anonymous.client.post("/login", data={"name": "vera", "password": PASSWORD}, headers=given)
    assert "given-by-an-attacker" not in answer.headers["set-cookie"]
    anonymous.client.cookies.clear()
    assert anonymous.client.get("/account", headers=given).status_code == 303


def test_the_cookie_is_closed_to_scripts_and_other_sites(anonymous: Browser, app: FastAPI) -> None:
    cookie = anonymous.log_in("vera").headers["set-cookie"]
    assert all(word in cookie for word in ("redshank=", "HttpOnly", "SameSite=lax", "Path=/"))
    assert "Secure" not in cookie
    with_tls = TestClient(app, "https://localhost", follow_redirects=False)
    cookie = with_tls.post("/login", data={"name": "vera", "password": PASSWORD}).headers["set-cookie"]
    assert cookie.startswith("__Host-redshank=")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/", "Secure"))
    assert "Domain" not in cookie
    with_tls.close()


def test_a_login_leads_to_no_other_site(anonymous: Browser) -> None:
    for wanted in ("https://evil.example", "//evil.example", "/logout", "/login"):
        answer = anonymous.client.post("/login", data={"name": "vera", "password": PASSWORD, "next": wanted})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_who_comes_for_the_first_time_is_told_of_no_session(anonymous: Browser) -> None:
    assert "session" not in anonymous.get("/login").text


def test_who_logs_out_is_out(viewer: Browser) -> None:
    kept = dict(viewer.client.cookies)
    assert viewer.post("/logout").headers["location"] == "/login"
    viewer.client.cookies.update(kept)
    assert viewer.get("/account").status_code == 303


def test_who_is_logged_in_needs_no_login_page(viewer: Browser) -> None:
    assert viewer.get("/login").headers["location"] == "/"
