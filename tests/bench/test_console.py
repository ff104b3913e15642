import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
SMALL = ("--alerts", "60", "--actions", "20", "--entries", "20")


def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_console", BENCH / "console.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_over_a_small_store_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = bench()
    monkeypatch.setattr(module, "KNOWN_DAYS", 1)
    few = ("--runs", "2", "--browsers", "0")
    monkeypatch.setattr(sys, "argv", ["console.py", *SMALL, "--devices", "600", *few])
    module.main()
    *pages, answered = capsys.readouterr().out.splitlines()[3:]
    times = {page: middle for page, middle, *_ in map(str.split, pages)}
    assert set(times) == set(module.PAGES)
    assert answered.startswith("an answer, and the next question ")
    assert float(times["/overview"]) > 0
    assert float(times["/devices/10.0.2.7"]) > 0


@pytest.mark.service
def test_real_browsers_on_the_overview_are_counted_with_what_they_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--runs", "0", "--browsers", "0", "--real-browsers", "2", "--seconds", "4")
    monkeypatch.setattr(sys, "argv", ["console.py", *SMALL, "--devices", "20", "--labels", "20", *few])
    bench().main()
    told = capsys.readouterr().out
    assert "2 pages of chromium on /overview" in told
    assert re.search(r"; \d of 2 never; ", told)
    assert len(re.findall(r"^/overview +\d", told, re.MULTILINE)) == 2, (
        "as chromium and as the other browser measured it"
    )
