import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def query() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_query", BENCH / "query.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_query"] = module
    spec.loader.exec_module(module)
    return module


def test_a_small_round_is_measured_and_scoring_told_apart(
    query: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--candidates", "300", "--labels", "20", "--questions", "5", "--runs", "1", "--only", "random", "quotas"]
    monkeypatch.setattr(sys, "argv", ["query.py", *small])
    query.main()
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("300 candidates, 20 labels, 5 questions, 11 classes")
    assert [line.split()[0] for line in said[2:4]] == ["random", "quotas"]
    for line in said[2:4]:
        scoring, strategy, whole, mib = (float(word) for word in line.split()[1:])
        assert whole == pytest.approx(scoring + strategy, abs=0.011)
        assert mib > 50
    assert said[4] == "within 5 s: all"


def test_made_up_rows_have_any_category_large_numbers_and_gaps(query: ModuleType) -> None:
    columns = (query.Column("proto", "category", ("tcp", "udp", "icmp")), query.Column("size", "bytes"))
    x = query.rows(columns, 2_000, seed=0)
    assert set(x[np.isfinite(x[:, 0]), 0].tolist()) == {0, 1, 2}
    assert np.nanmax(x[:, 1]) > 1e3 * np.nanmin(x[:, 1])
    assert 0.05 < np.isnan(x).mean() < 0.15
