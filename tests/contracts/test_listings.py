"""Every command that opens a store: one of an older version stays as it is, for a service at work on it."""

import shutil
from pathlib import Path

import pytest

from program import ended

OLD = Path(__file__).parents[1] / "store" / "version_1.db"


@pytest.mark.parametrize(
    "command",
    [
        "allow add --device 10.0.0.66 --because maintenance --as ana",
        "allow list",
        "ask --doubtful",
        "console user add ana --role admin",
        "console token list",
        "console user list",
        "label --json",
        "labels agreement",
        "labels export --out labelled.parquet",
        "label --as ana",
        "labels list",
        "respond block 203.0.113.66 --for 10m --as ana --because guesses",
        "respond list",
        "respond undo 0000 --as ana --because error",
        "tail",
    ],
)
def test_a_store_of_an_older_version_is_left_as_it_is_and_it_is_said_what_to_do(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(OLD, tmp_path / "s")
    assert ended(monkeypatch, *command.split(), "--store", "s") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "store: 's' has version 1 of the tables, this program has" in told
    assert "end what works on it, then `redshank run` brings it up to date at its start, or `redshank upgrade`" in told
    assert (tmp_path / "s").read_bytes() == OLD.read_bytes()
