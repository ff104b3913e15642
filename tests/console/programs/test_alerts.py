from browsing import Browser
from console.cases import asked_about, put, told
from redshank.console.desk import Desk
from responses import action


def test_a_program_lists_groups_and_reads_alerts(desk: Desk, viewer: Browser) -> None:
    put(desk, told("a1", reasons=("irc (medium)",)), told("b2", family="dos"))
    viewer.token()
    page = viewer.api("GET", "/alerts", params={"q": "family:dos", "rows": 1}).json()
    assert ([one["id"] for one in page["alerts"]], page["total"], page["arrival"]) == (["b2"], 1, 2)
    flow = page["alerts"][0]["evidence"][0]
    assert (flow["community_id"], flow["p_value"]) == ("1:abc=", None)
    first = viewer.api("GET", "/alerts", params={"rows": 1}).json()
    second = viewer.api("GET", "/alerts", params={"rows": 1, "after": first["older"]}).json()
    assert [first["alerts"][0]["id"], second["alerts"][0]["id"]] == ["b2", "a1"]
    groups = viewer.api("GET", "/alerts/groups", params={"by": "family"}).json()
    assert [(one["value"], one["count"], one["query"]) for one in groups] == [
        ("dos", 1, "family:dos"), ("scanning", 1, "family:scanning"),
    ]  # fmt: skip
    case = viewer.api("GET", "/alerts/a1").json()
    assert case["reasons"][0]["rule"] == "irc"
    assert [one["kind"] for one in case["events"]] == ["told"]
    assert viewer.api("GET", "/alerts/none").status_code == 404
    wrong = viewer.api("GET", "/alerts", params={"q": "famly:x"})
    assert wrong.status_code == 400
    assert "did you mean 'family'?" in wrong.json()["detail"]
    for path, body in (
        ("/alerts/judge", {"ids": ["a1"], "state": "closed"}),
        ("/alerts/judge-all", {"q": "", "arrival": 2, "state": "closed"}),
        ("/alerts/a1/false-alarm", {}),
        ("/alerts/a1/comments", {"text": "x"}),
    ):
        assert viewer.api("POST", path, json=body).status_code == 403, path
    assert desk.alerts.counts("state") == {"open": 2}


def test_a_program_decides_as_a_person_does(desk: Desk, analyst: Browser) -> None:
    alert, questions = asked_about(1)
    desk.queue.add(questions)
    put(desk, alert, told("b2", device=alert.device), told("c3"), told("d4"))
    analyst.token("analyst")
    one = analyst.api("GET", f"/alerts/{alert.id}").json()
    assert (one["labelled"], one["questions"]) == ([questions[0].uid], {questions[0].uid: questions[0].id})
    asked = analyst.api("GET", f"/alerts/{alert.id}/false-alarm").json()
    assert (asked["labelled"], asked["evidence"], asked["why_none"]) == ([questions[0].uid], len(alert.evidence), "")
    assert asked["suggestions"][-1]["terms"] == {"device": alert.device}
    assert [one["id"] for one in one["history"]] == ["b2"]
    late = {"why": "ours", "seen_at_s": desk.now_s()}
    asked = {"why": "ours", "label": True, "allow": {"device": alert.device}, "span": "1h"}
    made = analyst.api("POST", f"/alerts/{alert.id}/false-alarm", json=asked).json()
    assert (made["alerts"], made["labels"], made["closed"], made["left"]) == (1, 1, 1, 0)
    assert analyst.api("POST", f"/alerts/{alert.id}/false-alarm", json=late | {"seen_at_s": 0}).status_code == 409
    assert analyst.api("GET", "/alerts/b2").json()["allowed"]["id"] == made["allowance"]
    assert analyst.api("GET", "/alerts", params={"seen": 3}).json()["new"] == 1
    assert desk.allowances.standing(desk.now_s())[0].id == made["allowance"]
    assert (
        analyst.api("POST", "/alerts/judge", json={"ids": ["c3"], "state": "escalated", "label": True}).json()["alerts"]
        == 1
    )
    wide = {"q": "state:open", "arrival": 99, "state": "closed", "why": "old"}
    assert analyst.api("POST", "/alerts/judge-all", json=wide).json()["alerts"] == 1
    assert analyst.api("POST", "/alerts/c3/comments", json={"text": "look"}).json()["who"] == "anton"
    assert desk.alerts.counts("state") == {"closed": 2, "escalated": 1, "false_alarm": 1}
    assert analyst.api("POST", "/alerts/judge", json={"ids": ["c3"], "state": "done"}).status_code == 400
    assert analyst.api("POST", "/alerts/none/comments", json={"text": "x"}).status_code == 400


def test_a_program_is_told_what_a_false_alarm_takes_back_and_what_stays(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"), told("b2", family="dos"))
    made = action("10.0.0.7", alert="a1")
    desk.ledger().propose(made, 1.0, approval=True)
    analyst.token("analyst")
    asked = analyst.api("GET", "/alerts/a1/false-alarm").json()
    assert ([one["id"] for one in asked["kept"]], asked["taken_back"]) == ([made.id], [])
    done = analyst.api("POST", "/alerts/a1/false-alarm", json={"why": "ours"}).json()
    assert (done["taken_back"], done["kept"]) == (0, 1)
    assert [one["id"] for one in analyst.api("GET", "/alerts/a1").json()["kept"]] == [made.id]
    asked = analyst.api("GET", "/alerts/b2/false-alarm").json()
    assert ([one["id"] for one in asked["taken_back"]], asked["kept"]) == ([made.id], [])
    done = analyst.api("POST", "/alerts/judge", json={"ids": ["b2"], "state": "closed"}).json()
    assert (done["taken_back"], done["kept"]) == (1, 0)
    one = analyst.api("GET", "/alerts/a1").json()
    assert (one["kept"], one["actions"][0]["state"], one["actions"][0]["by"]) == ([], "refused", "anton")
