from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from redshank.core.schema import FLOW
from redshank.flows.metering.measures import BLOCK, DIVISORS, FLOATS, INTS, LONGS, write_measures
from redshank.flows.metering.table import END, MORE, ROW


def _measured(rows: npt.NDArray[Any], more: npt.NDArray[Any], ends: npt.NDArray[Any]) -> dict[str, list[float]]:
    blocks = -(-len(rows) // BLOCK)
    floats, longs = np.zeros((len(FLOATS), blocks, BLOCK)), np.zeros((len(LONGS), blocks, BLOCK), np.int64)
    ints = np.zeros((len(INTS), blocks, BLOCK), np.int32)
    scratch = np.ones((len(FLOATS) + DIVISORS, BLOCK)), np.zeros_like(longs[:, 0]), np.zeros_like(ints[:, 0])
    for block in range(blocks):
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        two = slice(2 * block * BLOCK, 2 * (block + 1) * BLOCK)
        write_measures(rows[part], more[part], ends[two], block, floats, longs, ints, *scratch)
    kinds: tuple[tuple[tuple[str, ...], npt.NDArray[Any]], ...] = ((FLOATS, floats), (LONGS, longs), (INTS, ints))
    return {
        name: column.ravel()[: len(rows)].tolist()
        for names, values in kinds
        for name, column in zip(names, values, strict=True)
    }


def test_every_number_is_a_column_of_its_type() -> None:
    for names, kinds in ((FLOATS, {"double"}), (LONGS, {"int64", "timestamp[ns, tz=UTC]"}), (INTS, {"int32"})):
        assert {str(FLOW.field(name).type) for name in names} == kinds
    assert len({*FLOATS, *LONGS, *INTS}) == len(FLOATS) + len(LONGS) + len(INTS)


def test_sums_become_means_deviations_and_seconds_in_every_block() -> None:
    count = 2 * BLOCK + 5
    rows, more, ends = np.zeros(count, ROW), np.zeros(count, MORE), np.zeros(2 * count, END)
    places = np.arange(count)
    rows["packets"], rows["ip_bytes"], rows["proto"], rows["orig_is_a"] = 3, 600, 17, places % 2
    rows["a_port"], rows["b_port"], rows["first_ns"], rows["last_ns"] = 5, 53, places, places + 3 * 10**9
    rows["seen_ns"], rows["vlan"], rows["missed_bytes"] = places + 3 * 10**9, 7, places
    sender = ends[::2]
    sender["packets"], sender["ip_bytes"], sender["size_squares"] = 3, 600, 100**2 + 200**2 + 300**2
    sender["size_min"], sender["size_max"], sender["reach"], sender["bare"] = 100, 300, 70, 1
    sender["gap_sum"], sender["gap_squares"] = 3 * 10**9, (1 + 4) * 10**18
    sender["gap_min"], sender["gap_max"], sender["urg"] = 10**9, 2 * 10**9, places
    found = _measured(rows, more, ends)
    same = {name: values[0] for name, values in found.items() if len(set(values)) == 1}
    assert same["src_size_std_bytes"] == pytest.approx(np.std([100, 200, 300]), rel=1e-15)
    assert (same["src_size_min_bytes"], same["src_size_mean_bytes"], same["src_size_max_bytes"]) == (100, 200, 300)
    assert (same["src_gap_min_s"], same["src_gap_mean_s"], same["src_gap_max_s"]) == (1.0, 1.5, 2.0)
    assert (same["src_gap_std_s"], same["duration"], same["burst_mean_s"]) == (0.5, 3.0, 3.0)
    assert (same["dst_size_mean_bytes"], same["dst_gap_std_s"], same["idle_max_s"]) == (0.0, 0.0, 0.0)
    assert (same["src_bytes"], same["src_pkts"], same["src_ip_bytes"], same["src_ack_count"]) == (70, 3, 600, 2)
    assert (same["burst_count"], same["burst_max_pkts"], same["burst_max_bytes"]) == (1, 3, 600)
    assert (same["ip_proto"], same["vlan"]) == (17, 7)
    assert found["ts"] == found["missed_bytes"] == found["src_urg_count"] == places.tolist()
    assert found["src_port"] == [5 if place % 2 else 53 for place in places]


def test_the_burst_that_lasts_follows_from_the_flow() -> None:
    rows, more, ends = np.zeros(2, ROW), np.zeros(2, MORE), np.zeros(4, END)
    rows["packets"], rows["ip_bytes"], rows["pauses"], rows["seen_ns"] = 10, 1000, (1, 2), 10 * 10**9
    more["burst_packets"], more["burst_bytes"] = (4, 9), (400, 900)
    more["burst_max_packets"], more["burst_max_bytes"] = (4, 5), (400, 500)
    more["idle_sum"], more["idle_max"] = (4 * 10**9, 7 * 10**9), (4 * 10**9, 5 * 10**9)
    found = _measured(rows, more, ends)
    assert (found["burst_max_pkts"], found["burst_max_bytes"]) == ([6, 5], [600, 500])
    assert (found["burst_mean_s"], found["idle_mean_s"]) == ([3.0, 1.0], [4.0, 3.5])
    assert (found["idle_max_s"], found["burst_count"]) == ([4.0, 5.0], [2, 3])
