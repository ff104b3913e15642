import time

import pytest

from browsing import Browser
from console.evaluations import measured
from console.filled import CHALLENGER, CHAMPION
from redshank.console.desk import Desk
from redshank.console.facts.models import require_shelf
from redshank.console.jobs import Jobs

ECHO = ("python3", "-S", "-c", "import sys, json; print(json.dumps({'words': sys.argv[1:]}))")


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    vars(filled_desk)["jobs"] = Jobs(filled_desk.settings.service.state / "jobs", filled_desk.now_s, program=ECHO)
    return filled_desk


def test_a_program_reads_the_shelf(desk: Desk, viewer: Browser) -> None:
    measured(require_shelf(desk), CHALLENGER)
    robot = viewer.token()
    shelf = robot.api("GET", "/models/shelf").json()
    assert (shelf["champion"], shelf["shadow"], shelf["chain_holds"]) == (CHAMPION, None, True)
    one = robot.api("GET", f"/models/bundles/{CHALLENGER}").json()
    assert one["evaluation"]["task_classes"] == ["benign", "dos"]
    assert one["figures"][0] == {"name": "macro_f1", "value": 0.9, "low": 0.8, "high": 0.95}
    assert robot.api("GET", "/models/bundles/none").status_code == 404
    assert one["made_from"].keys() == {"dataset", "protocol", "seed", "commit", "command"}
    assert one["columns"] == require_shelf(desk).load(CHALLENGER).manifest.columns
    both = robot.api("GET", "/models/compare", params={"one": CHAMPION, "other": CHALLENGER}).json()
    assert (both["changes"], both["judged"], both["decided"]["what"]) == ([], None, "keep")
    kept, put = robot.api("GET", "/models/decisions").json()
    assert ([kept["what"], put["what"]], kept["before"]) == (["keep", "promote"], put["digest"])
    assert robot.api("GET", "/models/decisions", params={"before": kept["place"]}).json() == [put]
    assert robot.api("GET", "/models/decisions", params={"bundle": CHALLENGER}).json() == [kept]
    assert robot.api("GET", f"/models/decisions/{put['place']}").json() == put
    assert robot.api("GET", "/models/decisions/9").status_code == 404
    assert robot.api("POST", "/models/rollback", json={"why": "because"}).status_code == 403


def test_a_program_begins_jobs_and_decides(desk: Desk, analyst: Browser) -> None:
    robot = analyst.token("analyst")
    for method, path, body in (
        ("POST", "/models/retrain", {"hold_out": 0.4}),
        ("POST", f"/models/bundles/{CHALLENGER}/gate", None),
        ("POST", f"/models/bundles/{CHALLENGER}/measure", None),
        ("POST", "/models/compare", {"one": CHAMPION, "other": CHALLENGER}),
        ("POST", "/labels/curve", None),
    ):
        job = robot.api(method, path, json=body).json()
        while desk.jobs.running():
            time.sleep(0.01)
        told = robot.api("GET", f"/models/jobs/{job['id']}").json()
        assert told["result"]["words"] == job["arguments"]
        assert (told["state"], told["by"]) == ("done", "anton")
    assert len(robot.api("GET", "/models/jobs").json()) == 5
    named = f"/models/bundles/{CHALLENGER}/gate"
    assert robot.api("POST", named, json={"metric": "luck"}).status_code == 400
    assert robot.api("POST", "/models/retrain", json={"metric": "luck"}).status_code == 400
    assert robot.api("POST", "/models/jobs/1/cancel").status_code == 409
    assert robot.api("GET", "/models/jobs/9").status_code == 404
    assert robot.api("POST", f"/models/bundles/{CHALLENGER}/shadow").json()["bundle"] == CHALLENGER
    assert robot.api("DELETE", "/models/shadow").json()["bundle"] == ""
    require_shelf(desk).promote(CHALLENGER, "better")
    assert robot.api("POST", "/models/rollback", json={"why": "noisy"}).json()["champion"] == CHAMPION
