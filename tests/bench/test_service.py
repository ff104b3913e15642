import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.mark.timeout(120)
def test_a_small_load_is_judged_whole_and_its_alerts_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("bench_service", BENCH / "service.py")
    assert spec is not None
    assert spec.loader is not None
    service = importlib.util.module_from_spec(spec)
    sys.modules["bench_service"] = service
    spec.loader.exec_module(service)
    monkeypatch.setattr(service, "POOL", 2_000)
    monkeypatch.setattr(sys, "argv", ["service.py", "--rates", "200", "--seconds", "2", "--json"])
    service.main()
    told = json.loads(capsys.readouterr().out)
    assert told["judged"] == told["offered"] > 200
    assert told["shed"] == 0
    assert told["alerts_due"] >= 2
    assert told["alerts_told"] == told["alerts_due"]
    assert 0 < told["p50_s"] < 60
