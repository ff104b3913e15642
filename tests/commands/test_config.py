import json
import os
from pathlib import Path

import jsonschema
import pytest

from program import ended


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REDSHANK_")]:
        monkeypatch.delenv(name)


def test_an_example_is_written_and_never_over_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "redshank.toml"
    assert ended(monkeypatch, "config", "example", "-o", path) == 0
    assert f"redshank check -c {path}" in capsys.readouterr().out
    path.write_text(path.read_text().replace("#window_s = 300.0", "window_s = 60"))
    assert ended(monkeypatch, "config", "example", "-o", path) == 2
    assert f"'{path}' is there already and is not replaced" in capsys.readouterr().err
    assert ended(monkeypatch, "config", "show", "-c", path) == 0
    assert "window_s = 60.0" in capsys.readouterr().out


def test_the_example_can_be_piped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "config", "example") == 0
    assert capsys.readouterr().out.startswith("# Settings of Redshank")


def test_the_schema_accepts_what_is_right_and_refuses_what_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "config", "schema") == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.validate({"alerts": {"window_s": 60}}, schema)
    with pytest.raises(jsonschema.ValidationError, match="0 is less than"):
        jsonschema.validate({"alerts": {"window_s": 0}}, schema)


def test_mistakes_are_told_before_anything_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "redshank.toml").write_text("[alerts]\nwindow_s = 'soon'\n")
    assert ended(monkeypatch, "config", "show", "-c", tmp_path / "redshank.toml") == 2
    told = capsys.readouterr()
    assert (told.out, "alerts.window_s: 'soon' is not allowed" in told.err) == ("", True)
