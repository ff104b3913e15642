import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_capture_service", BENCH / "capture_service.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["bench_capture_service"] = made
    spec.loader.exec_module(made)
    return made


@pytest.mark.timeout(120)
def test_every_packet_of_a_capture_is_judged_and_every_telling_has_a_line(bench: ModuleType, tmp_path: Path) -> None:
    bench.make(tmp_path / "made.pcap", 2_000)
    told = bench.measure(tmp_path / "made.pcap")
    assert told["packets"] == 2_000
    assert told["flows"] > 100
    assert told["eve_lines"] >= told["alerts"]
    assert told["packets_per_cpu_s"] == pytest.approx(2_000 / told["cpu_s"], rel=0.05)
    assert told["most_mib"] > 50
    json.dumps(told)


def test_a_service_that_does_not_start_is_told_with_its_capture(
    bench: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.pcap"
    path.write_text("Dear all")
    with pytest.raises(SystemExit, match=f"bench: the service ended with code 2 on '{path}'"):
        bench.measure(path, "nonsense = 1")
    assert "nonsense" in capfd.readouterr().err
