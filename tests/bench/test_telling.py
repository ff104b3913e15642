import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from bundles import START_NS, Flows, flows
from records import alert
from redshank.alerts.group import GroupSettings

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def telling() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_telling", BENCH / "telling.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_telling"] = module
    spec.loader.exec_module(module)
    return module


def test_flows_of_one_attack_are_one_launch_and_a_pause_makes_two(telling: ModuleType) -> None:
    labels = pa.table(
        {
            "src_ip": ["a", "a", "b", "a", "a"],
            "family": ["dos", "dos", "dos", "dos", "benign"],
            "start_s": [1.0, 2.0, 5.0, 40.0, 3.0],
            "end_s": [1.5, 9.0, 5.0, 41.0, 99.0],
        }
    )
    found = [(one.device, one.begin_s, one.end_s) for one in telling.launches(labels)]
    assert sorted(found) == [("a", 1.0, 9.0), ("a", 40.0, 41.0), ("b", 5.0, 5.0)]


def test_the_time_is_from_the_first_packet_to_the_first_telling_about_the_device(telling: ModuleType) -> None:
    launch = telling.Launch("a", "dos", 10.0, 20.0)

    def told(at_s: float, *, device: str = "a", over: bool = False, last_s: float = 0.0) -> object:
        return telling.Told(alert(device=device, over=over, first_seen_s=0.0, last_seen_s=last_s), at_s)

    assert telling.delay_s(launch, [told(9.0), told(14.0), told(13.0), told(11.0, device="b")]) == 3.0
    assert telling.delay_s(launch, [told(9.0), told(14.0, over=True)]) is None
    assert telling.delay_s(launch, [told(51.0)]) is None
    assert math.isnan(telling.delay_s(launch, [told(9.0), told(60.0, over=True, last_s=15.0)]))
    assert telling.table([launch], [told(13.0)])[0].split() == ["dos", "1", "1", "3.0", "3.0"]


def test_packet_time_is_that_of_the_rows_told_so_far(telling: ModuleType) -> None:
    n = 2 * telling.ROWS
    clocked = telling.Clocked(Flows([flows(["benign"] * n, duration=[0.0] * n)]))
    seen = [(batch.num_rows, clocked.now_s) for batch in clocked.batches()]
    assert [rows for rows, _ in seen] == [telling.ROWS] * 2
    assert START_NS / 1e9 <= seen[0][1] <= seen[1][1]


def test_a_source_without_a_flow_tells_nothing(telling: ModuleType) -> None:
    assert telling.told(Flows([]), GroupSettings(early=True)) == []
