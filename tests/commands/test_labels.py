import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bundles import tiny_bundle
from program import ended
from questions import answer, questions, store
from redshank.active.replayed import Replayed
from redshank.active.trained import label_provenance
from redshank.detect.shelf import Shelf
from redshank.store.queue import Queue


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    made = store(tmp_path / "s")
    one, two, *_ = made.questions()
    made.tell([answer(one, "dos", evidence="alert 00ff"), answer(one, "benign", "ben"), answer(two, "benign")])
    return made


def _json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert ended(monkeypatch, "labels", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_every_label_is_listed_with_where_it_came_from(
    tmp_path: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _json(monkeypatch, capsys, "list", "--store", tmp_path / "s")["labels"]
    assert [row["label"] for row in rows] == [label.id for label in queue.labels()]
    assert (
        rows[0] | {"kind": "answer", "evidence": "alert 00ff", "given": "2023-11-14 22:31:00", "holds": True} == rows[0]
    )


def test_a_withdrawal_names_the_bundles_that_were_trained_on_the_label(
    tmp_path: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_ = labels = queue.labels()
    tiny_bundle(provenance={"labels": label_provenance(labels)}).save(tmp_path / "models" / "v2")
    tiny_bundle().save(tmp_path / "models" / "v1")
    told = _json(
        monkeypatch, capsys, "withdraw", first.id, "--store", tmp_path / "s", "--as", "boss", "--because", "spoofed",
        "--models", tmp_path / "models",
    )  # fmt: skip
    assert [row["label"] for row in told["withdrawn"]] == [first.id]
    assert told["bundles_trained_on_them"] == [{"bundle": "v2", "labels": 1}]
    rows = _json(monkeypatch, capsys, "list", "--store", tmp_path / "s")["labels"]
    assert [row["holds"] for row in rows] == [False, True, True, False]
    assert rows[-1] | {"kind": "withdrawal", "about": first.id, "annotator": "boss", "evidence": "spoofed"} == rows[-1]


def test_labelled_flows_are_exported(
    tmp_path: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labelled.parquet"
    told = _json(monkeypatch, capsys, "export", "--store", tmp_path / "s", "-o", out, "--method", "dawid_skene")
    assert sum(told["flows_by_family"].values()) == pq.read_table(out).num_rows == 2
    assert queue.labels()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--store", "none"], "store: no file 'none'"),
        (["withdraw", "00ff", "--store", "s", "--as", "a", "--because", "b"], "label: no '00ff'"),
        (["withdraw", "00ff", "--store", "s", "--as", "a", "--because", "b", "--models", "no"], "--models: no folder"),
        (["export", "--store", "s", "-o", "out.xlsx"], "out.xlsx' is no .parquet file"),
        (["export", "--store", "s", "-o", "o.parquet", "--method", "vote"], "method: no 'vote'"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ended(monkeypatch, "labels", *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert len(queue.labels()) == 3


def test_the_curve_of_the_labels_is_told_and_kept_beside_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("curve", "--store", tmp_path / "t", "--models", tmp_path / "models")
    asked = questions(("benign", "dos") * 55, seed=3, at_random=True)
    store(tmp_path / "t", *asked).tell([answer(one, ("benign", "dos")[at % 2]) for at, one in enumerate(asked)])
    assert ended(monkeypatch, "labels", *here) == 2
    assert "has no bundle in service" in capsys.readouterr().err
    shelf = Shelf(tmp_path / "models")
    shelf.put(tiny_bundle())
    shelf.promote("tiny", "the first")
    found = _json(monkeypatch, capsys, *here, "--orders", 2)
    curve = Replayed.load(tmp_path / "models")
    assert curve is not None
    assert len(found["macro_f1_by_labels"]) == len(curve.given) + len(curve.shuffled) + len(curve.drawn)
    assert found["gains"][1]["gain"] == "over as many drawn by chance"
    assert found["test"] == {"measured_on": curve.test, "of_these_drawn_by_chance": curve.test}
