import json
from pathlib import Path

import pytest

from program import ended
from sites import Place


def test_a_site_without_a_problem_ends_with_0_and_one_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    settings = place.settings()
    before = sorted(tmp_path.rglob("*"))
    assert ended(monkeypatch, "doctor", "-c", settings, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert {row["part"]: row["state"] for row in said["service"]} == {"disk": "ok", "store": "hint", "service": "hint"}
    assert sorted(tmp_path.rglob("*")) == before
    wire = place.settings(sources="[[sources]]\ninterfaces = ['nowhere0']\n")
    assert ended(monkeypatch, "doctor", "-c", wire) == 1
    assert "interface nowhere0  PROBLEM  there is none; there are " in capsys.readouterr().out


def test_without_settings_the_machine_alone_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(monkeypatch, "doctor", "--json")
    assert set(json.loads(capsys.readouterr().out)) == {"title", "machine"}
