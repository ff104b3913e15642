import re
from collections.abc import Callable

from browsing import Browser
from console.cases import put, told
from console.filled import MARKUP, Filled, hostile
from redshank.console.desk import Desk
from redshank.store.drift import Reading, Readings
from redshank.store.runs import ENDED, Health, Runs

Open = Callable[[str], Browser]


def test_the_page_shows_the_site_and_each_part_alone(open_as: Open) -> None:
    vera = open_as("vera")
    for span in ("24h", "7d"):
        page = vera.get("/overview", span=span)
        assert page.status_code == 200
        for words in ("What needs somebody now", "Devices at risk", "Alerts by family", "192.168.39.30", "home-1"):
            assert words in page.text
    for part in ("needs", "risk", "alerts", "traffic", "sensor", "models"):
        answer = vera.get("/overview", part=part)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert "<section" in answer.text
    assert vera.get("/overview", span="1y").status_code == 400
    assert vera.get("/").headers["location"] == "/overview"


def test_hostile_text_is_only_text(open_as: Open, filled: Filled) -> None:
    hostile(filled)
    moved = Reading(MARKUP, MARKUP, MARKUP, 1.0, 1.0, 0.1, True, 0.5, 0.4, ((MARKUP, 1.0),))
    Readings(filled.database).add([moved])
    page = open_as("vera").get("/overview").text
    assert "&lt;img src=x" in page
    for bad in ("<img src=x", "\x1b", "\u202e", " style="):
        assert bad not in page
    assert "{{7*7}}" in page


def test_what_a_run_gave_up_or_lost_is_told(viewer: Browser, desk: Desk) -> None:
    lost = {"alerts": 2, "archive_rows": 3_000}
    Runs(desk.database).tell(Health("1f", 1.0, desk.now_s(), shed={"quiet": 4, "drain": 7}, lost=lost))
    page = viewer.get("/overview", part="sensor").text
    assert "11 rows given up because judging fell behind or the end came (7)</dd>" in page
    assert "Lost2 alerts, 3,000 archive rows" in re.sub("<[^>]+>", "", page)


def test_what_runs_before_it_gave_up_or_lost_is_told_for_a_week(viewer: Browser, desk: Desk) -> None:
    now_s, day_s = desk.now_s(), 86_400.0
    for run in (
        Health("now", now_s, now_s),
        Health("ended", now_s - 2 * day_s, now_s - day_s, ENDED, shed={"drain": 120, "oldest": 3}),
        Health("killed", now_s - 3 * day_s, now_s - 2 * day_s, lost={"alerts": 2}),
        Health("well", now_s - 4 * day_s, now_s - 3 * day_s, ENDED),
        Health("old", now_s - 9 * day_s, now_s - 8 * day_s, ENDED, lost={"alerts": 40}),
    ):
        Runs(desk.database).tell(run)
    page = re.sub("<[^>]+>", "", viewer.get("/overview", part="sensor").text)
    assert page.count("Begun ") == 2
    assert ": 123 rows given up" in page
    assert ": 0 rows given up, 2 alerts lost" in page
    assert "Runs of the last week lost 2 alerts; see the disk" in viewer.get("/overview", part="needs").text


def test_of_a_run_that_lost_nothing_nothing_is_said(viewer: Browser, desk: Desk) -> None:
    Runs(desk.database).tell(Health("1f", 1.0, desk.now_s(), shed={"quiet": 4}))
    page = viewer.get("/overview", part="sensor").text
    assert "4 rows given up because judging fell behind</dd>" in page
    assert "<dt>Lost</dt>" not in page


def test_programs_are_told_the_same(open_as: Open) -> None:
    answer = open_as("vera").api("GET", "/overview?span=7d")
    assert answer.status_code == 200
    told = answer.json()
    assert told["champion"] == "home-1"
    assert told["health"]["sources"][0]["name"] == "home"
    assert sum(number for bar in told["alerts"] for number in bar["kinds"].values()) > 100
    assert told["at_risk"][0]["risk"]["points"] > 0
    assert open_as("vera").api("GET", "/overview?span=1y").status_code == 422


def test_a_store_of_which_all_is_old_says_from_when_it_is_and_leads_there(viewer: Browser, desk: Desk) -> None:
    assert "The newest" not in viewer.get("/overview", part="alerts").text
    seen_s = 1_600_000_000.0
    put(desk, told("a1", first_seen_s=seen_s - 3_600, last_seen_s=seen_s))
    Runs(desk.database).tell(Health("1f", 1.0, desk.now_s(), packet_time_s=seen_s))
    page = viewer.get("/overview", span="7d").text
    assert "2020-09-13" in page
    link = re.search(r'href="(/alerts\?q=since[^"]+)">The newest', page)
    assert link
    assert "/alerts/a1" in viewer.get(link[1]).text
    assert "What was judged last is of" in page
    put(desk, told("a2"))
    assert "The newest" not in viewer.get("/overview", part="alerts").text
