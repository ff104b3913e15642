import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from browsing import PASSWORD, Browser
from redshank.console.desk import Desk
from redshank.store.people import People

NEW = "another four words"


def what(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one.who, one.what, one.about) for one in desk.audit.entries(3)]


def test_a_password_is_changed_by_who_knows_the_old_one_and_others_are_logged_out(
    viewer: Browser, browser: Callable[[str], Browser], desk: Desk
) -> None:
    elsewhere = browser("vera")
    before = viewer.mark()
    assert viewer.post("/account/password", password="guess", new=NEW, again=NEW).status_code == 400
    assert viewer.post("/account/password", password=PASSWORD, new=NEW, again=NEW + "x").status_code == 400
    assert viewer.post("/account/password", password=PASSWORD, new="short", again="short").status_code == 400
    assert elsewhere.get("/account").status_code == 200
    answer = viewer.post("/account/password", password=PASSWORD, new=NEW, again=NEW)
    assert answer.headers["location"] == "/account"
    assert elsewhere.get("/account").status_code == 303
    assert viewer.get("/account").status_code == 200
    assert viewer.mark() != before
    assert ("vera", "password changed", "vera") in what(desk)
    assert NEW not in str(desk.audit.entries())


def test_who_leaves_everywhere_is_logged_out_everywhere(viewer: Browser, browser: Callable[[str], Browser]) -> None:
    elsewhere = browser("vera")
    assert viewer.post("/account/leave").headers["location"] == "/login"
    assert [one.get("/account").status_code for one in (viewer, elsewhere)] == [303, 303]


def test_a_token_is_shown_once_and_lets_a_program_in_until_it_is_withdrawn(analyst: Browser, desk: Desk) -> None:
    page = analyst.post("/account/tokens", name="<wall>", role="viewer", days="7", password=PASSWORD)
    secret = re.search(r"<pre[^>]*>(redshank_[\w-]+)</pre>", page.text)
    assert secret, page.text
    analyst.bearer = secret[1]
    assert analyst.api("GET", "/account/me").json() == {"name": "anton", "role": "viewer"}
    mine = analyst.get("/account").text
    assert secret[1] not in mine
    assert "&lt;wall&gt;" in mine
    (token,) = re.findall(r"/account/tokens/(\w+)/withdraw", mine)
    assert analyst.post(f"/account/tokens/{token}/withdraw").status_code == 303
    assert analyst.api("GET", "/account/me").status_code == 401
    assert what(desk)[:2] == [("anton", "token withdrawn", token), ("anton", "token given", token)]


def test_a_token_may_not_more_than_who_makes_it(viewer: Browser) -> None:
    answer = viewer.post("/account/tokens", name="cron", role="admin", days="7", password=PASSWORD)
    assert answer.status_code == 400
    assert "&#39;admin&#39; is more than &#39;vera&#39; may" in answer.text


def test_nobody_withdraws_the_token_of_another_but_an_admin(viewer: Browser, analyst: Browser, admin: Browser) -> None:
    analyst.token()
    (token,) = re.findall(r"/account/tokens/(\w+)/withdraw", analyst.get("/account").text)
    assert viewer.post(f"/account/tokens/{token}/withdraw").status_code == 400
    assert viewer.token().api("POST", f"/account/tokens/{token}/withdraw").status_code == 400
    assert analyst.api("GET", "/account/me").status_code == 200
    assert admin.token("admin").api("POST", f"/account/tokens/{token}/withdraw").status_code == 204
    assert analyst.api("GET", "/account/me").status_code == 401


@pytest.mark.parametrize("name", ["vera", "anton"])
def test_who_is_no_admin_decides_on_nobody(browser: Callable[[str], Browser], name: str, desk: Desk) -> None:
    one = browser(name)
    fields = {"name": "eve", "role": "admin", "new": NEW, "password": PASSWORD}
    for path in ("", "/ada/role", "/ada/password", "/ada/disable", "/ada/enable"):
        assert one.post(f"/account/people{path}", fields).status_code == 403, path
    assert one.get("/account/people").status_code == 403
    assert [account.name for account in People(desk.database).all()] == ["ada", "anton", "vera"]


def test_an_admin_adds_changes_and_disables_people(
    admin: Browser, browser: Callable[[str], Browser], desk: Desk
) -> None:
    own = {"password": PASSWORD}
    assert admin.post("/account/people", own, name="eve", role="viewer", new=NEW).status_code == 303
    eve = browser("")
    eve.log_in("eve", NEW)
    page = admin.follow(admin.post("/account/people/eve/role", own, role="analyst"))
    assert "eve is analyst now" in page.text
    assert eve.get("/account").status_code == 303
    assert admin.post("/account/people/eve/password", own, new=NEW + " more").status_code == 303
    eve.log_in("eve", NEW + " more")
    assert "analyst" in eve.get("/account").text
    assert admin.post("/account/people/eve/disable").status_code == 303
    assert eve.get("/account").status_code == 303
    assert eve.post("/login", name="eve", password=NEW + " more").status_code == 401
    assert admin.post("/account/people/eve/enable").status_code == 303
    eve.log_in("eve", NEW + " more")
    whats = [one.what for one in desk.audit.entries(20) if one.about == "eve" and one.who == "ada"]
    assert whats[::-1] == [
        *("account made", "role changed", "password changed", "account disabled"),
        "account enabled",
    ]


def test_what_gives_more_asks_for_the_password_of_who_does_it(admin: Browser) -> None:
    wrong = {"password": "guess", "name": "eve", "role": "admin", "new": NEW}
    for path in ("", "/vera/role", "/vera/password"):
        answer = admin.post(f"/account/people{path}", wrong)
        assert answer.status_code == 400, path
        assert "password: it is not yours" in answer.text


def test_an_admin_who_makes_themselves_less_needs_another_one(admin: Browser) -> None:
    answer = admin.post("/account/people/ada/role", role="viewer", password=PASSWORD)
    assert answer.status_code == 409
    assert "is the last admin; make another one first" in answer.text
    admin.post("/account/people/vera/role", role="admin", password=PASSWORD)
    admin.post("/account/people/ada/role", role="viewer", password=PASSWORD)
    assert "You are viewer." in admin.get("/account").text


def test_the_api_tells_an_admin_who_there_is_and_no_hash(admin: Browser) -> None:
    answer = admin.token("admin").api("GET", "/account/people")
    assert [one["name"] for one in answer.json()] == ["ada", "anton", "vera"]
    assert "argon2" not in answer.text
    assert admin.api("POST", "/account/people/vera/disable").status_code == 204
    assert admin.api("GET", "/account/people").json()[2]["disabled"]


def test_an_account_that_is_not_there_is_a_sentence(admin: Browser) -> None:
    answer = admin.post("/account/people/%3Cb%3E/disable")
    assert answer.status_code == 400
    assert "there is no &#39;&lt;b&gt;&#39;" in answer.text


def test_the_api_describes_itself_whole(viewer: Browser) -> None:
    described = viewer.token().api("GET", "/openapi.json").json()
    assert described == viewer.get("/account/openapi.json").json()
    page = viewer.get("/account/api").text
    ids = []
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            assert f"{method.upper()} /api/v1{path}" in page
            assert call.get("description"), f"{method} {path} says nothing"
            assert call["responses"]["403"]["content"].keys() == {"application/problem+json"}
            assert call["security"] == [{"HTTPBearer": []}]
            ids.append(call["operationId"])
            if "requestBody" in call:
                _check_example(described, call["requestBody"]["content"]["application/json"]["schema"])
    assert len(set(ids)) == len(ids)


def _check_example(described: dict[str, Any], body: dict[str, Any]) -> None:
    """Make sure that a body has an example, and that it is one."""
    name = body.get("anyOf", [body])[0]["$ref"].rpartition("/")[2]
    (example,) = described["components"]["schemas"][name]["examples"]
    jsonschema.validate(example, {**described, "$ref": f"#/components/schemas/{name}"})
