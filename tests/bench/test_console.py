import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def test_the_pages_over_a_small_store_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("bench_console", BENCH / "console.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    small = (
        "--alerts",
        "60",
        "--devices",
        "600",
        "--actions",
        "20",
        "--entries",
        "20",
        "--runs",
        "2",
        "--browsers",
        "0",
    )
    monkeypatch.setattr(sys, "argv", ["console.py", *small])
    module.main()
    *pages, answered = capsys.readouterr().out.splitlines()[3:]
    times = {page: middle for page, middle, *_ in map(str.split, pages)}
    assert set(times) == set(module.PAGES)
    assert answered.startswith("an answer, and the next question ")
    assert float(times["/overview"]) > 0
    assert float(times["/devices/10.0.2.7"]) > 0
