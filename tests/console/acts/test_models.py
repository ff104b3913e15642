import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.filled import CHALLENGER, CHAMPION
from redshank.config import Store
from redshank.console.acts.models import (
    Retraining,
    ask_gate,
    cancel,
    compare,
    draw_curve,
    measure,
    retrain,
    roll_back,
    set_shadow,
)
from redshank.console.desk import Desk
from redshank.console.facts import models as facts
from redshank.console.facts.models import require_shelf
from redshank.console.jobs import Job, Jobs
from redshank.core.errors import ActionError, ConfigError
from redshank.detect.shelf import Entry, Shelf

ECHO = ("python3", "-S", "-c", "import sys, json; print(json.dumps({'words': sys.argv[1:]}))")
SLEEP = ("python3", "-S", "-c", "import time; time.sleep(600)")


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    vars(filled_desk)["jobs"] = Jobs(filled_desk.settings.service.state / "jobs", filled_desk.now_s, program=ECHO)
    return filled_desk


def _words(desk: Desk, job: Job | Entry) -> list[str]:
    assert isinstance(job, Job)
    while desk.jobs.running():
        time.sleep(0.01)
    result = desk.jobs.result(job.id)
    assert result is not None
    return list(result["words"])


def test_each_job_is_the_command_that_a_person_would_type(desk: Desk) -> None:
    store, shelf = str(desk.settings.store_place), str(require_shelf(desk).folder)
    begun: dict[str, tuple[Callable[[], Job | Entry], str]] = {
        "retrain": (
            lambda: retrain(desk, "eva", Retraining("roc_auc", 0.5, 2.0)),
            f"retrain --store {store} --models {shelf} --metric roc_auc --hold-out 0.5 --weight 2 --json",
        ),
        "gate": (
            lambda: ask_gate(desk, "eva", CHALLENGER),
            f"models promote {CHALLENGER} --store {store} --metric macro_f1 --folder {shelf} --json",
        ),
        "compare": (
            lambda: compare(desk, "eva", CHAMPION, CHALLENGER),
            f"models compare {CHAMPION} {CHALLENGER} --store {store} --folder {shelf} --json",
        ),
        "measure": (lambda: measure(desk, "eva", CHAMPION), f"models measure {CHAMPION} --folder {shelf} --json"),
        "curve": (lambda: draw_curve(desk, "eva"), f"labels curve --store {store} --models {shelf} --json"),
    }
    for begin, words in begun.values():
        assert _words(desk, begin()) == words.split()
    assert {entry.what for entry in desk.audit.entries(5)} == {"job begun"}


def test_a_password_of_the_store_is_in_no_list_of_processes_and_not_in_the_audit(desk: Desk) -> None:
    store = Store(url="postgresql://ana:SECRET@db.lan/redshank")
    vars(desk)["settings"] = desk.settings.model_copy(update={"store": store})
    variable = ("python3", "-S", "-c", "import os, json; print(json.dumps({'words': [os.environ['PGPASSWORD']]}))")
    shelf, jobs = str(require_shelf(desk).folder), desk.settings.service.state / "jobs"
    vars(desk)["jobs"] = Jobs(jobs, desk.now_s, program=variable)
    job = draw_curve(desk, "eva")
    assert _words(desk, job) == ["SECRET"]
    assert " ".join(job.arguments) == f"labels curve --store postgresql://ana@db.lan/redshank --models {shelf} --json"
    assert "SECRET" not in repr(list(desk.audit.entries(5)))
    assert "SECRET" not in (jobs / job.id / "job.json").read_text()


def test_the_data_of_the_settings_are_named(desk: Desk, tmp_path: Path) -> None:
    chosen = desk.settings.console.model_copy(update={"training_data": tmp_path / "rows"})
    vars(desk)["settings"] = desk.settings.model_copy(update={"console": chosen})
    assert _words(desk, measure(desk, "eva", CHAMPION))[3:5] == ["--data", str(tmp_path / "rows")]


def test_what_cannot_be_begun_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="bundle: no 'home-2'; did you mean 'home-1"):
        measure(desk, "eva", "home-2")
    with pytest.raises(ConfigError, match="home-1: is in service already; nothing was done"):
        ask_gate(desk, "eva", CHAMPION)
    with pytest.raises(ConfigError, match="home-1: is in service, and cannot judge beside itself"):
        set_shadow(desk, "eva", CHAMPION)
    with pytest.raises(ActionError, match="job 1: does not run"):
        cancel(desk, "eva", "1")
    monkeypatch.setattr(facts, "NEEDED", ("not_here_at_all",))
    with pytest.raises(ActionError, match="Nothing can be trained here: not_here_at_all is not installed"):
        retrain(desk, "eva", Retraining())
    assert desk.jobs.jobs() == []


def test_a_job_is_cancelled_in_the_name_of_who_did(desk: Desk) -> None:
    jobs = desk.jobs
    jobs._program = SLEEP
    job = retrain(desk, "eva", Retraining())
    assert cancel(desk, "finn", job.id).asked_by == "finn"
    assert desk.audit.entries(1)[0].who == "finn"
    while jobs.running():
        time.sleep(0.01)


def test_decisions_of_a_person_are_on_the_shelf_and_in_the_audit(desk: Desk, tmp_path: Path) -> None:
    shelf = require_shelf(desk)
    assert set_shadow(desk, "eva", CHALLENGER).reason == "asked for by eva"
    assert set_shadow(desk, "eva", None).name == ""
    shelf.promote(CHALLENGER, "better")
    assert roll_back(desk, "eva", "noisy").champion == CHAMPION
    assert [(one.who, one.what, one.about) for one in desk.audit.entries(3)] == [
        ("eva", "bundle rollback", CHAMPION),
        ("eva", "bundle shadow", "no bundle"),
        ("eva", "bundle shadow", CHALLENGER),
    ]
    empty = Shelf(tmp_path / "empty")
    empty.put(shelf.load(CHAMPION))
    vars(desk)["shelf"] = empty
    with pytest.raises(ConfigError, match="no bundle is in service; put one in service first"):
        retrain(desk, "eva", Retraining())
    entry = ask_gate(desk, "eva", CHAMPION)
    assert isinstance(entry, Entry)
    assert entry.champion == empty.champion() == CHAMPION
