"""A working day in a real browser: what pages are for, by keys, by forms, and by plain forms where no script runs."""

import re
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, Route, expect

from chromium import window
from console.filled import CHAMPION, of_the_lab
from redshank import site
from redshank.console.acts.models import cancel, measure
from redshank.console.desk import Desk
from redshank.core.metrics import Metrics
from redshank.core.records import Action, Alert
from redshank.respond.responder import Responder
from redshank.respond.surroundings import Lookout
from redshank.store.comments import Comments
from redshank.store.search import Search

pytestmark = pytest.mark.service
NEW, MISSED, WAITING = "192.168.39.250", "192.168.39.253", ("192.168.39.251", "192.168.39.252")
MARKED = "192.168.39.254"
PART = re.compile(r"/responses\?.*part=")


def _open(desk: Desk, family: str) -> Alert:
    return desk.alerts.find(Search(families=(family,), states=("open",)))[0].alert


def _state(desk: Desk, alert: Alert) -> str:
    found = desk.alerts.get(alert.id)
    assert found is not None
    return found.state


def _proposed(desk: Desk, target: str) -> Action:
    action = Action.of("block", target, 600.0, "one model's word", "policy", desk.now_s())
    desk.ledger().propose(action, desk.now_s(), approval=True)
    return action


def _carried_out(desk: Desk) -> None:
    """Let the service's responder do what the ledger says, as it would within a second."""
    chosen = desk.settings
    around = Lookout(site.protected(chosen), chosen.respond.ssh_ports)
    backend = site.backend(chosen)
    Responder(site.policy(chosen), desk.ledger(), backend, chosen.respond.backend, around, Metrics()).tick(desk.now_s())
    around.close()


def _said(page: Page, text: str) -> Locator:
    return page.get_by_role("status").filter(has_text=text)


def test_a_job_that_begins_elsewhere_takes_the_button_away_until_it_ends(desk: Desk, page: Page) -> None:
    assert desk.shelf is not None
    desk.shelf.put(of_the_lab(desk.shelf.load(CHAMPION)))
    desk.shelf.promote("of-the-lab", "its data is here")
    page.goto("/models")
    retrain = page.get_by_role("button", name="Retrain now")
    expect(retrain).to_be_visible()
    desk.jobs._program = (sys.executable, "-S", "-c", "import time; time.sleep(600)")
    job = measure(desk, "ada", CHAMPION)
    expect(page.get_by_text("One job at a time")).to_be_visible()
    expect(retrain).not_to_be_visible()
    cancel(desk, "ada", job.id)
    expect(retrain).to_be_visible()
    page.locator("summary", has_text="How").click()
    page.get_by_label("Weight of a label").fill("2")
    page.get_by_role("heading", name="Models").click()
    job = measure(desk, "ada", CHAMPION)
    expect(page.get_by_text("is running, begun")).to_be_visible()
    expect(page.get_by_label("Weight of a label")).to_have_value("2")
    cancel(desk, "ada", job.id)


def test_only_who_knows_the_password_gets_in(opened: Chromium, port: int) -> None:
    with window(opened, port) as page:
        page.goto("/alerts?q=state:open")
        page.get_by_label("Name").fill("anton")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        page.get_by_label("Password").fill("four words in a row")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
        assert page.url.endswith("/alerts?q=state:open")
        page.get_by_role("button", name="Log out").click()
        page.goto("/alerts")
        assert "/login" in page.url


def test_an_alert_is_found_opened_commented_and_acknowledged_by_keys(desk: Desk, page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/alerts")
    page.keyboard.press("/")
    page.keyboard.type("family:backdoor state:open")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts?q=**")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/alerts/[0-9a-f]{16}"))
    name = urlsplit(page.url).path.rpartition("/")[2]
    expect(page.get_by_role("heading", name="Why the sensor thinks so")).to_be_visible()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    page.get_by_label("Comment").fill("I call whoever owns it.")
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_text("I call whoever owns it.").first).to_be_visible()
    page.keyboard.press("a")
    expect(_said(page, "1 alert acknowledged.")).to_be_visible()
    found = desk.alerts.get(name)
    assert found is not None
    assert (found.state, found.state_by) == ("acknowledged", "anton")
    assert [one.text for one in Comments(desk.database).about(name)] == ["I call whoever owns it."]


def test_ten_questions_are_answered_by_keyboard_alone_and_the_last_is_taken_back(desk: Desk, page: Page) -> None:
    before = len(desk.queue.labels())
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/labels")
    page.evaluate("window.stayed = true")
    place = page.locator("[data-question]")
    last = ""
    for key in "b1bbu3bb2b":
        last = str(place.get_attribute("data-question"))
        page.keyboard.press(key)
        expect(place).not_to_have_attribute("data-question", last)
    labels = desk.queue.labels()
    given = [one for one in labels if one.annotator == "anton"]
    assert (len(given), len(labels) - before) == (10, 10)
    assert [one.family for one in given].count("benign") == 6
    page.keyboard.press("z")
    expect(place).to_have_attribute("data-question", last)
    assert page.evaluate("window.stayed"), "a page was loaded in between"


def test_a_block_is_approved_carried_out_by_the_dry_run_and_undone(desk: Desk, page: Page) -> None:
    action = _proposed(desk, WAITING[0])
    page.goto("/responses")
    page.get_by_role("checkbox", name=f"Mark {action.target}").check()
    page.keyboard.press("a")
    expect(_said(page, action.target)).to_be_visible()
    assert desk.ledger().find(action.id).state == "approved"
    _carried_out(desk)
    row = page.locator(f"[data-row='{action.id}']")
    expect(row).to_contain_text("applied")
    assert desk.ledger().find(action.id).backend == "dry_run"
    page.goto(f"/responses/action/{action.id}")
    page.get_by_label("Why").fill("it was the backup")
    page.get_by_role("button", name="Undo").click()
    expect(_said(page, action.target)).to_be_visible()
    entry = desk.ledger().find(action.id)
    assert (entry.state, entry.by, entry.note) == ("undone", "anton", "it was the backup")


def test_what_somebody_marks_while_the_list_comes_anew_stays_marked(desk: Desk, page: Page) -> None:
    action = _proposed(desk, MARKED)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.goto("/responses")
    page.route(PART, hold)
    with page.expect_request(PART):
        desk.ledger().allow("192.0.2.9", "bea", desk.now_s(), 60.0, "something happens")
    box = page.get_by_role("checkbox", name=f"Mark {action.target}")
    box.check()
    with page.expect_response(PART) as answer:
        for one in held:
            one.continue_()
    answer.value.finished()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(box).to_be_checked()


def test_a_false_alarm_is_allowed_from_now_on_and_vanishes_at_once(desk: Desk, page: Page) -> None:
    alert = _open(desk, "mitm")
    row = page.locator(f"[data-row='{alert.id}']")
    page.goto("/alerts?q=state:open+family:mitm")
    expect(row).to_be_visible()
    page.goto(f"/alerts/{alert.id}")
    page.keyboard.press("f")
    page.get_by_label("Why it is false").fill("our own monitor")
    page.get_by_label("And do not tell me again").check()
    page.get_by_role("button", name="device and family").click()
    expect(page.locator("[name=destination]")).to_have_value("")
    page.locator("[name=for]").press("Enter")
    expect(page.locator("[name=destination]")).to_have_value("")
    page.get_by_role("button", name="It is false").click()
    expect(_said(page, "Allowed:")).to_be_visible()
    page.goto("/alerts?q=state:open+family:mitm")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    expect(row).to_have_count(0)
    made = [one for one in desk.allowances.standing(desk.now_s()) if one.reason == "our own monitor"]
    assert [one.author for one in made] == ["anton"]
    page.goto("/allowances")
    expect(page.get_by_text("our own monitor").first).to_be_visible()


def test_an_alert_that_the_sensor_writes_appears_on_the_open_page(desk: Desk, page: Page) -> None:
    page.goto("/overview")
    expect(page.locator("[data-live]")).to_contain_text("live")
    page.evaluate("window.stayed = true")
    now_s = desk.now_s()
    told = replace(
        _open(desk, "backdoor"), id="feedfacefeedface", device=NEW, first_seen_s=now_s, last_seen_s=now_s,
        severity="critical",
    )  # fmt: skip
    desk.alerts.record([told], (), now_s)
    expect(page.get_by_text(NEW).first).to_be_visible()
    assert page.evaluate("window.stayed"), "the page was loaded again"


def test_a_page_whose_stream_is_refused_or_breaks_says_so_comes_back_and_shows_what_it_missed(
    desk: Desk, page: Page
) -> None:
    status = page.locator("[data-live] span")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) % 2:
            route.fulfill(status=503, body="too many pages")  # a browser does not ask again by itself
        else:
            route.abort("connectionreset")  # by itself it does

    page.route("**/live?*", refuse)
    page.goto("/overview")
    expect(status).to_have_text("not live")
    page.evaluate("window.stayed = true")
    with page.expect_request("**/live?*"):  # the refused one is asked for again, and breaks
        pass
    now_s = desk.now_s()
    told = replace(
        _open(desk, "backdoor"), id="deedfacefeedface", device=MISSED, first_seen_s=now_s, last_seen_s=now_s,
        severity="critical",
    )  # fmt: skip
    desk.alerts.record([told], (), now_s)
    expect(status).to_have_text("not live")
    page.unroute("**/live?*")
    expect(status).to_have_text("live")
    expect(page.get_by_text(MISSED).first).to_be_visible()
    assert len(asked) >= 2
    assert page.evaluate("window.stayed"), "the page was loaded again"


def test_the_main_path_is_walked_without_script(desk: Desk, opened: Chromium, port: int) -> None:
    alert, false, action = _open(desk, "xss"), _open(desk, "dos"), _proposed(desk, WAITING[1])
    with window(opened, port, "anton", java_script_enabled=False) as page:
        page.goto(f"/alerts/{alert.id}")
        page.get_by_label("Why (for the audit)").fill("looked at")
        page.get_by_role("button", name="Acknowledge").click()
        expect(_said(page, "1 alert acknowledged.")).to_be_visible()
        page.goto(f"/alerts/{false.id}/false-alarm")
        page.get_by_label("Why it is false").fill("a load test")
        page.get_by_label("And do not tell me again").check()
        page.get_by_role("button", name="It is false").click()
        expect(_said(page, "Allowed:")).to_be_visible()
        page.goto("/labels")
        page.locator("button[value=benign]").click()
        expect(page.get_by_text("benign: kept.")).to_be_visible()
        page.get_by_role("button", name="Undo the last").click()
        expect(page.get_by_text("Undone; here is the question again.")).to_be_visible()
        page.goto(f"/responses/action/{action.id}")
        page.get_by_role("button", name="Approve").click()
        expect(_said(page, action.target)).to_be_visible()
        _carried_out(desk)
        page.goto(f"/responses/action/{action.id}")
        page.get_by_label("Why").fill("not needed")
        page.get_by_role("button", name="Undo").click()
        page.goto("/overview")
        page.get_by_label("Colors").select_option("dark")
        page.get_by_role("button", name="Set").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login**")
    assert (_state(desk, alert), _state(desk, false)) == ("acknowledged", "false_alarm")
    assert desk.ledger().find(action.id).state == "undone"
