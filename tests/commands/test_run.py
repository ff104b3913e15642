import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bundles import flows
from program import ended
from redshank.core.errors import ActionError
from redshank.pipeline import keeping
from redshank.store.alerts import Alerts
from runs import ATTACK
from sites import Place

PROGRAM = [str(Path(sys.executable).parent / "redshank")]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.table(flows(ATTACK))
    return made


def test_a_service_ends_with_its_sources_and_tells_what_it_saw(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "run", "-c", place.settings(), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["flows"] == 100
    assert told["summary"]["alerts"] == 2
    assert (told["rows_given_up"], told["lost"]) == ({}, {})
    assert len(place.told()) > 2


def test_mistakes_are_one_line_each(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place.settings(sources="", sinks="[sinks.evve]\n")
    assert ended(monkeypatch, "run", "-c", path) == 2
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("redshank: sources: none given; name one in a [[sources]] table")
    assert lines[1].startswith("redshank: sinks.evve: 'evve' is no sink")


def test_alerts_that_the_store_does_not_take_are_an_error_at_the_end(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> int:
        raise ActionError("store: 'redshank.db': database or disk is full")

    monkeypatch.setattr(Alerts, "record", full)
    assert ended(monkeypatch, "run", "-c", place.settings(), "--json") == 1
    filed = len((place.folder / "state/unrecorded.jsonl").read_text().splitlines())
    told = capsys.readouterr()
    assert json.loads(told.out)["summary"]["alerts"] == 2
    said = f"redshank: {filed} alerts are not in the store: the next run takes them from unrecorded.jsonl"
    assert told.err.splitlines()[-1] == said


def test_alerts_that_are_lost_are_an_error_at_the_end(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> int:
        raise ActionError("store: 'redshank.db': database or disk is full")

    monkeypatch.setattr(Alerts, "record", full)
    monkeypatch.setattr(keeping, "MOST_BYTES", 0)
    assert ended(monkeypatch, "run", "-c", place.settings(), "--json") == 1
    told = capsys.readouterr()
    lost = json.loads(told.out)["lost"]["alerts"]
    said = f"redshank: {lost} alerts are lost: neither the store nor unrecorded.jsonl took them"
    assert told.err.splitlines()[-1] == said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_delivers_what_it_has_and_ends_well(place: Place, number: signal.Signals) -> None:
    captures = place.folder / "captures"
    captures.mkdir()
    sources = f"{place.text().split('[detect]')[0]}\n[[sources]]\ncaptures = '{captures}'\n"
    process = subprocess.Popen(
        [*PROGRAM, "run", "-c", str(place.settings(sources=sources)), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    give_up = time.monotonic() + 60
    while not place.told() and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    assert process.stderr is not None
    assert any("classifier: read again" in line for line in process.stderr)
    assert any("respond.protect: read again" in line for line in process.stderr)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["summary"]["flows"] == 100
    assert f"{number.name}: ending" in err
    assert all(line["alert"]["metadata"]["over"] for line in place.told())


def test_after_so_many_seconds_it_ends(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    captures = place.folder / "captures"
    captures.mkdir()
    path = place.settings(sources=f"[[sources]]\ncaptures = '{captures}'\n")
    assert ended(monkeypatch, "run", "-c", path, "--seconds", "0.5") == 0
    assert "flows" in capsys.readouterr().out


def test_a_service_ends_though_nobody_reads_its_standard_output(place: Place) -> None:
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 4_096)
    os.write(into, b"x" * 4_096)
    done = subprocess.run(
        [*PROGRAM, "run", "-c", str(place.settings()), "--json"],
        stdout=into,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    os.close(out)
    os.close(into)
    assert done.returncode == 0, done.stderr
    assert "the summary is not written: nobody reads standard output" in done.stderr


@pytest.mark.root
def test_without_the_right_to_capture_a_service_ends_and_says_what_to_give_it(place: Place) -> None:
    path = place.settings(sources="[[sources]]\ninterfaces = ['lo']\n")
    done = subprocess.run(
        ["setpriv", "--bounding-set=-net_raw", *PROGRAM, "run", "-c", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 1
    said = "source lo: live: no right to capture on 'lo' (CAP_NET_RAW); the unit in deploy/systemd gives it"
    assert done.stderr.splitlines()[-1].startswith(f"redshank: {said}")
    assert done.stderr.count(said) == 2  # in the log, and as the last word
