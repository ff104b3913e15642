import os
from pathlib import Path

import pytest

from redshank import site
from redshank.config import Settings, load
from redshank.core.concealed import HIDDEN
from redshank.report.in_force import DEFAULT, Chosen, InForce

TEXT = """\
[alerts]
window_s = 60.0
[alerts.assets]
"10.0.0.9" = "critical"
[sinks.webhook]
url = "https://hooks.example/SECRETPATH"
token_env = "REDSHANK_TOKEN_VALUE"
[sinks.second]
kind = "eve"
path = "eve.json"
[[sources]]
interfaces = ["eth1"]
[[respond.rules]]
measure = "notify"
[store]
url = "postgresql://ana:SECRETWORD@db.example/redshank"
"""


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REDSHANK_")]:
        monkeypatch.delenv(name)


def _parts(path: Path, text: str = TEXT) -> dict[str, dict[str, Chosen]]:
    path.write_text(text)
    found = InForce(load(path), path, site.tables()).parts()
    return {part.heading: {one.name: one for one in part.chosen} for part in found}


def test_each_value_tells_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_DETECT__FALSE_ALARM_RATE", "0.001")
    path = tmp_path / "redshank.toml"
    parts = _parts(path)
    window = parts["[alerts]"]["window_s"]
    assert (window.value, window.default, window.place) == ("60.0", "300.0", f"{path}, line 2")
    assert parts["[alerts]"]["assets"].place == f"{path}, line 3"
    assert parts["[detect]"]["false_alarm_rate"].place == "environment, REDSHANK_DETECT__FALSE_ALARM_RATE"
    assert (parts["[alerts]"]["chance"].place, parts["[alerts]"]["chance"].is_default) == (DEFAULT, True)
    assert parts["[sinks.second]"]["path"].value == '"eve.json"'
    assert parts["[[sources]] 1"]["interfaces"].place == f"{path}, line 12"
    assert parts["[[respond.rules]] 1"]["measure"].value == '"notify"'
    assert parts["[[respond.rules]] 1"]["approval"].value == "false"
    assert "Length of the window" in window.meaning
    assert next(iter(parts)) == ""


def test_no_secret_is_in_any_row(tmp_path: Path) -> None:
    parts = _parts(tmp_path / "redshank.toml", TEXT + "[sinks.pager]\nkind = 'bell'\ncode = 'SECRETCODE'\n")
    assert "SECRET" not in repr(parts)
    assert parts["[sinks.webhook]"]["url"].value == HIDDEN
    assert parts["[sinks.webhook]"]["token_env"].value == '"REDSHANK_TOKEN_VALUE"'
    assert parts["[store]"]["url"].value == '"postgresql://ana:...@db.example/redshank"'
    assert parts["[sinks.pager]"]["code"] == Chosen(
        "code", HIDDEN, "", f"{tmp_path / 'redshank.toml'}, line 19", "There is no such setting."
    )


def test_settings_without_a_file_are_defaults_or_the_programs() -> None:
    found = InForce(Settings(), None, {}).parts()
    assert {one.place for part in found for one in part.chosen} == {DEFAULT}
    chosen = InForce(Settings(data=Path("x")), None, {}).parts()[0].chosen[0]
    assert (chosen.value, chosen.place) == ('"x"', "the program that asked")


def test_a_file_that_went_away_is_no_error(tmp_path: Path) -> None:
    settings = Settings(data=Path("x"))
    assert InForce(settings, tmp_path / "gone.toml", {}).parts()[0].chosen[0].place == str(tmp_path / "gone.toml")
