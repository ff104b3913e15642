import json
from pathlib import Path

import pytest

from drawn_experiments.small_one import SmallOne
from labelled import labelled
from program import ended
from redshank.core.registry import Kind
from redshank.data.dataset import Labelled
from redshank.experiments.experiment import Experiment
from redshank.experiments.measure import Data

FOLDER: Kind[Experiment] = Kind("drawn_experiments", Experiment, "experiment")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder with one experiment on drawn data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("redshank.experiments.experiment.EXPERIMENTS", FOLDER)

    def reader(name: str) -> Labelled:
        return labelled(name=name)

    monkeypatch.setattr(Data.__init__, "__defaults__", (reader,))
    monkeypatch.setattr(SmallOne, "fails", "")


def test_an_experiment_is_run_shown_and_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "experiment", "run", "small-one", "--seeds", "1") == 0
    out = capsys.readouterr().out
    for wanted in ("A small one", "Families", "macro-F1", "trees", "constant", "Macro-F1 0.", "Drawn flows."):
        assert wanted in out
    folder = Path("out/experiments/small-one")
    assert sorted(path.name for path in folder.iterdir()) == ["cells", "results.html", "results.md"]
    assert "| trees |" in (folder / "results.md").read_text()
    page = (folder / "results.html").read_text()
    assert "Recall over false-alarm rate (ROC)" in page
    assert "<script" not in page
    assert ended(monkeypatch, "experiment", "list", "--seeds", "2", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["experiments"]
    assert (row["name"], row["done"], row["missing"]) == ("small-one", 2, 2)
    assert ended(monkeypatch, "experiment", "show", "small-one", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["row"] for one in shown["families"]] == ["trees", "constant"]
    assert shown["cells"] == {"measured": 2, "failed": 0}


def test_pages_go_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "experiment", "run", "small-one", "--seeds", "1", "--only", "constant") == 0
    assert ended(monkeypatch, "experiment", "show", "small-one", "--html", "a.html", "--markdown", "b.md") == 0
    assert Path("a.html").read_text().startswith("<!doctype html>")
    assert Path("b.md").read_text().startswith("# A small one")
    assert "| trees |" not in Path("b.md").read_text()
    assert capsys.readouterr().out


def test_a_failed_cell_makes_the_command_fail_after_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(SmallOne, "fails", "lightgbm")
    assert ended(monkeypatch, "experiment", "run", "small-one", "--seeds", "1") == 1
    streams = capsys.readouterr()
    assert "constant" in streams.out
    assert "1 cells failed, the first is Families trees" in streams.err
    assert ended(monkeypatch, "experiment", "show", "small-one") == 0
    assert "told to fail" in capsys.readouterr().out


def test_nothing_measured_yet_can_be_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "experiment", "show", "small-one", "--html", "a.html") == 0
    assert "measured" in capsys.readouterr().out
    assert Path("a.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "other"], "experiment: no 'other'; (there are: small-one)"),
        (["show", "smal-one"], "experiment: no 'smal-one'; did you mean 'small-one'?"),
        (["run", "small-one", "--only", "absent"], "--only: no cell of small-one has 'absent' in its name"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "experiment", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
