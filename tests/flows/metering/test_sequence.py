import numpy as np
import pytest

from redshank.flows.metering.table import FIRST
from traces import metered, trace


def test_the_first_packets_have_size_direction_and_gap() -> None:
    lines = "\n".join(f"{k * 0.25} {'<' if k % 3 == 2 else '>'} - {k}" for k in range(20))
    (row,) = metered(trace(lines))
    assert row["first_sizes_bytes"] == [(-1 if k % 3 == 2 else 1) * (28 + k) for k in range(FIRST)]
    assert row["first_gaps_s"] == [0.0] + [0.25] * (FIRST - 1)


def test_an_exchange_of_roles_turns_the_direction_of_all_packets() -> None:
    (row,) = metered(trace("0 > - 90\n1 < - 30", sport=53, dport=40000))
    assert (row["src_port"], row["first_sizes_bytes"]) == (40000, [-118, 58])
    (row,) = metered(trace("0 < SA 500 101\n0.5 > A 101 501\n1 > PA 101 501 5", sport=40000, dport=40001))
    assert (row["src_port"], row["first_sizes_bytes"]) == (40000, [-40, 40, 45])


def test_bursts_are_told_apart_by_pauses_of_a_second() -> None:
    (row,) = metered(trace("0 > - 10\n0.5 < - 20\n0.9 > - 10\n2 > - 1000\n2.5 > - 10\n10 < - 1"))
    assert (row["burst_count"], row["burst_max_pkts"], row["burst_max_bytes"]) == (3, 3, 1066)
    assert row["burst_mean_s"] == pytest.approx((0.9 + 0.5 + 0) / 3)
    assert (row["idle_mean_s"], row["idle_max_s"]) == (pytest.approx((1.1 + 7.5) / 2), 7.5)


def test_a_flow_without_a_pause_is_one_burst() -> None:
    (row,) = metered(trace("0 > - 10\n0.999 > - 20"))
    assert (row["burst_count"], row["burst_max_pkts"], row["burst_max_bytes"]) == (1, 2, 86)
    assert (row["burst_mean_s"], row["idle_mean_s"], row["idle_max_s"]) == (pytest.approx(0.999), None, None)


def test_disorder_counts_as_no_time() -> None:
    packets = trace("1 > - 10\n0.5 > - 10\n0.75 > - 10")
    (row,) = metered(packets)
    assert row["first_gaps_s"] == [0.0, 0.0, 0.25]
    assert row["burst_mean_s"] == 0.0
    assert not np.isnan(row["src_gap_std_s"])
