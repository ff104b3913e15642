import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from redshank.commands.lab import lab
from redshank.core.errors import ActionError, ConfigError
from redshank.lab import record as lab_record
from redshank.lab.record import Recording

ABOUT: dict[str, Any] = {"families": {"benign": 9, "dos": 3}, "flows": 12, "frames": 99}


def test_help_shows_an_example() -> None:
    shown = CliRunner().invoke(lab, ["record", "--help"]).output
    assert "redshank lab record --seed 7" in shown


def test_without_root_it_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = CliRunner().invoke(lab, ["record", "-o", str(tmp_path / "out"), "--seconds", "20"])
    assert isinstance(result.exception, ActionError)
    assert "this is user 1000; run it with sudo" in str(result.exception)


def test_a_wrong_length_is_a_usage_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(lab, ["record", "-o", str(tmp_path / "out"), "--seconds", "5"])
    assert isinstance(result.exception, ConfigError)
    assert "--seconds: 5 is not between" in str(result.exception)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_summary_goes_to_standard_output_and_progress_to_standard_error(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    as_json: bool,  # noqa: FBT001  parametrized
) -> None:
    def fake(seed: int, folder: Path, seconds: float, tell: Any, *, attacks: bool, fast: bool) -> Recording:
        assert (seed, seconds, attacks, fast) == (7, 30.0, not as_json, as_json)
        tell("lab: 0 of 30 s")
        return Recording(folder, ABOUT)

    monkeypatch.setattr(lab_record, "record", fake)
    options = ["record", "-o", str(tmp_path), "--seed", "7", "--seconds", "30"]
    options += ["--json", "--benign", "--fast"] if as_json else []
    result = CliRunner().invoke(lab, options)
    assert result.exit_code == 0
    assert result.stderr == "lab: 0 of 30 s\n"
    if as_json:
        assert json.loads(result.stdout) == ABOUT
    else:
        assert result.stdout.splitlines()[0] == "benign            9 flows"
        assert result.stdout.splitlines()[-1] == f"all              12 flows in 99 frames: {tmp_path}"
