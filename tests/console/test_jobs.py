import json
import os
import sys
import time
from pathlib import Path

import pytest

from peers import until
from redshank.console.jobs import CANCELLED, DONE, FAILED, HARD_S, KEPT, RUNNING, VANISHED, Job, Jobs, Progress
from redshank.core.errors import ActionError, ConfigError

PYTHON = (sys.executable, "-S", "-c")
SLEEP = "import time; print('epoch 3 of 12', file=__import__('sys').stderr, flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


class Clock:
    """A clock that a test turns."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def _made(folder: Path, clock: Clock | None = None) -> tuple[Jobs, list[Job]]:
    ended: list[Job] = []
    return Jobs(folder, clock or Clock(), ended.append, PYTHON), ended


def test_a_job_that_ends_gives_its_result_and_what_it_said(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path / "jobs")
    text = "import sys, os; print('one\\ntwo', file=sys.stderr); print('{\"kept\": ' + os.environ['LUCK'] + '}')"
    job = jobs.begin("try", [text], "ana", {"LUCK": "7"})
    assert (job.id, job.state, job.by) == ("1", RUNNING, "ana")
    until(lambda: bool(ended))
    assert (ended[0].state, ended[0].code, ended[0].ended_at_s) == (DONE, 0, 1_000.0)
    assert jobs.result("1") == {"kept": 7}
    assert jobs.log("1") == ["one", "two"]
    assert jobs.log("1", 1) == ["two"]
    assert jobs.jobs() == ended
    assert jobs.running() is None


def test_one_runs_at_a_time_tells_how_far_it_is_and_can_be_cancelled(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path)
    jobs.begin("wait", [SLEEP], "ana")
    with pytest.raises(ActionError, match="jobs: another one is running; wait for its end, or cancel it"):
        jobs.begin("too", ["pass"], "bob")
    until(lambda: jobs.progress("1") is not None)
    assert jobs.progress("1") == Progress(0.25)
    assert jobs.cancel("1", "bob").asked_by == "bob"
    until(lambda: bool(ended))
    assert (ended[0].state, ended[0].code, ended[0].asked_by) == (CANCELLED, 143, "bob")
    with pytest.raises(ActionError, match="job 1: does not run; nothing was done"):
        jobs.cancel("1", "bob")
    with pytest.raises(ActionError, match="job 9: does not run"):
        jobs.cancel("9", "bob")


def test_who_does_not_heed_a_request_is_killed_when_asked_again_later(tmp_path: Path) -> None:
    clock = Clock()
    jobs, ended = _made(tmp_path, clock)
    jobs.begin("deaf", [DEAF], "ana")
    until(lambda: jobs.progress("1") is not None)
    jobs.cancel("1", "ana")
    jobs.cancel("1", "ana")
    time.sleep(0.05)
    assert jobs.running() is not None
    clock.now_s += HARD_S
    jobs.cancel("1", "ana")
    until(lambda: bool(ended))
    assert (ended[0].state, ended[0].code) == (CANCELLED, 137)


def test_a_console_that_was_begun_anew_sees_the_worker_run_and_can_end_it(tmp_path: Path) -> None:
    first, ended = _made(tmp_path)
    first.begin("wait", [SLEEP], "ana")
    again, _ = _made(tmp_path)
    assert again.running() == first.get("1")
    with pytest.raises(ActionError, match="another one is running"):
        again.begin("too", ["pass"], "bob")
    again.cancel("1", "bob")
    until(lambda: bool(ended))
    assert again.jobs()[0].state == CANCELLED


@pytest.mark.parametrize(
    ("said", "state"), [("", VANISHED), ('{"half', VANISHED), ('{"whole": 1}', DONE)], ids=["nothing", "half", "whole"]
)
def test_what_ended_while_nobody_looked_is_told_as_that(tmp_path: Path, said: str, state: str) -> None:
    first, ended = _made(tmp_path)
    first.begin("short", [f"print({said!r}, end='')"], "ana")
    until(lambda: bool(ended))
    (tmp_path / "1" / "ended.json").unlink()  # as if the console had been killed before the worker ended
    again, _ = _made(tmp_path)
    (job,) = again.jobs()
    assert (job.state, job.code, job.seen_to_end) == (state, None, False)
    assert job.ended_at_s == (tmp_path / "1" / "log").stat().st_mtime or job.ended_at_s is not None
    assert again.running() is None
    assert again.begin("next", ["pass"], "ana").id == "2"


def test_a_later_process_of_the_same_number_is_neither_taken_for_the_worker_nor_signalled(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path)
    jobs.begin("short", ["pass"], "ana")
    until(lambda: bool(ended))
    path = tmp_path / "1" / "job.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": os.getpid()}))
    (tmp_path / "1" / "ended.json").unlink()
    again, _ = _made(tmp_path)
    assert again.jobs()[0].state == VANISHED
    with pytest.raises(ActionError, match="job 1: does not run"):
        again.cancel("1", "ana")


def test_what_fails_says_so(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path)
    jobs.begin("broken", ["raise SystemExit(2)"], "ana")
    until(lambda: bool(ended))
    assert (ended[0].state, ended[0].code) == (FAILED, 2)
    missing = Jobs(tmp_path / "none", Clock(), program=("/no/such/program",))
    with pytest.raises(ActionError, match=r"jobs: cannot begin '/no/such/program' \(No such file or directory\)"):
        missing.begin("x", [], "ana")
    assert missing.jobs() == []


def test_names_that_are_no_jobs_are_none_and_old_jobs_go(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path)
    jobs.begin("first", ["pass"], "ana")
    until(lambda: bool(ended))
    assert jobs.get("../1") is None
    assert jobs.get("7") is None
    assert jobs.get("9" * 400) is None
    assert jobs.log("7") == []
    assert jobs.result("7") is None
    for number in range(2, KEPT + 3):
        (tmp_path / str(number)).mkdir()
        for name in ("job.json", "log", "result.json", "ended.json"):
            (tmp_path / str(number) / name).write_bytes((tmp_path / "1" / name).read_bytes())
        values = json.loads((tmp_path / "1" / "job.json").read_text()) | {"id": str(number)}
        (tmp_path / str(number) / "job.json").write_text(json.dumps(values))
    jobs.begin("one more", ["pass"], "ana")
    until(lambda: len(ended) > 1)
    assert [job.id for job in jobs.jobs()] == [str(number) for number in range(KEPT + 3, 3, -1)]
    (tmp_path / "9" / "job.json").write_text('{"id": "9", "arguments": []}')
    with pytest.raises(ConfigError, match=r"9/job.json: is no job of this version; remove its folder"):
        jobs.get("9")


def test_steps_and_the_epochs_of_a_step_are_one_share(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path)
    said = ["step 1 of 4: reading", "step 2 of 4: training a <network>", "epoch 5 of 10"]
    jobs.begin("train", ["import sys; print(*sys.argv[1:], sep=chr(10), file=sys.stderr)", *said], "ana")
    until(lambda: bool(ended))
    assert jobs.progress("1") == Progress(0.375, 2, 4, "training a <network>")


def test_a_step_begins_at_its_own_share_whatever_the_one_before_said_of_epochs(tmp_path: Path) -> None:
    jobs, ended = _made(tmp_path)
    said = ["step 2 of 4: training", "epoch 9 of 10", "step 3 of 4: measuring"]
    jobs.begin("train", ["import sys; print(*sys.argv[1:], sep=chr(10), file=sys.stderr)", *said], "ana")
    until(lambda: bool(ended))
    assert jobs.progress("1") == Progress(0.5, 3, 4, "measuring")
