import json
from dataclasses import replace
from pathlib import Path

import pytest

from program import ended
from published import FIRST, ONLY_DOORS, Doors, doors


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Know one dataset, and lie where datasets are looked for."""
    folder = tmp_path / "data" / "doors"
    folder.mkdir(parents=True)
    known = doors(folder)
    monkeypatch.setenv("REDSHANK_DATA", str(tmp_path))
    monkeypatch.setattr("redshank.data.dataset.DATASETS", ONLY_DOORS)
    monkeypatch.setattr(Doors, "published", {"": known.files})


def test_datasets_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "data", "list") == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["doors", "yes", "3", "2", "whole"]
    assert ended(monkeypatch, "data", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["datasets"] == [
        {"name": "doors", "here": True, "rows": 3, "families": 2, "what": "whole"}
    ]


def test_a_right_dataset_is_verified(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "data", "verify", "--json") == 0
    out, err = capsys.readouterr()
    (row,) = json.loads(out)["datasets"]
    assert (row["name"], row["right"], row["rows"], len(row["sha256"])) == ("doors", True, 3, 12)
    assert "reading doors" in err


def test_a_wrong_file_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "other.csv").write_text("at,proto\n1,udp\n")
    assert ended(monkeypatch, "data", "verify", "doors", "--data", tmp_path / "other.csv") == 1
    assert "other.csv has 2 columns, the dataset has 6; first missing: 'door'" in capsys.readouterr().out


def test_what_is_not_here_is_named_but_wrong_only_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "data" / "doors" / FIRST.name).unlink()
    assert ended(monkeypatch, "data", "verify") == 0
    assert capsys.readouterr().out == "Datasets verified\n\nNot here\n  doors  no files\n"
    assert ended(monkeypatch, "data", "verify", "doors") == 1
    assert "holds no first.csv" in capsys.readouterr().out


def test_the_name_of_several_parts_means_those_that_are_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = Doors.published[""]
    monkeypatch.setattr(Doors, "parts", ("left", "right"))
    monkeypatch.setattr(Doors, "published", {"left": files, "right": (replace(files[0], name="right.csv"),)})
    assert ended(monkeypatch, "data", "verify", "doors", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told["datasets"]] == ["doors/left"]
    assert told["not_here"] == {"doors/right": "no files"}


def test_a_name_with_a_slash_and_no_part_is_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "data", "verify", "doors/", "--json") == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["name"] == "doors"


def test_a_dataset_is_described(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "data", "describe", "doors") == 0
    out = capsys.readouterr().out
    for wanted in ("Dataset doors", "rows that repeat another  0", "Families", "identifier", "closed, open"):
        assert wanted in out
    assert ended(monkeypatch, "data", "describe", "doors", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["data"]["rows"] == 3
    assert [row["column"] for row in told["columns"]] == ["at", "proto", "door", "pkts"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("describe dors", "dataset: no 'dors'; did you mean 'doors'? (there are: doors)"),
        ("verify doors/left", "dataset: no 'doors/left'; did you mean 'doors'? (there are: doors)"),
        ("verify --data here", "--data: 'here' is the place of one dataset; name which"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str, message: str
) -> None:
    assert ended(monkeypatch, "data", *arguments.split()) == 2
    assert capsys.readouterr() == ("", f"redshank: {message}\n")


def test_a_file_that_is_not_there_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "data", "describe", "doors", "--data", "absent.csv") == 1
    said = "redshank: doors: no file 'absent.csv'; name first.csv, or the folder that holds it\n"
    assert capsys.readouterr() == ("", said)
