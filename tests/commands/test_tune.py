import json
import shlex
from pathlib import Path

import pytest

from labelled import DRAWN
from program import ended


def test_a_search_ends_with_the_command_that_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("redshank.data.dataset.DATASETS", DRAWN)
    (tmp_path / "rows").write_text("300 0")
    words = ["tune", "drawn", "--data", "rows", "--model", "lightgbm", "--trials", "2", "--set", "rounds=2", "--json"]
    assert ended(monkeypatch, *words) == 0
    out, err = capsys.readouterr()
    best = json.loads(out)["best"]
    assert best["complete"] == 2
    assert Path(best["folder"]) == Path("out/tune-drawn-leakfree-binary-lightgbm")
    assert "trial 2 of 2" in err
    program, *train = shlex.split(best["train"])
    assert (program, train[0]) == ("redshank", "train")
    assert "rounds=2" in train
    assert ended(monkeypatch, *train, "--no-compare") == 0


def test_a_wrong_name_is_answered_before_data_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ended(monkeypatch, "tune", "lab", "--set", "epoch=1") == 2
    assert "--set epoch: bilstm has no such setting; did you mean 'epochs'?" in capsys.readouterr().err
