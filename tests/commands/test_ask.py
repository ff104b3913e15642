import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from bundles import flows, tiny_bundle
from program import ended
from questions import answer, questions, store
from redshank.flows.write import write
from redshank.store.question import flow_rows


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tiny_bundle().save(tmp_path / "tiny")
    write([flows(["benign"] * 30 + ["scanning"] * 10 + ["dos"] * 5)], "parquet", tmp_path / "flows.parquet")
    return tmp_path


def test_questions_are_asked_listed_answered_and_agreed_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way, as a script would go it."""
    store = place / "s.db"
    source = ("--from", "table", place / "flows.parquet")
    arguments = ("ask", *source, "-m", place / "tiny", "--store", store, "-n", 4, "--people", 2, "--json")
    assert ended(monkeypatch, *arguments, "--strategy", "margin") == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["round"]["questions"] == len(asked["asked"]) == 4
    assert asked["queue"] == {"open": 4, "held": 0, "answered": 0}
    assert ended(monkeypatch, "label", "--store", store, "--json") == 0
    (first, *_) = rows = json.loads(capsys.readouterr().out)["open"]
    assert [row["question"] for row in rows] == [row["question"] for row in asked["asked"]]
    assert {"src_ip", "p_dos", "why"} <= set(first)
    lines = [f"{row['question']},{'dos' if row['src_ip'].endswith('66') else 'benign'}\n" for row in rows]
    (place / "a.csv").write_text("question,family\n" + "".join(lines))
    for who in ("ana", "ben"):
        assert ended(monkeypatch, "label", "--store", store, "--as", who, "--answers", place / "a.csv", "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["answers"], told["queue"]["answered"]) == ({"new": 4, "there_already": 0}, 4)
    assert ended(monkeypatch, "labels", "agreement", "--store", store, "--json") == 0
    agreement = json.loads(capsys.readouterr().out)
    assert agreement["pairs"] == [{"one": "ana", "other": "ben", "both": 4, "agree": 1.0}]
    assert agreement["agreement"]["by_several"] == 4


def test_labels_in_doubt_are_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ("benign", "scanning", "dos") * 12
    asked = questions(kinds, seed=4)
    told = ["dos", *kinds[1:]]
    store(tmp_path / "s", *asked).tell([answer(one, kind) for one, kind in zip(asked, told, strict=True)])
    again = ("ask", "--doubtful", "--store", tmp_path / "s", "--json")
    known = pa.Table.from_batches([flow_rows([one.flow for one in asked[:12]])])
    parquet.write_table(known.append_column("family", pa.array([*kinds[:12]])), tmp_path / "c.parquet")
    assert ended(monkeypatch, *again, "--canaries", tmp_path / "c.parquet") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["asked_again"], said["notes"]) == ([], {}), "the wrong one is a canary question, which nobody doubts"
    assert ended(monkeypatch, *again) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["question"] for row in said["asked_again"]] == [asked[0].id]
    assert (said["round"], said["queue"]["open"]) == ({"labels_known": 36, "questions": 1}, 1)
    assert ended(monkeypatch, "label", "--store", tmp_path / "s", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["open"]
    assert (row["why"], row["p_dos"]) == (said["asked_again"][0]["why"], None)


def test_what_is_wrong_is_one_line_and_makes_no_store(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ("--from", "table", place / "flows.parquet")
    for arguments, code, message in (
        (("--store", place / "s"), 2, "input: none given; name exactly one"),
        ((*source, "--store", place / "s", "-m", place), 1, "not a folder with model.onnx and manifest.json"),
        ((*source, "--store", place / "flows.parquet" / "s"), 2, "store: cannot write to folder"),
        (("--doubtful", "--store", place / "s"), 2, "store: no file"),
        (("--doubtful", *source, "--store", place / "s"), 2, "--doubtful: no input is read for it"),
        ((*source, "--store", place / "s", "--strategy", "margn"), 2, "query strategy: no 'margn'"),
    ):
        assert ended(monkeypatch, "ask", *arguments) == code
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("redshank: ")
        assert message in line
    assert not (place / "s").exists()
