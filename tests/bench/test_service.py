import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def service() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_service", BENCH / "service.py")
    assert spec is not None
    assert spec.loader is not None
    service = importlib.util.module_from_spec(spec)
    sys.modules["bench_service"] = service
    spec.loader.exec_module(service)
    return service


def test_memory_that_grows_is_told_with_an_interval_that_holds_its_slope_and_one_that_does_not_holds_zero(
    service: ModuleType,
) -> None:
    noise = np.random.default_rng(3).normal(0, 4, 1800)
    slope, low, high = service.slope_of(list(500 + np.arange(1800) / 60 * 0.5 + noise))
    assert low < 0.5 < high
    assert low > 0
    slope, low, high = service.slope_of(list(500 + noise))
    assert low < 0 < high
    assert abs(slope) < 0.1
    assert np.isnan(service.slope_of([500.0] * 179)).all()
    assert service.minutes_of([500.0] * 60 + [501.0] * 60 + [900.0] * 59) == [500.0, 501.0]


@pytest.mark.timeout(120)
def test_a_small_load_is_judged_whole_and_its_alerts_are_told(
    service: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service, "POOL", 2_000)
    monkeypatch.setattr(
        sys, "argv", ["service.py", "--rates", "200", "--seconds", "2", "--devices-per-s", "5", "--json"]
    )
    service.main()
    told = json.loads(capsys.readouterr().out)
    assert told["judged"] == told["offered"] > 0
    assert told["shed"] == 0
    assert told["alerts_due"] >= 2
    assert told["alerts_told"] == told["alerts_due"]
    assert 0 < told["p50_s"] < 60
    assert told["flows_per_cpu_s"] > 0
