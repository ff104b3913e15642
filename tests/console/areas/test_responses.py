from collections.abc import Callable

import pytest

from browsing import Browser
from console.filled import Filled
from redshank.console.desk import Desk
from redshank.respond.states import Entry
from redshank.store.ledger import Journal

Open = Callable[[str], Browser]


def one(desk: Desk, state: str) -> Entry:
    return next(entry for entry in desk.ledger().entries() if entry.state == state)


def test_what_waits_holds_and_is_over_stands_on_one_page(open_as: Open) -> None:
    vera = open_as("vera")
    page = vera.get("/responses")
    assert page.status_code == 200
    for words in (
        "Waiting for somebody",
        "Chain verified",
        "carried out by a dry run",
        "the only printer that we have",
    ):
        assert words in page.text
    assert "Approve the marked" not in page.text
    assert vera.get("/responses", part="list").text.strip() in page.text
    assert "Nothing that is over fits." in vera.get("/responses", q="nowhere").text
    assert "the only printer that we have" in vera.get("/responses", q="PRINTER ana").text
    assert "Approve the marked" in open_as("anton").get("/responses").text
    assert "&lt;img src=x" in page.text
    assert "<img src=x" not in page.text


def test_an_analyst_approves_and_undoes_with_a_reason(open_as: Open, full: Desk) -> None:
    anton, waits = open_as("anton"), one(full, "proposed")
    shown = anton.get(f"/responses/action/{waits.action.id}")
    assert "Approve" in shown.text
    page = anton.follow(anton.post("/responses/approve", id=[waits.action.id]))
    assert f"Approved: block of {waits.action.target}." in page.text
    assert full.ledger().find(waits.action.id).by == "anton"
    again = anton.post("/responses/approve", id=[waits.action.id])
    assert again.status_code == 409
    assert "it cannot be approved" in again.text
    holds = one(full, "applied")
    refused = anton.post("/responses/undo", id=holds.action.id, why="")
    assert refused.status_code == 400
    assert "say in 1 to 500 why" in refused.text
    done = anton.post("/responses/undo", id=holds.action.id, why="a mistake", allow_hours="1")
    assert "Taken back" in anton.follow(done).text
    assert full.ledger().find(holds.action.id).note == "a mistake"
    assert full.ledger().addresses.allowed(holds.action.target, full.now_s())
    anton.post("/responses/allow", target=holds.action.target, hours="0", why="over")
    assert not full.ledger().addresses.allowed(holds.action.target, full.now_s())


def test_an_admin_sees_the_ruleset_before_acting_by_hand(open_as: Open, full: Desk) -> None:
    ada = open_as("ada")
    assert "Nothing to confirm yet" in ada.get("/responses/block").text
    order = {"target": "10.0.0.66", "measure": "block", "minutes": "5", "why": "guesses <passwords>"}
    shown = ada.get("/responses/block", **order)
    assert "&#34;val&#34;: &#34;10.0.0.66&#34;, &#34;timeout&#34;: 300" in shown.text
    assert "&lt;passwords&gt;" in shown.text
    assert not [entry for entry in full.ledger().entries() if entry.action.target == "10.0.0.66"]
    page = ada.follow(ada.post("/responses/block", order))
    assert "Ordered: block of 10.0.0.66." in page.text
    assert next(entry for entry in full.ledger().open() if entry.action.target == "10.0.0.66").by == "ada"
    for wrong, words in (
        ({"target": "router"}, "router"),
        ({"target": "224.0.0.9"}, "is protected: multicast"),
        ({"minutes": "99999"}, "minutes:"),
    ):
        refused = ada.get("/responses/block", **{**order, **wrong})
        assert refused.status_code == 400
        assert words in refused.text


def test_an_admin_takes_everything_back_after_a_look(open_as: Open, full: Desk) -> None:
    ada, count = open_as("ada"), len(full.ledger().open())
    assert f"These {count} actions end" in ada.get("/responses/flush").text
    assert f"Taken back: {count} actions." in ada.follow(ada.post("/responses/flush", why="maintenance")).text
    assert full.ledger().open() == []
    assert "Nothing holds and nothing waits." in ada.get("/responses/flush").text


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vera", "/responses/approve"),
        ("vera", "/responses/undo"),
        ("vera", "/responses/allow"),
        ("anton", "/responses/block"),
        ("anton", "/responses/flush"),
    ],
)
def test_nobody_does_more_than_their_role(open_as: Open, full: Desk, name: str, path: str) -> None:
    browser, before = open_as(name), Journal(full.database).count()
    fields = {"id": one(full, "proposed").action.id, "why": "x", "target": "10.0.0.66", "hours": "1", "minutes": "5"}
    assert browser.post(path, {**fields, "measure": "block"}).status_code == 403
    body = {"ids": [fields["id"]], "why": "x", "target": "10.0.0.66", "allow_s": 1}
    assert browser.api("POST", path, json=body).status_code == 403
    if name == "anton":
        assert browser.get(path).status_code == 403
    assert Journal(full.database).count() == before


def test_the_ledger_is_shown_with_what_is_wrong_with_it(open_as: Open, full: Desk) -> None:
    vera, journal = open_as("vera"), Journal(full.database)
    page = vera.get("/responses/ledger")
    assert f"Chain verified: {journal.count()} lines" in page.text
    assert vera.get("/responses/ledger", before="3").text.count("data-row=") == 2
    assert vera.get("/responses/ledger", before="x").status_code == 400
    torn = journal.count()
    journal.append(torn, '{"<script>')
    assert f"torn at line {torn + 1}" in vera.get("/responses/ledger").text
    assert "<script>" not in vera.get("/responses/ledger", part="list").text


def test_a_ledger_that_was_changed_is_not_believed(open_as: Open, filled: Filled) -> None:
    journal = Journal(filled.database)
    journal.append(journal.count(), '{"digest": "0", "number": 5, "before": "0"}')
    vera = open_as("vera")
    for path in ("/responses", "/responses/ledger", "/overview"):
        page = vera.get(path)
        assert page.status_code == 200
        assert "The ledger" in page.text
        assert "cannot be believed" in page.text
    assert open_as("ada").get("/responses/flush").status_code == 200


def test_who_is_never_blocked_is_shown(open_as: Open) -> None:
    page = open_as("vera").get("/responses/protected")
    assert page.status_code == 200
    assert "224.0.0.0/4" in page.text
    assert open_as("vera").api("GET", "/responses/protected").json()["224.0.0.0/4"] == "multicast"
