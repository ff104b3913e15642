import json
import time
from pathlib import Path

import pytest

from browsing import Browser
from console.evaluations import measured
from console.filled import CHALLENGER, CHAMPION, HOSTILE, MARKUP, of_the_lab
from redshank.console.desk import Desk
from redshank.console.jobs import Jobs
from redshank.detect.agreed import Agreed, OfFamily
from redshank.detect.shelf import DECISIONS, Shelf
from redshank.store.runs import Health, Runs


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


@pytest.fixture
def shelf(desk: Desk) -> Shelf:
    assert desk.shelf is not None
    return desk.shelf


def test_the_shelf_its_bundles_and_decisions_are_shown(viewer: Browser) -> None:
    page = viewer.get("/models").text
    assert CHAMPION in page
    assert "The chain of 2 holds" in page
    assert "Retrain now" not in page
    bundle = viewer.get(f"/models/bundles/{CHALLENGER}").text
    assert "Why it was kept away" in bundle
    assert "Not measured yet." in bundle
    assert "Ask the gate" not in bundle
    assert viewer.get("/models/bundles/none").status_code == 404
    assert "the first one" in viewer.get("/models/decisions/1").text
    assert viewer.get("/models/decisions/9").status_code == 404


def test_what_was_measured_is_drawn(shelf: Shelf, viewer: Browser) -> None:
    measured(shelf, CHALLENGER)
    page = viewer.get(f"/models/bundles/{CHALLENGER}").text
    assert "Does the score mean what it says?" in page
    assert "What is taken for what" in page
    assert "truly benign, called dos: 1 of 10 rows" in page
    assert "95 % interval 0.800 to 0.950" in page
    assert "style=" not in page


def test_a_broken_chain_is_told_and_the_bundles_stay(shelf: Shelf, viewer: Browser) -> None:
    path = shelf.folder / DECISIONS
    path.write_text(path.read_text().replace("the first one", "the best one"))
    page = viewer.get("/models").text
    assert "The shelf does not hold." in page
    assert "line 2:" in page
    assert CHAMPION in page


def test_a_shadow_is_shown_beside_the_champion_with_what_a_service_counted(
    desk: Desk, shelf: Shelf, viewer: Browser, analyst: Browser
) -> None:
    assert "No bundle does." in viewer.get("/models").text
    shelf.set_shadow(CHALLENGER)
    assert "No service has told of a flow that both judged yet." in viewer.get("/models").text
    ours, its = (shelf.load(name).manifest.sha256 for name in (CHAMPION, CHALLENGER))
    families = (OfFamily("dos", 40, 3, 5, 15), OfFamily(HOSTILE, only_shadow=1))
    agreed = Agreed(CHAMPION, CHALLENGER, ours, its, 1_050, families)
    Runs(desk.database).tell(Health("f1", 1.0, desk.now_s(), agreed=(agreed,)))
    page = viewer.get("/models", part="beside").text
    assert "Of 1,050 flows that both judged, 98.00 % were an alarm to both or to neither" in page
    assert "95 % interval 96.96 % to 98.69 %" in page
    assert '<td class="number" data-label="Shadow only">15</td>' in page
    assert MARKUP not in page
    assert "Let none judge beside it" not in page
    assert "Let none judge beside it" in analyst.get("/models", part="beside").text
    told = viewer.token().api("GET", "/models/shelf").json()["agreed"]
    assert (told["flows"], told["share"], told["families"][1]["family"]) == (1_050, 0.98, "dos")


def test_rolling_back_takes_one_form_and_is_written_down(desk: Desk, shelf: Shelf, analyst: Browser) -> None:
    assert "Nothing was in service before" in analyst.get("/models").text
    shelf.promote(CHALLENGER, "better")
    assert f"Roll back to {CHAMPION}" in analyst.get("/models").text
    refused = analyst.post("/models/rollback", why="")
    assert (refused.status_code, shelf.champion()) == (400, CHALLENGER)
    done = analyst.post("/models/rollback", why="false alarms at night")
    assert f"{CHAMPION} is in service again; {CHALLENGER} was." in analyst.follow(done).text
    assert shelf.champion() == CHAMPION
    assert shelf.history().entries[-1].reason == "false alarms at night (anton)"
    assert desk.audit.entries(1)[0].what == "bundle rollback"
    again = analyst.post("/models/rollback", why="once more")
    assert (again.status_code, "nothing to roll back to" in again.text) == (400, True)


def test_a_roll_back_that_is_sent_twice_goes_back_once(shelf: Shelf, analyst: Browser) -> None:
    shelf.promote(CHALLENGER, "better")
    shelf.set_shadow(None)
    page = analyst.get("/models").text
    assert f'name="present" value="{CHALLENGER}"' in page
    assert analyst.post("/models/rollback", why="noisy", present=CHALLENGER).status_code == 303
    again = analyst.post("/models/rollback", why="noisy", present=CHALLENGER)
    assert (again.status_code, "is in service by now, not" in again.text) == (400, True)
    assert shelf.champion() == CHAMPION


def test_a_shadow_is_set_and_taken_away(shelf: Shelf, analyst: Browser, viewer: Browser) -> None:
    assert viewer.post(f"/models/bundles/{CHALLENGER}/shadow").status_code == 403
    assert analyst.post(f"/models/bundles/{CHALLENGER}/shadow").status_code == 303
    assert shelf.shadow() == CHALLENGER
    assert "judges beside it" in analyst.get("/models").text
    assert analyst.post(f"/models/bundles/{CHAMPION}/shadow").status_code == 400
    assert analyst.post("/models/shadow/off").status_code == 303
    assert shelf.shadow() is None


def test_two_bundles_are_compared(viewer: Browser) -> None:
    page = viewer.get("/models/compare", one=CHAMPION, other=CHALLENGER).text
    assert f"Champion is {CHAMPION}, challenger {CHALLENGER}, as" in page
    assert "Nothing: classes, features, settings, data and labels are the same." in page
    alone = viewer.get("/models/compare", one=CHAMPION, other=CHAMPION).text
    assert "These two were not measured on the same rows by a decision." in alone
    assert viewer.get("/models/compare", one="none").status_code == 404


def test_what_the_last_job_found_that_judged_both_is_shown_beside_them(desk: Desk, viewer: Browser) -> None:
    figures = [
        {"part": "all", "figure": "macro_f1", "champion": 0.91, "challenger": 0.82, "difference": -0.09,
         "at_least": -0.2, "at_most": 0.01, "rows": 77}
    ]  # fmt: skip
    program = ("python3", "-S", "-c", f"print({json.dumps({'figures': figures})!r})")
    jobs = Jobs(desk.settings.service.state / "jobs", desk.now_s, program=program)
    path = {"one": CHALLENGER, "other": CHAMPION}
    assert "Judged on labels that neither was taught" not in viewer.get("/models/compare", **path).text
    job = jobs.begin("Compare", ["models", "compare", CHAMPION, CHALLENGER, "--json"], "anton")
    while jobs.running():
        time.sleep(0.01)
    page = viewer.get("/models/compare", **path).text
    assert f'href="/models/jobs/{job.id}">asked for by' in page
    assert f'Champion is <span class="wire">{CHAMPION}</span>, challenger' in page
    assert '<td data-label="Challenger" class="number">0.8200</td>' in page


def test_a_retraining_says_first_what_it_needs(desk: Desk, shelf: Shelf, analyst: Browser, tmp_path: Path) -> None:
    vars(desk)["settings"] = desk.settings.model_copy(update={"data": tmp_path / "public"})
    for path in ("/models", f"/models/bundles/{CHAMPION}"):
        page = analyst.get(path)
        assert f"the files of iot23/clear are not in {tmp_path}/public/data/iot23." in page.text
        assert "Retrain now" not in page.text
        assert "Measure it" not in page.text
    shelf.put(of_the_lab(shelf.load(CHAMPION)))
    shelf.promote("of-the-lab", "its data is here")
    told = analyst.get("/models").text
    assert "15 flows have a sure answer." in told
    assert "At least 319 more answers until the gate can decide" in told
    assert "Retrain now" in told
    assert "Measure it" in analyst.get("/models/bundles/of-the-lab").text


def test_a_decision_of_the_gate_is_told_in_words(shelf: Shelf, viewer: Browser) -> None:
    page = viewer.get("/models/decisions/2").text
    assert "<dt>Rows that measure, at least</dt><dd>100, a quarter of them benign</dd>" in page
    assert "<dt>False alarms may rise by</dt><dd>0.5 points</dd>" in page
    assert "tolerance" not in page
    shelf.keep(CHALLENGER, "worse", {"regression": {"all": [5, 2]}})
    assert (
        "Labels from before, which both may have learned from, and the test rows"
        in viewer.get("/models/decisions/3").text
    )


def test_a_job_is_followed_cancelled_and_told_of_after_the_console_was_away(
    desk: Desk, viewer: Browser, analyst: Browser
) -> None:
    said = "step 2 of 4: training\\nepoch 3 of 12"
    sleep = f"import sys, time; print('{said}', file=sys.stderr, flush=True); time.sleep(600)"
    jobs = desk.jobs
    jobs._program = ("python3", "-S", "-c")
    job = jobs.begin("Retrain home-1", [sleep], "anton")
    while (told := jobs.progress(job.id)) is None or told.share <= 0.25:
        time.sleep(0.01)
    page = viewer.get(f"/models/jobs/{job.id}").text
    assert '<progress max="1" value="0.312"' in page
    assert "Step 2 of 4:" in page
    assert "Cancel" not in page
    assert "Retrain home-1" in viewer.get("/models").text
    part = analyst.get(f"/models/jobs/{job.id}?part=state").text
    assert "<html" not in part
    assert "epoch 3 of 12" in part
    for path, part in (
        ("/models", "deeds"),
        (f"/models/bundles/{CHALLENGER}", "deeds"),
        ("/models/compare", "judging"),
    ):
        assert "ne job at a time" in analyst.get(path, part=part).text
    assert viewer.post(f"/models/jobs/{job.id}/cancel").status_code == 403
    assert analyst.post(f"/models/jobs/{job.id}/cancel").status_code == 303
    while jobs.running():
        time.sleep(0.01)
    assert "cancelled it" in viewer.get(f"/models/jobs/{job.id}").text
    assert "ne job at a time" not in analyst.get("/models", part="deeds").text
    (desk.settings.service.state / "jobs" / job.id / "ended.json").unlink()
    assert "it ended while the console was away" in viewer.get(f"/models/jobs/{job.id}").text
    assert analyst.post(f"/models/jobs/{job.id}/cancel").status_code == 409
    assert viewer.get("/models/jobs/77").status_code == 404
    assert {one.what for one in desk.audit.entries(2)} == {"job cancelled", "job ended"}


def test_the_result_of_a_retraining_is_told(desk: Desk, viewer: Browser) -> None:
    result = {
        "title": "home-1-r2 against home-1",
        "figures": [
            {"part": "all", "figure": "macro_f1", "champion": 0.9, "challenger": None, "difference": None,
             "at_least": None, "at_most": None, "rows": 9}
        ],
        "reasons": {"1": "9 frozen rows are too few; at least 100 are needed"},
        "notes": {"1": "new families: worm"},
        "next_answers": {"unknown": "the champion was trained on no labels"},
        "decision": {"challenger": "home-1-r2", "promoted": False, "in_service": "home-1"},
    }  # fmt: skip
    jobs = Jobs(desk.settings.service.state / "jobs", desk.now_s, program=("python3", "-S", "-c"))
    job = jobs.begin("Retrain", [f"print({json.dumps(result)!r})"], "anton")
    while jobs.running():
        time.sleep(0.01)
    page = viewer.get(f"/models/jobs/{job.id}").text.replace('<span class="wire">', "").replace("</span>", "")
    assert "The gate kept home-1-r2 away; home-1 stays in service." in page
    assert "9 frozen rows are too few; at least 100 are needed" in page
    assert "new families: worm" in page
    assert "Cannot be known yet: the champion was trained on no labels." in page


def test_without_a_shelf_the_page_says_what_to_do(desk: Desk, viewer: Browser) -> None:
    vars(desk)["shelf"] = None
    page = viewer.get("/models").text
    assert "The settings name no shelf of bundles." in page
    assert "extra_trees" in page
    assert "What is taken for what" in page, "of the bundle that ships"
    assert "95 % interval" in page
    assert viewer.get("/models/compare").status_code == 404
