from browsing import Browser
from console.cases import HOSTILE, put, told
from redshank.console.desk import Desk
from redshank.core.allowance import Allowance
from redshank.store.allowances import Quiet
from responses import action


def test_an_allowance_is_tried_given_extended_and_withdrawn(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"), told("b2", device="10.0.0.8"))
    assert "Nothing is allowed." in analyst.get("/allowances").text
    tried = analyst.get("/allowances/new", device="10.0.0.7").text
    assert "<strong>1 open alert</strong> would be closed" in tried
    assert desk.allowances.given() == []
    answer = analyst.post("/allowances/new", {"device": "10.0.0.7", "why": "our scanner", "for": "1h"})
    assert "Allowed: device 10.0.0.7. 1 open alert closed." in analyst.follow(answer).text
    (given,) = desk.allowances.given()
    desk.allowances.count([Quiet(given.allowance.id, flows=1_234)])
    assert "1,234" in analyst.get("/allowances").text
    answer = analyst.post(f"/allowances/{given.allowance.id}/extend", {"for": "7d"})
    assert "Extended: device 10.0.0.7." in analyst.follow(answer).text
    (now,) = desk.allowances.standing(desk.now_s())
    answer = analyst.post(f"/allowances/{now.id}/withdraw", why="sold")
    assert "Withdrawn" in analyst.follow(answer).text
    assert desk.allowances.standing(desk.now_s()) == []


def test_mistakes_are_told_where_they_were_made(analyst: Browser) -> None:
    page = analyst.get("/allowances/new", port="ssh")
    assert page.status_code == 200
    assert "&#39;ssh&#39; is no port" in page.text
    refused = analyst.post("/allowances/new", why="")
    assert refused.status_code == 400
    assert "no condition is given" in refused.text
    assert analyst.post("/allowances/nope/withdraw", why="x").status_code == 400


def test_a_viewer_reads_and_changes_nothing(desk: Desk, viewer: Browser) -> None:
    one = Allowance.of("ana", HOSTILE.replace("\x1b", "").replace("\u202e", ""), desk.now_s(), device="10.0.0.7")
    desk.allowances.give(one)
    page = viewer.get("/allowances").text
    assert "<script>alert" not in page
    assert "Withdraw</button>" not in page
    for path in ("/allowances/new", f"/allowances/{one.id}/withdraw", f"/allowances/{one.id}/extend"):
        assert viewer.post(path, device="10.0.0.7", why="x").status_code == 403
    assert viewer.get("/allowances/new").status_code == 403
    assert desk.allowances.standing(desk.now_s()) == [one]


def test_a_person_who_allows_is_told_what_would_be_taken_back_for_it_and_what_was(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"), told("b1", device="10.0.0.8"))
    made = action("10.0.0.7", alert="a1")
    desk.ledger().propose(made, 1.0, approval=True)
    desk.ledger().propose(action("10.0.0.8", alert="b1"), 1.0, approval=True)
    for path in ("/allowances/new", "/alerts/a1/false-alarm"):
        form = analyst.get(path, device="10.0.0.7").text
        assert "<strong>1 action</strong> would be taken back" in form
        assert f'block against <a href="/responses/action/{made.id}"><span class="wire">10.0.0.7<' in form
    assert "would be taken back" not in analyst.get("/allowances/new", device="10.0.0.9").text
    answer = analyst.post("/allowances/new", {"device": "10.0.0.7", "why": "our scanner", "for": "1h"})
    assert "1 open alert closed. 1 action taken back." in analyst.follow(answer).text
    entry = desk.ledger().find(made.id)
    assert (entry.state, entry.note.partition(": ")[2]) == ("refused", "our scanner")
