"""Every command that only looks at a store: one of an older version stays as it is, for a service at work on it."""

import shutil
from pathlib import Path

import pytest

from program import ended

OLD = Path(__file__).parents[1] / "store" / "version_1.db"


@pytest.mark.parametrize(
    "command",
    [
        "allow list",
        "console token list",
        "console user list",
        "label --json",
        "labels agreement",
        "labels export --out labelled.parquet",
        "labels list",
        "respond list",
        "tail",
    ],
)
def test_listing_leaves_a_store_of_an_older_version_as_it_is_and_says_what_to_do(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(OLD, tmp_path / "s")
    assert ended(monkeypatch, *command.split(), "--store", "s") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "store: 's' has version 1 of the tables, this program has" in told
    assert "`redshank run`, `redshank ask` or `redshank label` with this store brings it up to date" in told
    assert (tmp_path / "s").read_bytes() == OLD.read_bytes()
