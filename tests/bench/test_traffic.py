import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from redshank.capture.sources.pcap import Pcap

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def traffic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_traffic", BENCH / "traffic.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_traffic"] = module
    spec.loader.exec_module(module)
    return module


def test_a_capture_has_the_packets_asked_for_in_order_of_time(traffic: ModuleType, tmp_path: Path) -> None:
    flows, size = traffic.write(tmp_path / "a.pcap", 40_000)
    assert (tmp_path / "a.pcap").stat().st_size == size
    source = Pcap(tmp_path / "a.pcap")
    blocks = [(len(block.offset), block.ts_ns.copy(), block.captured.max()) for block in source.blocks()]
    assert source.anomalies == {}
    assert sum(count for count, _, _ in blocks) == 40_000
    assert (np.diff(np.concatenate([times for _, times, _ in blocks])) >= 0).all()
    assert max(kept for _, _, kept in blocks) == 128
    assert 0.06 < flows / 40_000 < 0.15  # flows that begin outweigh those that go on, in the first seconds


def test_a_smaller_capture_is_the_beginning_of_a_larger_one(traffic: ModuleType, tmp_path: Path) -> None:
    traffic.write(tmp_path / "a.pcap", 20_000)
    traffic.write(tmp_path / "b.pcap", 5_000)
    small = (tmp_path / "b.pcap").read_bytes()
    assert (tmp_path / "a.pcap").read_bytes()[: len(small)] == small


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_another_tool_finds_nothing_wrong_with_the_sessions(traffic: ModuleType, tmp_path: Path) -> None:
    traffic.write(tmp_path / "a.pcap", 20_000, 1_514)
    odd = "tcp.analysis.flags || ip.checksum.status == 0 || (_ws.malformed && !wlan)"
    done = subprocess.run(
        ["tshark", "-n", "-r", tmp_path / "a.pcap", "-o", "ip.check_checksum:TRUE", "-Y", odd],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
