import gzip
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from redshank.capture.sources.pcap import Pcap
from redshank.lab.record import ABOUT, CAPTURE

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_day", BENCH / "day.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["bench_day"] = made
    spec.loader.exec_module(made)
    return made


def home(folder: Path, hours: float) -> Path:
    """Write a home of a frame every 6 minutes; each says which it is."""
    folder.mkdir(parents=True)
    head = np.array([0xA1B2C3D4, 0x00040002, 0, 0, 200, 1], "<u4").tobytes()
    frames = [
        np.array([1_700_000_000 + 360 * number, 0, 64, 64], "<u4").tobytes() + bytes([number]) * 64
        for number in range(int(hours * 10))
    ]
    with gzip.open(folder / CAPTURE, "wb") as file:
        file.write(head + b"".join(frames))
    (folder / ABOUT).write_text(json.dumps({"seed": 5, "seconds": hours * 3600, "families": {"benign": 1}}))
    return folder


def seen(recording: Path) -> list[int]:
    """Return which frames a recording has."""
    return [int(block.data[at]) for block in Pcap(recording / CAPTURE).blocks() for at in block.offset]


def test_a_home_is_cut_at_a_moment_and_every_frame_is_in_one_part(bench: ModuleType, tmp_path: Path) -> None:
    whole = home(tmp_path / "5", 3.0)
    quiet = bench.stretch(whole, 0.0, 3600.0, tmp_path / "quiet")
    rest = bench.stretch(whole, 3600.0, np.inf, tmp_path / "rest")
    assert seen(quiet) == list(range(10))
    assert seen(rest) == list(range(10, 30))
    assert [json.loads((part / ABOUT).read_text())["seconds"] for part in (quiet, rest)] == [3600.0, 7200.0]


def test_what_was_judged_before_is_told_without_living_or_judging_again(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = {"device": "10.0.0.9", "family": "dos"}
    answers: dict[str, list[Any]] = {"5": [], "6": [alert, alert]}
    for name, alerts in answers.items():
        home(tmp_path / name, 3.0)
        place = tmp_path / "judged" / name
        place.mkdir(parents=True)
        told = {"seed": int(name), "hours": 3.0, "flows": 1000, "alarms": 15, "alerts": alerts}
        (place / "defaults.json").write_text(json.dumps(told))
    monkeypatch.setattr(sys, "argv", ["day.py", "--folder", str(tmp_path), "--seeds", "5", "6"])
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "classifier+signatures: 2 false alerts in 6.0 h of 2 homes: 8.00 a day (0.97 to 28.90); "
        "1.50% of 2,000 flows raised an alarm"
    )
    assert lines[1:] == ["  {'home': 6, 'device': '10.0.0.9', 'family': 'dos'}"] * 2
