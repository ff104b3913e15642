from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.capture.packet import PACKET
from redshank.core.errors import ConfigError
from redshank.flows.meter import ANOMALIES, Meter, MeterSettings
from traces import START_NS, metered, trace

_PORTS = (53, 80, 443, 40000, 40001)
_PACKETS = st.lists(
    st.fixed_dictionaries(
        {
            "src_lo": st.integers(1, 3),
            "dst_lo": st.integers(1, 3),
            "src_hi": st.sampled_from([0, 0, 7]),
            "src_port": st.sampled_from(_PORTS),
            "dst_port": st.sampled_from(_PORTS),
            "proto": st.sampled_from([1, 6, 6, 6, 17, 17, 58, 132]),
            "tcp_flags": st.integers(0, 63),
            "seq": st.sampled_from([0, 1, 100, 2**31, 2**32 - 1]),
            "ack": st.sampled_from([0, 1, 101, 2**31 + 5, 2**32 - 1]),
            "payload_length": st.sampled_from([0, 0, 1, 1400, 40000]),
            "cut": st.booleans(),
            "fragment": st.sampled_from([0, 0, 0, 0, 1, 2]),
            "bad_checksum": st.sampled_from([0, 0, 0, 1]),
            "window": st.sampled_from([0, 1000]),
            "step_ns": st.sampled_from([0, 1, 10**6, 10**9, 6 * 10**9, 400 * 10**9, -(10**9), -(10**15), 3 * 10**16]),
        }
    ),
    max_size=60,
)


def _records(drawn: list[dict[str, Any]]) -> npt.NDArray[Any]:
    packets = np.zeros(len(drawn), PACKET)
    now = START_NS
    for packet, values in zip(packets, drawn, strict=True):
        now = min(max(now + values["step_ns"], -5), 2**62 + 5)
        packet["ts_ns"], packet["version"], packet["vlan"] = now, 4 if values["src_hi"] == 0 else 6, -1
        for name, value in values.items():
            if name in (PACKET.names or ()):
                packet[name] = value
        packet["payload_captured"] = 0 if values["cut"] else values["payload_length"]
        packet["ip_length"] = 40 + values["payload_length"]
        if packet["fragment"] == 2:
            packet["src_port"] = packet["dst_port"] = 0
    return packets


@settings(max_examples=150, deadline=None)
@given(drawn=_PACKETS, block=st.integers(1, 70), checksums=st.booleans())
def test_rows_depend_on_the_packets_alone(*, drawn: list[dict[str, Any]], block: int, checksums: bool) -> None:
    packets = _records(drawn)
    rows = metered(packets, MeterSettings(capacity=64, seed=1, checksums=checksums))
    assert metered(packets, MeterSettings(capacity=64, seed=2, checksums=checksums), block) == rows
    small = MeterSettings(capacity=16, seed=3, checksums=checksums)
    assert metered(packets, small) == metered(packets, MeterSettings(16, 4, checksums=checksums), block)


@settings(max_examples=150, deadline=None)
@given(drawn=_PACKETS, capacity=st.sampled_from([16, 64]))
def test_every_packet_is_counted_once_and_nothing_is_negative(drawn: list[dict[str, Any]], capacity: int) -> None:
    packets = _records(drawn)
    meter = Meter(MeterSettings(capacity=capacity, seed=1))
    rows = metered(packets, MeterSettings(capacity=capacity, seed=1))
    whole = packets[packets["fragment"] != 2]
    assert sum(row["src_pkts"] + row["dst_pkts"] for row in rows) == len(whole)
    bytes_in_rows = sum(row["src_ip_bytes"] + row["dst_ip_bytes"] for row in rows)
    later = int(packets["payload_length"][packets["fragment"] == 2].sum())
    assert int(whole["ip_length"].sum()) <= bytes_in_rows <= int(whole["ip_length"].sum()) + later
    for row in rows:
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert value >= 0, (name, value)
        assert (row["duration"] is None) == (row["src_bytes"] is None)
        for side in ("src", "dst"):
            if row[f"{side}_pkts"]:
                low, mean, high = (row[f"{side}_size_{stat}_bytes"] for stat in ("min", "mean", "max"))
                assert low <= mean + 1e-6
                assert mean <= high + 1e-6
    for _ in meter.feed(packets):
        meter.take()
        assert meter.flows <= capacity


def test_a_full_table_gives_up_single_packets_first_then_the_least_recently_active() -> None:
    session = "0 > S 1\n0.1 < SA 9 2\n0.2 > A 2 10"
    packets = np.concatenate([trace(session), *(trace("0.3 > - 10", sport=1000 + n) for n in range(40))])
    meter = Meter(MeterSettings(capacity=16, seed=1))
    rows = metered(packets, MeterSettings(capacity=16, seed=1))
    for _ in meter.feed(packets):
        meter.take()
    evicted = [row for row in rows if row["part_reason"] == "evicted"]
    assert len(evicted) == meter.counts[ANOMALIES.index("flow_evicted")] == 25
    assert all(row["proto"] == "udp" for row in evicted)
    assert [row["history"] for row in rows if row["proto"] == "tcp"] == ["ShA"]


@pytest.mark.parametrize(
    ("lines", "idle_s"),
    [("0 > - 10", 60.0), ("0 > 8/0 10", 60.0), ("0 > S 1\n0.1 < SA 9 2\n0.2 > A 2 10", 300.2), ("0 > S 1", 5.0)],
)
def test_a_flow_ends_when_nothing_came_for_its_timeout(lines: str, idle_s: float) -> None:
    for late, flows in ((idle_s - 0.001, 1), (idle_s, 2)):
        flag = "- 10" if "-" in lines else "8/0 10" if "/" in lines else "A 2 10"
        rows = metered(trace(f"{lines}\n{late} > {flag}"))
        assert len(rows) == flows, (late, rows)
        assert rows[0]["part_reason"] == ("idle" if flows == 2 else "end_of_input")


def test_ended_flows_leave_the_table_without_a_packet_of_their_own() -> None:
    packets = np.concatenate([trace("0 > - 1", sport=port) for port in range(1, 11)] + [trace("100 > - 1", sport=99)])
    meter = Meter(MeterSettings(capacity=64, seed=1))
    for _ in meter.feed(packets):
        assert meter.flows == 1


def test_after_a_step_in_time_a_crowd_leaves_over_several_packets() -> None:
    crowd = np.concatenate([trace("0 > - 1", sport=port) for port in range(1, 3001)])
    late = trace("\n".join(f"{1000 + k} > 8/0 1" for k in range(10)))
    meter = Meter(MeterSettings(capacity=4096, seed=1))
    reasons: list[int] = []
    for packets in (crowd, late):
        for _ in meter.feed(packets):
            ended = meter.take()
            reasons += [] if ended is None else ended[0]["reason"].tolist()
    assert meter.flows == 1
    for rows, _ in meter.finish():
        reasons += rows["reason"].tolist()
    assert [reasons.count(reason) for reason in range(4)] == [0, 3000, 0, 1]


def test_time_that_steps_back_is_counted_and_does_not_stop_the_clock() -> None:
    packets = trace("100000 > - 1\n0 > - 1\n0.5 < - 1\n100 > - 1")
    rows = metered(packets)
    assert [row["duration"] for row in rows] == [None, None]
    assert [row["src_pkts"] + row["dst_pkts"] for row in rows] == [3, 1]
    meter = Meter(MeterSettings(capacity=64))
    for _ in meter.feed(packets):
        meter.take()
    assert meter.counts[ANOMALIES.index("time_went_back")] == 1


def test_later_fragments_add_bytes_to_the_flow_of_the_first_and_no_packet() -> None:
    packets = trace("0 > - 1472\n0.1 > - 500\n0.2 > - 500")
    packets["fragment"] = 1, 2, 2
    packets["src_port"][1:] = packets["dst_port"][1:] = 0
    packets["dst_lo"][2] += 1
    meter = Meter(MeterSettings(capacity=64))
    for _ in meter.feed(packets):
        meter.take()
    ((_, ends),) = meter.finish()
    assert (int(ends["packets"][0]), int(ends["ip_bytes"][0]), int(ends["payload_bytes"][0])) == (1, 2000, 1972)
    assert meter.counts[ANOMALIES.index("fragment_without_first")] == 1


def test_packets_with_bad_checksums_only_leave_a_letter() -> None:
    lines = "0 > S 1\n0.1 < SA 9 2 !\n0.2 < SA 9 2\n0.3 > A 2 10"
    (row,) = metered(trace(lines), MeterSettings(capacity=64, checksums=True))
    assert (row["history"], row["dst_pkts"]) == ("SchA", 1)
    (row,) = metered(trace(lines))
    assert (row["history"], row["dst_pkts"]) == ("ShA", 2)


def test_settings_name_every_wrong_value() -> None:
    with pytest.raises(ConfigError, match="5 is not 16 to 16777216") as caught:
        MeterSettings(capacity=5, udp_idle_s=-1)
    assert caught.value.problems == [
        "meter.capacity: 5 is not 16 to 16777216 flows",
        "meter.udp_idle_s: -1 is not 0.001 to 86400 seconds",
    ]
