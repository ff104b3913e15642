import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def test_a_small_store_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("bench_store", BENCH / "store.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["store.py", "--alerts", "200"])
    module.main()
    said = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in said[1:5]] == ["1", "10", "100", "100"]
    assert all(float(line.split()[-2]) > 0 for line in said[1:17])
    assert "half of it thrown away" in said[-1]
