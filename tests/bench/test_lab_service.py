import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from frames import ethernet, ipv4, pcap, tcp

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_lab_service", BENCH / "lab_service.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["bench_lab_service"] = made
    spec.loader.exec_module(made)
    return made


def finding(
    family: str, told_s: float | None, per_s: float | None = 9.0, planned_per_s: float | None = None
) -> dict[str, Any]:
    found = told_s is not None
    return {
        "family": family, "variant": "one", "told_s": told_s, "named_s": told_s, "attacker": found, "severity": "low",
        "flows": 10, "alarms": 5 * found, "per_s": per_s, "planned_per_s": planned_per_s,
    }  # fmt: skip


def test_floods_that_the_machine_was_too_busy_for_are_told_apart_and_count_all_the_same(
    bench: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = [finding("ddos", None, 0.5, 10.0), finding("ddos", 1.5, 9.0, 10.0), finding("dos", 2.0, None, 15.0)]
    home = {"findings": [*planned, finding("xss", 1.0, 0.1)], "benign": 4, "benign_alarms": 0, "echoes": 0, "load": 1.0}
    assert bench.slowed([home]) == [planned[0], planned[2]]
    rows = bench.families([home])
    assert [row.attacks for row in rows] == [2, 1, 1, 4]
    bench.show({"families": rows, "live": [home]})
    told = capsys.readouterr().out
    assert "ddos one, 0.5 flows a second for each attacker instead of at least 10: never told" in told
    assert "dos one, 0.0 flows a second for each attacker instead of at least 15: told after 2.0 s" in told


def test_false_alerts_are_told_per_day_with_an_interval(bench: ModuleType) -> None:
    one = {"family": "dos", "severity": "high", "detectors": ("classifier",)}
    other = {"family": "unknown", "severity": "low", "detectors": ("anomaly", "classifier")}
    found = bench.false_alerts([{"hours": 6.0, "x": [one, other]}, {"hours": 6.0, "x": [other]}], "x")
    assert (found["hours"], found["alerts"]) == (12.0, 3)
    # Garwood's interval of 3 is 0.619 to 8.77 (Pearson and Hartley, Biometrika Tables, table 40).
    assert found["per_day"] == pytest.approx((6.0, 2 * 0.6187, 2 * 8.7673), abs=1e-3)
    assert found["grave_per_day"][0] == 2.0
    assert found["kinds"] == {"unknown low by anomaly+classifier": 2, "dos high by classifier": 1}


def test_a_home_that_nobody_attacked_is_read_by_the_service_and_one_with_attacks_refused(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [(1_700_000_000_000_000_000 + n * 10**7, ethernet(ipv4(tcp(src_port=n, dst_port=n)))) for n in range(1, 9)]
    (tmp_path / "capture.pcap.gz").write_bytes(pcap(frames))
    about = {"seed": 5, "seconds": 1800.0, "families": {"benign": 8}}
    (tmp_path / "recording.json").write_text(json.dumps(about))
    words = ["--seeds", "--quiet", str(tmp_path), "--detectors", "signatures"]
    assert bench.main(words) == 0
    assert "quiet homes: 0 false alerts in 0.50 h of home: 0.0 per day (0.0 to 177.1)" in capsys.readouterr().out
    (tmp_path / "recording.json").write_text(json.dumps({**about, "families": {"benign": 8, "dos": 1}}))
    with pytest.raises(SystemExit, match="has attacks; record homes with `redshank lab record --benign`"):
        bench.main(words)
