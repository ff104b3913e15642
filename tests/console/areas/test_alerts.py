import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from browsing import Browser
from console.cases import HOSTILE, asked_about, put, told
from console.conftest import Clock
from redshank.console.desk import Desk
from redshank.store.question import ALERT
from redshank.store.search import Search
from responses import action


def states(desk: Desk) -> dict[str, str]:
    return {one.alert.id: one.state for one in desk.alerts.find()}


def form_of(page: str) -> dict[str, Any]:
    """Return what the form of an alert's page says of what was seen."""
    return dict(re.findall(r'name="(seen_at_s|arrival)" value="([^"]+)"', page))


def test_an_empty_store_says_what_to_do(analyst: Browser) -> None:
    page = analyst.get("/alerts")
    assert page.status_code == 200
    assert "There are no alerts." in page.text
    assert "redshank selftest" in page.text


def test_the_list_shows_what_a_query_finds(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1", family="dos"), told("b2", severity="high"))
    assert {"a1", "b2"} <= set(analyst.get("/alerts").text.split('"'))
    page = analyst.get("/alerts", q="severity:high").text
    assert 'data-row="b2"' in page
    assert 'data-row="a1"' not in page
    assert "1 alert that fit" in page


def test_what_is_wrong_with_a_query_stands_beside_the_list(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"))
    page = analyst.get("/alerts", q="famly:dos")
    assert page.status_code == 200
    assert "did you mean &#39;family&#39;?" in page.text
    assert 'value="famly:dos"' in page.text


def test_fields_become_a_query_that_can_be_sent_to_somebody(analyst: Browser) -> None:
    answer = analyst.get(
        "/alerts", fields="yes", severity=["high", "critical"], state="open", words="10.0.0.5", rule=""
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/alerts?q=severity%3Ahigh%2Ccritical+state%3Aopen+10.0.0.5"
    assert analyst.get("/alerts", device="fd00::1").headers["location"] == "/alerts?q=device%3A%22fd00%3A%3A1%22"


@pytest.mark.parametrize("group", ["device", "family", "hour"])
def test_alerts_are_grouped_with_counts(desk: Desk, viewer: Browser, group: str) -> None:
    put(desk, told("a1"), told("b2"))
    page = viewer.get("/alerts", group=group).text
    assert '<td class="number" data-label="Alerts">2</td>' in page


@pytest.mark.parametrize("group", ["device", "family", "hour"])
def test_a_group_leads_to_its_alerts(desk: Desk, viewer: Browser, group: str) -> None:
    put(desk, told("a1"), told("b2"))
    (link,) = re.findall(r'<th scope="row"[^>]*><a href="([^"]+)"', viewer.get("/alerts", group=group).text)
    assert viewer.get(html.unescape(link)).text.count("<tr data-row=") == 2


def test_pages_go_on(desk: Desk, viewer: Browser) -> None:
    put(desk, *(told(f"{number:04x}", last_seen_s=float(number)) for number in range(60)))
    first = viewer.get("/alerts").text
    assert first.count("<tr data-row=") == 50
    second = viewer.get("/alerts", after="10.0,000a").text
    assert second.count("<tr data-row=") == 10
    assert "after=10.0%2C000a" in first


def test_new_alerts_are_announced_without_moving_the_list(desk: Desk, viewer: Browser) -> None:
    put(desk, told("a1"))
    assert "seen=1" in viewer.get("/alerts").text
    assert "new or grew" not in viewer.get("/alerts", seen=1, part="new").text
    put(desk, told("b2"), told("c3", family="dos"))
    part = viewer.get("/alerts", seen=1, part="new").text
    assert "2 alerts are new or grew" in part
    assert "<table" not in part
    assert "1 alert is new or grew" in viewer.get("/alerts", q="family:dos", seen=1, part="new").text


def test_marked_alerts_are_judged_after_a_question_that_says_how_many(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"), told("b2"), told("c3"))
    asked = analyst.post("/alerts/judge", {"id": ["a1", "b2"]}, state="false_alarm", q="")
    assert "<strong>2 alerts</strong> will be called false" in asked.text
    assert "Up to three flows of each alert, 500 in all" in asked.text
    assert set(states(desk).values()) == {"open"}
    done = analyst.post("/alerts/judge", {"id": ["a1", "b2"]}, state="false_alarm", q="", sure="yes", why="ours")
    assert "2 alerts called false." in analyst.follow(done).text
    assert states(desk) == {"a1": "false_alarm", "b2": "false_alarm", "c3": "open"}
    assert desk.audit.entries(1)[0].who == "anton"


def test_all_that_fit_are_judged_but_not_what_comes_meanwhile(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"), told("b2", family="dos"))
    fields = {"state": "escalated", "all": "yes", "q": "family:scanning", "arrival": "2"}
    assert "<strong>1 alert</strong> will be escalated: all that fit" in analyst.post("/alerts/judge", fields).text
    put(desk, told("c3"))
    analyst.post("/alerts/judge", fields, sure="yes")
    assert states(desk) == {"a1": "escalated", "b2": "open", "c3": "open"}
    nothing = analyst.post("/alerts/judge", state="escalated", q="")
    assert (nothing.status_code, "none is marked" in nothing.text) == (400, True)


def test_one_alert_tells_everything(desk: Desk, analyst: Browser) -> None:
    rules = ("telnet-sweep", "a rule that is gone")
    reason = "classifier: dst_bytes 9e+09 beyond benign 99 % (4e+04)"
    put(desk, told("a1", rules=rules, reasons=(reason,), techniques=("T1046",)), told("b2"))
    desk.alerts.judge(["b2"], "closed", "ana", 1.0)
    page = analyst.get("/alerts/a1").text
    for part in (
        "looked for open services on 10.0.0.1", "Look at it.", "Network Service Discovery", "1:abc=",
        "bytes that came back: 9,000,000,000", "Login ports of many devices", "a rule that is gone",
        "told first: 3 flows", "same family", "<svg",
    ):  # fmt: skip
        assert part in page, part
    assert "style=" not in page


def test_a_flow_of_evidence_shows_how_often_a_benign_one_is_as_suspicious_where_a_model_judged(
    desk: Desk, analyst: Browser
) -> None:
    seen, ruled = told("a1"), told("b2")
    put(desk, replace(seen, evidence=(replace(seen.evidence[0], p_value=0.0005),)), ruled)
    page = analyst.get("/alerts/a1").text
    assert 'title="1 in 2,000 benign flows is as suspicious (p = 0.0005)">0.0005</td>' in page
    assert "p-value: the share of the benign flows" in page
    assert "p-value: the share of the benign flows" not in analyst.get("/alerts/b2").text


def test_one_alert_is_judged_and_commented(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"))
    page = analyst.follow(analyst.post("/alerts/a1/judge", state="acknowledged", why="seen")).text
    assert "1 alert acknowledged." in page
    assert "Acknowledged by" in page
    analyst.post("/alerts/a1/comment", text=f"first\n{HOSTILE}")
    page = analyst.get("/alerts/a1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


def test_a_false_alarm_with_an_allowance_takes_back_what_was_done_because_of_it(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"))
    desk.ledger().propose(action("10.0.0.7", alert="a1"), 1.0, approval=True)
    fields = {"why": "our scanner", "allow": "yes", "device": "10.0.0.7", "for": "7d"}
    page = analyst.follow(analyst.post("/alerts/a1/false-alarm", fields)).text
    assert "0 open alerts closed by it. 1 action taken back." in page


def test_a_false_alarm_takes_back_what_was_done_because_of_it_and_the_pages_say_so(
    desk: Desk, analyst: Browser
) -> None:
    put(desk, told("a1"), told("b2", family="dos"))
    made = action("10.0.0.7", alert="a1")
    desk.ledger().propose(made, 1.0, approval=True)
    form = analyst.get("/alerts/a1/false-alarm").text
    assert "<strong>1 action</strong> because of it will stay: another alert of this device is open" in form
    page = analyst.follow(analyst.post("/alerts/a1/false-alarm", why="our scanner")).text
    assert "1 alert called false. 1 action stays: other alerts of its device are unsettled." in page
    assert "because of it is still proposed: it is taken back once no other alert" in page
    assert f'href="/responses/action/{made.id}">Take it back now' in page
    assert "is still proposed" not in analyst.get("/alerts/b2").text
    form = analyst.get("/alerts/b2/false-alarm").text
    assert "To call it false also takes back <strong>1 action</strong>" in form
    assert f'block of <a href="/responses/action/{made.id}"><span class="wire">10.0.0.7<' in form
    asked = analyst.post("/alerts/judge", {"id": ["b2"]}, state="false_alarm", q="").text
    assert "What was done against devices because of these alerts is taken back" in asked
    answer = analyst.post("/alerts/judge", {"id": ["b2"]}, state="false_alarm", q="", sure="yes", why="ours")
    assert "1 alert called false. 1 action taken back." in analyst.follow(answer).text
    page = analyst.get("/alerts/a1").text
    assert "is still proposed" not in page
    assert "alert a1 is a false alarm: our scanner" in page


def test_a_false_alarm_is_called_labelled_and_allowed(desk: Desk, analyst: Browser) -> None:
    alert, questions = asked_about(2)
    desk.queue.add(questions)
    put(desk, alert, told("b2", device=alert.device))
    form = analyst.get(f"/alerts/{alert.id}/false-alarm", device=alert.device).text
    assert "Label 2 of its 3 flows as benign" in form
    assert "<strong>2 open alerts</strong> would be closed" in form
    fields = {"why": "our scanner", "label": "yes", "allow": "yes", "device": alert.device, "for": "7d"}
    page = analyst.follow(analyst.post(f"/alerts/{alert.id}/false-alarm", fields)).text
    assert "1 alert called false. 2 labels given." in page
    assert "1 open alert closed by it." in page
    assert states(desk) == {alert.id: "false_alarm", "b2": "closed"}
    assert "Closed by an allowance" in analyst.get("/alerts/b2").text
    assert len(desk.queue.labels()) == 2
    assert desk.allowances.standing(desk.now_s())[0].reason == "our scanner"
    assert "2 labels withdrawn." in analyst.follow(analyst.post(f"/alerts/{alert.id}/judge", state="open")).text


def test_a_false_alarm_that_nobody_was_asked_about_is_labelled_and_the_page_says_so(
    desk: Desk, analyst: Browser
) -> None:
    alert, kept = asked_about(2)
    put(desk, alert)
    desk.examples.keep((alert.id, replace(one, strategy=ALERT, wanted=0)) for one in kept)
    page = analyst.get(f"/alerts/{alert.id}").text
    assert page.count(">if false<") == 2
    form = analyst.get(f"/alerts/{alert.id}/false-alarm").text
    assert "Label 2 of its 3 flows as benign" in form
    assert "one decision gives three at most" in form
    page = analyst.follow(analyst.post(f"/alerts/{alert.id}/false-alarm", why="our scanner", label="yes")).text
    assert "1 alert called false. 2 labels given." in page
    assert page.count(f'href="/labels/questions/{kept[0].id}"') == 1
    assert ">if false<" not in page
    assert "Kept by the service" in analyst.get(f"/labels/questions/{kept[0].id}").text
    assert analyst.get("/labels").text.count(kept[0].id) == 0


@pytest.mark.parametrize("at", ["/alerts/a1/false-alarm", "/allowances/new"])
def test_a_form_that_is_also_asked_for_carries_its_mark_in_no_address(desk: Desk, analyst: Browser, at: str) -> None:
    put(desk, told("a1"))
    (form,) = (one for one in re.findall(r"<form.*?</form>", analyst.get(at).text, re.DOTALL) if "formmethod" in one)
    assert '<input type="hidden" name="csrf"' not in form
    assert f'<button class="main" name="csrf" value="{analyst.mark()}">' in form


def test_a_scope_that_is_chosen_for_an_allowance_keeps_what_was_typed(desk: Desk, analyst: Browser) -> None:
    alert, questions = asked_about(2)
    desk.queue.add(questions)
    put(desk, alert)
    at = f"/alerts/{alert.id}/false-alarm"
    assert 'name="label" value="yes" checked' in analyst.get(at).text
    typed = {"why": "our scanner", "for": "7d", "device": "10.9.9.9", "allow": "yes"}
    page = analyst.get(at, suggestion=1, **typed).text
    for part in (
        ">our scanner</textarea>", 'name="for" value="7d"', 'name="allow" value="yes" checked',
        f'name="device" value="{alert.device}"', f'name="family" value="{alert.family}"',
        'value="1" class="main" aria-pressed="true"',
    ):  # fmt: skip
        assert part in page, part
    assert 'name="label" value="yes" checked' not in page
    assert "10.9.9.9" not in page
    kept = analyst.get(at, **typed).text
    assert 'name="device" value="10.9.9.9"' in kept
    assert "aria-pressed" not in kept


def test_it_is_said_when_nothing_can_be_learnt_from_a_false_alarm(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"))
    form = analyst.get("/alerts/a1/false-alarm").text
    assert "No flow of this alert can be labelled" in form
    assert "had its flows&#39; features no more" in form
    assert "destination 10.0.0.1, device 10.0.0.7, port 23, family scanning" in form
    analyst.post("/alerts/a1/false-alarm", why="ours")
    assert (states(desk), desk.queue.labels(), desk.allowances.given()) == ({"a1": "false_alarm"}, [], [])
    wrong = analyst.get("/alerts/a1/false-alarm", source="here")
    assert "&#39;here&#39; is no IP address or network" in wrong.text
    refused = analyst.post("/alerts/a1/false-alarm", why="x", allow="yes", source="here")
    assert refused.status_code == 400


def test_marked_alerts_that_are_called_false_label_their_flows(desk: Desk, analyst: Browser) -> None:
    alert, kept = asked_about(2)
    put(desk, alert, told("b2"))
    desk.examples.keep((alert.id, replace(one, strategy=ALERT, wanted=0)) for one in kept)
    fields = {"state": "false_alarm", "id": [alert.id, "b2"], "q": ""}
    asked = analyst.post("/alerts/judge", fields)
    assert 'name="label" value="yes" checked' in asked.text
    assert 'name="label"' not in analyst.post("/alerts/judge", fields | {"state": "closed"}).text
    done = analyst.post("/alerts/judge", fields, sure="yes", label="yes")
    assert "2 alerts called false. 2 labels given." in analyst.follow(done).text


def test_what_somebody_else_decided_meanwhile_stays(
    desk: Desk, clock: Clock, analyst: Browser, browser: Callable[[str], Browser]
) -> None:
    put(desk, told("a1"), told("b2"))
    seen = form_of(analyst.get("/alerts/a1").text)
    clock.now_s += 5
    browser("ada").post("/alerts/a1/judge", state="escalated", **seen)
    clock.now_s += 5
    late = analyst.post("/alerts/a1/judge", state="acknowledged", **seen)
    assert late.status_code == 409
    assert "is escalated since ada decided so meanwhile; look at it again" in html.unescape(late.text)
    refused = analyst.post("/alerts/a1/false-alarm", why="ours", allow="yes", device="10.0.0.7", **seen)
    assert refused.status_code == 409
    assert desk.allowances.given() == []
    sure = analyst.post("/alerts/judge", state="closed", id=["a1", "b2"], sure="yes", **seen)
    assert "1 alert closed. 1 left alone: decided by somebody meanwhile, or gone." in analyst.follow(sure).text
    assert states(desk) == {"a1": "escalated", "b2": "closed"}


def test_a_decision_that_is_sent_twice_is_written_down_once(desk: Desk, clock: Clock, analyst: Browser) -> None:
    put(desk, told("a1"))
    seen = form_of(analyst.get("/alerts/a1").text)
    for _ in range(2):
        clock.now_s += 1
        answer = analyst.post("/alerts/a1/judge", state="acknowledged", **seen)
        assert "1 alert acknowledged." in analyst.follow(answer).text
    assert len(desk.audit.entries(about="a1")) == 1


def test_it_is_said_when_an_alert_grew_while_somebody_looked_at_it(desk: Desk, analyst: Browser) -> None:
    put(desk, told("a1"))
    seen = form_of(analyst.get("/alerts/a1").text)
    put(desk, told("a1", revision=1, count=900))
    answer = analyst.post("/alerts/a1/judge", state="closed", **seen)
    assert "1 alert closed. It grew while you looked at it." in analyst.follow(answer).text


@pytest.mark.parametrize("path", ["/alerts/judge", "/alerts/a1/judge", "/alerts/a1/comment", "/alerts/a1/false-alarm"])
def test_a_viewer_decides_nothing(desk: Desk, viewer: Browser, path: str) -> None:
    put(desk, told("a1"))
    assert viewer.post(path, id="a1", state="closed", sure="yes", text="x", why="x").status_code == 403
    assert states(desk) == {"a1": "open"}
    page = viewer.get("/alerts/a1").text
    assert "<button name=" not in page
    assert viewer.get("/alerts/a1/false-alarm").status_code == 403


@pytest.mark.parametrize("name", ["none", "%27%20or%201%3D1%20--", "a" * 300])
def test_an_alert_that_is_not_there_is_told_so(analyst: Browser, name: str) -> None:
    for answer in (analyst.get(f"/alerts/{name}"), analyst.get(f"/alerts/{name}/false-alarm")):
        assert answer.status_code == 404
        assert "there is no alert" in answer.text
    assert analyst.post(f"/alerts/{name}/judge", state="closed").status_code == 404


def test_hostile_text_is_only_read(desk: Desk, analyst: Browser) -> None:
    put(
        desk,
        told("a1", device=HOSTILE, family=HOSTILE, targets=(HOSTILE,), measure=HOSTILE, rules=(HOSTILE,),
             reasons=(HOSTILE,), techniques=(HOSTILE,), bundle=HOSTILE, detectors=(HOSTILE,)),
        told("b2", device=HOSTILE),
    )  # fmt: skip
    assert desk.alerts.count(Search(rules=(HOSTILE,))) == 1
    for path in ("/alerts", "/alerts?group=device", "/alerts?group=family", "/alerts/a1", "/alerts/a1/false-alarm"):
        page = analyst.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "\u202e" not in page.text, path
        assert "\x1b" not in page.text, path


def test_an_alert_leads_to_those_beside_it_in_the_same_search(desk: Desk, analyst: Browser) -> None:
    these = (("a1", "dos", 100.0), ("b2", "xss", 200.0), ("c3", "dos", 300.0), ("d4", "dos", 300.0))
    put(desk, *(told(name, family=family, last_seen_s=at_s) for name, family, at_s in these))
    listed = html.unescape(analyst.get("/alerts", q="family:dos").text)
    assert 'href="/alerts/c3?q=family%3Ados"' in listed

    def beside(name: str, **query: str) -> list[tuple[str, str]]:
        page = html.unescape(analyst.get(f"/alerts/{name}", **query).text)
        return re.findall(r'href="/alerts/(\w+)\?q=[^"]*" rel="(prev|next)" data-hotkey="[np]"', page)

    assert beside("c3", q="family:dos") == [("d4", "prev"), ("a1", "next")]
    assert beside("c3", q="") == [("d4", "prev"), ("b2", "next")]
    assert beside("d4", q="") == [("c3", "next")]
    assert beside("a1", q="family:dos") == [("c3", "prev")]
    assert beside("c3") == beside("c3", q="famly:dos") == []
    made = analyst.post("/alerts/c3/judge", q="family:dos state:open", state="closed")
    assert made.headers["location"] == "/alerts/c3?q=family%3Ados+state%3Aopen"
    assert beside("c3", q="family:dos state:open") == [("d4", "prev"), ("a1", "next")]
    false = html.unescape(analyst.get("/alerts/a1/false-alarm", q="family:dos").text)
    assert 'name="q" value="family:dos"' in false
    assert analyst.post("/alerts/a1/comment", q="", text="seen").headers["location"] == "/alerts/a1?q=#comments"
