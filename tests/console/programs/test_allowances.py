from browsing import Browser
from console.cases import put, told
from redshank.console.desk import Desk
from responses import action


def test_a_program_tries_gives_extends_and_withdraws(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"))
    proposed = action("10.0.0.7", alert="a1")
    desk.ledger().propose(proposed, 1.0, approval=True)
    analyst.token("analyst")
    wish = {"terms": {"device": "10.0.0.7"}, "because": "ours", "span": "1h"}
    tried = analyst.api("POST", "/allowances/preview", json=wish).json()
    assert tried == {
        "open": ["a1"], "past": 0, "looked": 1, "whole": True, "taken_back": [proposed.id], "itself": None,
    }  # fmt: skip
    about = {"terms": {"device": "10.0.0.9"}, "alert": "a1"}
    assert analyst.api("POST", "/allowances/preview", json=about).json()["itself"] is False
    assert analyst.api("POST", "/allowances/preview", json=about | {"alert": "none"}).status_code == 404
    made = analyst.api("POST", "/allowances", json=wish).json()
    assert (made["closed"], made["taken_back"], made["allowance"]["terms"], made["allowance"]["author"]) == (
        1, 1, {"device": "10.0.0.7"}, "anton",
    )  # fmt: skip
    longer = analyst.api("POST", f"/allowances/{made['allowance']['id']}/extend", json={"span": "0"}).json()
    assert longer["allowance"]["expires_at_s"] is None
    gone = analyst.api("POST", f"/allowances/{longer['allowance']['id']}/withdraw", json={"why": "sold"}).json()
    assert gone["state"] == "withdrawn"
    listed = analyst.api("GET", "/allowances").json()
    assert [(one["state"], one["alerts"]) for one in listed] == [("withdrawn", 0), ("withdrawn", 1)]
    first = analyst.api("GET", "/allowances", params={"limit": 1}).json()
    assert first == listed[:1]
    after = {"after": first[0]["allowance"]["id"]}
    assert analyst.api("GET", "/allowances", params=after).json() == listed[1:]
    assert analyst.api("GET", "/allowances", params={"state": "in force"}).json() == []
    assert analyst.api("GET", "/allowances", params={"state": "lost"}).status_code == 422
    wrong = analyst.api("POST", "/allowances", json={"terms": {}, "because": ""})
    assert wrong.status_code == 400
    assert "no condition is given" in wrong.json()["detail"]


def test_a_viewers_token_only_reads(desk: Desk, viewer: Browser) -> None:
    viewer.token()
    assert viewer.api("GET", "/allowances").json() == []
    for path in ("", "/preview", "/x/extend", "/x/withdraw"):
        body = {"terms": {"device": "10.0.0.7"}, "because": "x", "why": "x"}
        assert viewer.api("POST", f"/allowances{path}", json=body).status_code == 403, path
    assert desk.allowances.given() == []
