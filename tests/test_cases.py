"""Detection cases: a folder each, with what goes in (capture.py), what must come out (case.toml) and why (README.md).

A case counts rows of a stream (alerts, or verdicts) that match the given values; what it does not name may change.
"""

import importlib.util
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bundles import tiny_bundle
from frames import pcap
from redshank.alerts.group import GroupSettings
from redshank.capture.sources.pcap import Pcap
from redshank.core.bundle import Bundle
from redshank.core.records import Alert
from redshank.detect.default import default_bundle
from redshank.detect.detectors.classifier import Classifier
from redshank.flows.sources.sensor import Sensor
from redshank.pipeline.run import run

CASES = Path(__file__).parent / "cases"


def _frames(folder: Path) -> list[tuple[int, bytes]]:
    spec = importlib.util.spec_from_file_location(f"case_{folder.name}", folder / "capture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    frames: list[tuple[int, bytes]] = module.frames()
    return frames


@pytest.mark.parametrize("name", sorted(path.parent.name for path in CASES.glob("*/case.toml")))
def test_case_comes_out_as_it_says(name: str, tmp_path: Path) -> None:
    case: dict[str, Any] = tomllib.loads((CASES / name / "case.toml").read_text())
    assert set(case) <= {"bundle", "window_s", "false_alarm_rate", "expect"}
    assert (CASES / name / "README.md").read_text().strip()
    (tmp_path / "capture.pcap").write_bytes(pcap(_frames(CASES / name)))
    bundle = tiny_bundle() if case["bundle"] == "tiny" else Bundle.load(default_bundle())
    alerts = list[Alert]()
    run(
        Sensor(Pcap(tmp_path / "capture.pcap")),
        [Classifier(bundle, case.get("false_alarm_rate", 0.01))],
        grouping=GroupSettings(window_s=case.get("window_s", 300.0)),
        verdicts=tmp_path / "verdicts.parquet",
        tell=alerts.append,
    )
    streams = {
        "alerts": [asdict(alert) for alert in alerts],
        "verdicts": pq.read_table(tmp_path / "verdicts.parquet").to_pylist(),
    }
    for expected in case["expect"]:
        rows = streams[expected["stream"]]
        match = expected.get("match", {})
        found = [row for row in rows if all(row[key] == value for key, value in match.items())]
        assert len(found) == expected["count"], f"{expected}\ncame out: {rows[:3]}"
