import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from program import ended
from redshank.alerts.sinks.eve import Eve
from redshank.core.records import Alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from told import ALERT

TOLD = [replace(ALERT, revision=number, severity=("low", "high")[number % 2]) for number in range(6)]


def test_the_last_alerts_of_a_file_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sink = Eve(tmp_path / "eve.json")
    for alert in TOLD:
        sink.deliver(alert)
    arguments = ("tail", "--eve", sink.path, "--no-follow", "--json", "--last")
    assert ended(monkeypatch, *arguments, 2, "--severity", "high") == 0
    assert [Alert.from_json(text).revision for text in capsys.readouterr().out.splitlines()] == [3, 5]
    assert ended(monkeypatch, *arguments, 0) == 0
    assert capsys.readouterr().out == ""


def test_the_last_alerts_of_a_store_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "redshank.db"
    alerts = [replace(alert, id=f"{number:016x}") for number, alert in enumerate(TOLD)]
    Alerts(Database(place, create=True)).record(alerts, [], 1.7e9)
    assert ended(monkeypatch, "tail", "--store", place, "--no-follow", "--last", 3, "--device", "10.0.0.0/8") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [text.split()[2] for text in lines] == ["high:", "low:", "high:"]
    assert lines[0].startswith("2023-11-14 22:16:00 high: dos by 10.0.0.66 against 10.0.0.1")


@pytest.mark.parametrize("place", ["store", "eve"])
def test_what_comes_is_shown_until_ctrl_c_and_nothing_is_left_behind(tmp_path: Path, place: str) -> None:
    path = tmp_path / "there"
    alerts = Alerts(Database(path, create=True)) if place == "store" else None
    sink = Eve(path)

    def tell(alert: Alert) -> None:
        if alerts:
            alerts.record([alert], [], 1.7e9)
        else:
            sink.deliver(alert)

    tell(TOLD[0])
    program = [sys.executable, "-c", "from redshank.commands import main; main()"]
    with subprocess.Popen(
        [*program, "tail", f"--{place}", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "NO_COLOR": "1"},
    ) as tail:  # fmt: skip
        assert tail.stdout is not None
        assert tail.stdout.readline().startswith("2023-11-14 22:16:00 low: dos by 10.0.0.66")
        tell(TOLD[1])
        assert "high: dos by 10.0.0.66" in tail.stdout.readline()
        tail.send_signal(signal.SIGINT)
        out, err = tail.communicate(timeout=60)
    assert (tail.returncode, out, err) == (130, "", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "store: none is named; give --config with the service's redshank.toml, or --store"),
        (
            ("--store", "a.db", "--eve", "eve.json"),
            "--eve: 'eve.json' is a file of alerts, and a store is named too; name one of the two",
        ),
        (("--eve", "."), "--eve: '.' is a folder; name the file in it, as in 'eve.json'"),
        (
            ("--eve", "none.json", "--no-follow"),
            "--eve: there is no file 'none.json'; name one that is there, or follow",
        ),
        (("--store", "none.db"), "none.db"),
    ],
)
def test_wrong_usage_is_told(
    arguments: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "tail", *arguments) == 2
    assert told in capsys.readouterr().err
