import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from labelled import DRAWN, labelled
from program import ended
from questions import answer, questions, store
from redshank.core.bundle import Bundle
from redshank.data import dataset as module
from redshank.data.protocol import partition
from redshank.detect.measured import Measured
from redshank.detect.shelf import Shelf
from redshank.learn.evaluation import Evaluation
from redshank.learn.train import fit, make_bundle
from redshank.store.database import Database
from redshank.store.question import flow_rows
from redshank.store.queue import Queue


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a dataset, a shelf whose champion is made of it, and a store with labels."""
    monkeypatch.setattr(module, "DATASETS", DRAWN)
    (tmp_path / "rows").write_text("600 0")
    made = partition(labelled(), protocol="leakfree", task="family", feature_set="conn")
    trained = fit(made, "extra_trees", settings={"trees": 10, "leaves": 40})
    shelf = Shelf(tmp_path / "models")
    shelf.put(make_bundle(trained, made, "drawn", {}))
    shelf.promote("drawn", "the first one")
    asked = questions(("benign", "strange") * 120, seed=9, at_random=True)
    queue = store(tmp_path / "s", *asked)
    queue.tell([answer(one, "benign" if at % 2 == 0 else "dos") for at, one in enumerate(asked)])
    return tmp_path


def test_a_challenger_that_learned_is_in_service_and_what_it_learned_from_is_known(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("retrain", "--store", place / "s", "--models", place / "models", "--data", place / "rows")
    assert ended(monkeypatch, *command, "--hold-out", 0.5, "--json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["decision"] == {"challenger": "drawn-r1", "promoted": True, "in_service": "drawn-r1"}
    nothing = "the champion was trained on no labels, so there is nothing to look back on"
    assert told["next_answers"] == {"unknown": nothing}
    shelf = Shelf(place / "models")
    assert shelf.champion() == "drawn-r1"
    assert shelf.history().entries[-1].evidence["rows"] == {
        k: v for k, v in told["rows"].items() if k != "labels_left_out"
    }
    for name in ("drawn", "drawn-r1"):
        found = Measured.load(shelf.folder, name, shelf.load(name).manifest.sha256)
        assert found is not None
        assert found.on == "drawn: test part, in the making of neither"
        assert Evaluation.from_dict(dict(found.evaluation)).vector.confusion
    one = Bundle.load(place / "models" / "drawn-r1").manifest.provenance["labels"]["ids"][0]
    withdraw = ("labels", "withdraw", one, "--store", place / "s", "--as", "boss", "--because", "wrong", "--json")
    assert ended(monkeypatch, *withdraw, "--models", place / "models") == 0
    assert json.loads(capsys.readouterr().out)["bundles_trained_on_them"] == [{"bundle": "drawn-r1", "labels": 1}]


def test_who_misses_canaries_waits_for_others_and_doubtful_labels_come_back(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = Queue(Database(place / "s"))
    known = [one for one in queue.questions() if one.device.endswith("66")][:12]
    rows = pa.Table.from_batches([flow_rows([one.flow for one in known])])
    parquet.write_table(rows.append_column("family", pa.array(["dos"] * 12)), place / "c.parquet")
    more = questions(("benign",) * 4, seed=31)
    queue.add(more)
    queue.tell([answer(one, "benign", "eve") for one in known])
    queue.tell([answer(one, "dos", "eve") for one in more])
    command = ("retrain", "--store", place / "s", "--models", place / "models", "--data", place / "rows")
    assert ended(monkeypatch, *command, "--canaries", place / "c.parquet", "--recheck", 3, "--json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    note = "eve: 0 of 12 canary questions right; what eve alone says waits for somebody else"
    assert note in told["notes"].values()
    assert {row["question"] for row in told["asked_again"]} <= {one.id for one in more}
    assert len(told["asked_again"]) == 3
    assert note in Shelf(place / "models").history().entries[-1].evidence["notes"]
    assert queue.take("ana", 2e9) is not None


def test_wrong_usage_is_one_line_and_changes_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--store", place / "s", "--models", place / "models", "--data", place / "rows")
    for arguments, code, message in (
        (("--store", place / "none"), 2, "store: no file"),
        (("--store", place / "s", "--models", place / "empty"), 2, "has no bundle in service"),
        ((*here, "--metric", "luck"), 2, "metric: no 'luck'"),
        ((*here, "--cost", "1", "0"), 2, "--cost: point: 0.0 is not above 0"),
        ((*here, "--method", "vote"), 2, "method: no 'vote'"),
        ((*here, "--dataset", "drwn"), 2, "drwn"),
        ((*here, "--canaries", place / "none.csv"), 1, "none.csv"),
    ):
        assert ended(monkeypatch, "retrain", *arguments) == code
        *steps, line = capsys.readouterr().err.splitlines()
        assert all(" of 6: " in step for step in steps)
        assert line.startswith("redshank: ")
        assert message in line
    assert Shelf(place / "models").names() == ["drawn"]
