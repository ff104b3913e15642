import json
from pathlib import Path

import pytest

from bundles import flows
from peers import closed_port
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


def test_a_value_of_a_wrong_form_hides_no_mistake_of_the_console_or_of_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Place(tmp_path).settings(
        alerts="[alerts]\nwindow_s = 'soon'\n",
        console="[console]\nlisten = 'here'\n",
        sources="[[sources]]\ninterfaces = ['nowhere0']\n",
    )
    assert ended(monkeypatch, "check", "-c", settings) == 2
    told = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert told == ["alerts.window_s", "sources.0.interfaces", "console.listen"]


def test_a_sink_that_is_away_keeps_no_service_from_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    place.table(flows(ATTACK))
    with closed_port() as port:
        settings = place.settings(sinks=f"[sinks.webhook]\nurl = 'http://127.0.0.1:{port}/'\n")
        assert ended(monkeypatch, "check", "-c", settings, "--json") == 0
    rows = {row["part"]: row["well"] for row in json.loads(capsys.readouterr().out)["parts"]}
    assert rows["sinks webhook"] == "hint"


def test_a_file_that_is_no_settings_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "check", "-c", tmp_path / "none.toml") == 2
    assert "settings: cannot read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("run",),
        ("respond", "list"),
        ("config", "show"),
    ],
    ids=" ".join,
)
def test_no_secret_of_the_settings_is_shown(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Place(tmp_path)
    made.table(flows(ATTACK))
    settings = made.settings(
        sinks="[sinks.webhook]\nurl = 'https://hooks.example/services/SECRET'\n",
        store="[store]\nurl = 'postgresql://ana:SECRET@127.0.0.1:1/redshank'\n",
    )
    ended(monkeypatch, *words, "-c", settings)
    told = capsys.readouterr()
    assert "postgresql" in told.out + told.err
    assert "SECRET" not in told.out + told.err
