from collections.abc import Callable

import pytest

from browsing import Browser
from console.filled import MARKUP

Open = Callable[[str], Browser]


def test_the_audit_is_searched_by_words_people_and_days(open_as: Open) -> None:
    vera = open_as("vera")
    page = vera.get("/audit", what="alert")
    assert page.status_code == 200
    assert "alert escalated" in page.text
    assert "&lt;img src=x" in page.text
    assert "<img src=x" not in page.text
    found = vera.get("/audit", q="backdoor hides", what="allowance")
    assert "allowance withdrawn" in found.text
    assert "alert escalated" not in found.text
    assert "Nothing fits." in vera.get("/audit", until="1999-01-01").text
    assert "Nothing fits." not in vera.get("/audit", since="1999-01-01", who="ana").text


@pytest.mark.parametrize("query", ["since=tomorrow", "until=2026-13-01", "before=x", "before=0.5"])
def test_what_is_asked_wrongly_is_told(open_as: Open, query: str) -> None:
    assert open_as("vera").get(f"/audit?{query}").status_code == 400


def test_programs_are_told_the_same_page_by_page(open_as: Open) -> None:
    vera = open_as("vera")
    places, before = [], 0
    while True:
        page = vera.api("GET", f"/audit?limit=20&before={before}").json()
        places += [one["place"] for one in page["entries"]]
        before = page["before"]
        if not before:
            break
    assert places == list(range(places[0], 0, -1))
    assert {one["who"] for one in vera.api("GET", "/audit?who=ana").json()["entries"]} == {"ana"}
    assert vera.api("GET", "/audit?since=x").status_code == 400
    assert vera.api("GET", "/audit?limit=0").status_code == 422


def test_refused_logins_and_given_labels_stand_there_as_text(open_as: Open) -> None:
    vera = open_as("vera")
    for _ in range(7):
        vera.client.post("/login", data={"name": MARKUP, "password": "a secret guess"})
    found = vera.get("/audit", what="login").text
    assert "login refused" in found
    assert "login locked out" in found
    assert "&lt;img src=x" in found
    assert "<img src=x" not in found
    assert "testclient" in found
    assert "a secret guess" not in found
    given = vera.get("/audit", what="label").text
    assert "label given" in given
    assert 'href="/labels/given/' in given
