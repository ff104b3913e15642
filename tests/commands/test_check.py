import json
from pathlib import Path

import pytest

from bundles import flows
from program import ended
from runs import ATTACK
from sites import Place


def test_a_site_that_is_well_ends_with_0_and_one_that_is_not_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    place.table(flows(ATTACK))
    assert ended(monkeypatch, "check", "-c", place.settings(), "--json") == 0
    parts = {row["part"]: row for row in json.loads(capsys.readouterr().out)["parts"]}
    assert {row["well"] for row in parts.values()} == {"yes"}
    assert ended(monkeypatch, "check", "-c", place.settings(sinks="[sinks.eve]\n")) == 1
    assert "sinks.eve.path: nothing given, and it has no default" in capsys.readouterr().out


def test_a_file_that_is_no_settings_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "check", "-c", tmp_path / "none.toml") == 2
    assert "settings: cannot read" in capsys.readouterr().err
