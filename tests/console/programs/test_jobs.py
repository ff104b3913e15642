from pathlib import Path

from browsing import Browser
from peers import until
from redshank.console.desk import Desk
from redshank.console.jobs import Jobs

WORKS = ("/bin/sh", "-c", "echo 'step 2 of 4: to measure' >&2; exec sleep 600")


def test_a_program_follows_a_job_and_ends_it(desk: Desk, analyst: Browser, tmp_path: Path) -> None:
    vars(desk)["jobs"] = Jobs(tmp_path / "jobs", desk.now_s, program=WORKS)
    desk.jobs.begin("A test", ["x"], "ana")
    robot = analyst.token("analyst")
    until(lambda: robot.api("GET", "/models/jobs/1").json()["log"] != [])
    told = robot.api("GET", "/models/jobs/1").json()
    assert told["progress"] == {"share": 0.25, "step": 2, "steps": 4, "what": "to measure"}
    assert (told["state"], told["result"], told["seen_to_end"]) == ("running", None, False)
    assert robot.api("POST", "/models/jobs/1/cancel").json()["asked_by"] == "anton"
    until(lambda: robot.api("GET", "/models/jobs/1").json()["state"] == "cancelled")
    assert [one["id"] for one in robot.api("GET", "/models/jobs").json()] == ["1"]
    assert robot.api("GET", "/models/jobs/2").status_code == 404
