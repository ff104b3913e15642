from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.capture.packet import PACKET
from redshank.core.errors import ConfigError
from redshank.flows.meter import ANOMALIES, Meter, MeterSettings
from traces import START_NS, metered, table, trace

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
    return packets


def _settings(capacity: int, seed: int, *, checksums: bool = False) -> MeterSettings:
    return MeterSettings(capacity, seed, checksums=checksums, interim_packets=3, interim_s=2.5, payload_mib=1)


def _metered(packets: npt.NDArray[Any], meter: Meter) -> list[npt.NDArray[Any]]:
    """Feed packets at once; return the ROWs in the order in which they went out."""
    data = np.zeros(1 << 17, np.uint8)
    rows = [ended.rows.copy() for ended in meter.feed(packets, data)]
    rest = meter.take(force=True)
    return rows if rest is None else [*rows, rest.rows.copy()]


@settings(max_examples=examples(60), deadline=None)
@given(drawn=_PACKETS, block=st.integers(1, 70), checksums=st.booleans())
def test_rows_depend_on_the_packets_alone(*, drawn: list[dict[str, Any]], block: int, checksums: bool) -> None:
    packets = _records(drawn)
    rows = metered(packets, _settings(64, 1, checksums=checksums))
    assert metered(packets, _settings(64, 2, checksums=checksums), block) == rows
    small = _settings(16, 3, checksums=checksums)
    assert metered(packets, small) == metered(packets, _settings(16, 4, checksums=checksums), block)


@settings(max_examples=examples(60), deadline=None)
@given(drawn=_PACKETS, capacity=st.sampled_from([16, 64]))
def test_every_packet_is_counted_once_and_nothing_is_negative(drawn: list[dict[str, Any]], capacity: int) -> None:
    packets = _records(drawn)
    meter = Meter(_settings(capacity, 1))
    rows = metered(packets, _settings(capacity, 1))
    final = [row for row in rows if row["part"] == "final"]
    assert sum(row["src_pkts"] + row["dst_pkts"] for row in final) == len(packets)
    assert sum(row["src_ip_bytes"] + row["dst_ip_bytes"] for row in final) == int(packets["ip_length"].sum())
    for row in rows:
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert value >= 0, (name, value)
        assert (row["duration"] is None) == (row["src_bytes"] is None)
        assert row["burst_max_pkts"] <= row["src_pkts"] + row["dst_pkts"]
        assert len(row["first_sizes_bytes"]) == len(row["first_gaps_s"]) == min(row["src_pkts"] + row["dst_pkts"], 16)
        for side in ("src", "dst"):
            if row[f"{side}_pkts"]:
                low, mean, high = (row[f"{side}_size_{stat}_bytes"] for stat in ("min", "mean", "max"))
                assert low <= mean + 1e-6
                assert mean <= high + 1e-6
    _metered(packets, meter)
    assert meter.flows <= capacity


@settings(max_examples=examples(30), deadline=None)
@given(drawn=_PACKETS, looks=st.lists(st.integers(0, 10**10), min_size=60, max_size=60))
def test_a_wire_that_is_watched_between_packets_gives_the_rows_of_a_replay(
    drawn: list[dict[str, Any]], looks: list[int]
) -> None:
    packets = _records([{**values, "step_ns": abs(values["step_ns"]) % 10**11} for values in drawn])
    replay = metered(packets, _settings(64, 1))
    meter, live, data = Meter(_settings(64, 2)), [], np.zeros(1 << 17, np.uint8)
    for place in range(len(packets)):
        for ended in meter.feed(packets[place : place + 1], data):
            live += table(ended)
        if place + 1 < len(packets):
            now = int(packets["ts_ns"][place])
            for ended in meter.advance(min(now + looks[place], int(packets["ts_ns"][place + 1]))):
                live += table(ended)
        rest = meter.take(force=True)
        if rest is not None:
            live += table(rest)
    for ended in meter.finish():
        live += table(ended)

    def order(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["uid"], row["part"] == "final", row["src_pkts"] + row["dst_pkts"], row["part_reason"]

    # Looking more often tells rows of different flows apart earlier, so only their order may differ.
    assert sorted(live, key=order) == sorted(replay, key=order)


def _parts(lines: str, settings: MeterSettings) -> list[tuple[str, int, float | None]]:
    rows = metered(trace(lines), settings)
    assert len({row["uid"] for row in rows}) == 1
    return [(row["part_reason"], row["src_pkts"] + row["dst_pkts"], row["duration"]) for row in rows]


def test_a_flow_is_told_after_so_many_packets_and_whenever_they_have_doubled() -> None:
    many = "\n".join(f"0.{k:03} {'>' if k % 3 else '<'} - 10" for k in range(100))
    settings = MeterSettings(64, interim_packets=10, interim_s=0, payload_mib=1)
    assert [row[:2] for row in _parts(many, settings)] == [
        ("packets", 10),
        ("packets", 20),
        ("packets", 40),
        ("packets", 80),
        ("end_of_input", 100),
    ]


def test_a_flow_is_told_at_ages_that_double_with_the_packets_before_them() -> None:
    settings = MeterSettings(64, interim_packets=0, interim_s=10, payload_mib=1)
    lines = "\n".join(f"{second} > - 10" for second in range(0, 1000, 3))
    ages = [10, 20, 40, 80, 160, 320, 620, 920]
    assert [(reason, packets) for reason, packets, _ in _parts(lines, settings)] == [
        *(("time", len(range(0, age, 3))) for age in ages),
        ("end_of_input", 334),
    ]


def test_an_age_without_packets_since_the_last_row_passes_without_one() -> None:
    settings = MeterSettings(64, interim_packets=0, interim_s=10, udp_idle_s=500, payload_mib=1)
    assert _parts("0 > - 1\n1 > - 1\n25 > - 1\n450 > - 1\n700 > - 1", settings) == [
        ("time", 2, 1.0),
        ("time", 3, 25.0),
        ("time", 4, 450.0),
        ("end_of_input", 5, 700.0),
    ]


def test_the_packets_of_a_row_by_age_are_those_before_it_however_late_it_is_noticed() -> None:
    settings = MeterSettings(64, interim_packets=0, interim_s=10, payload_mib=1)
    assert _parts("0 > - 1\n9.999 > - 1\n10 > - 1\n59 > - 1", settings)[0] == ("time", 2, 9.999)
    assert _parts("0 > - 1\n9.999 > - 1\n59 > - 1", settings)[0] == ("time", 2, 9.999)


def test_a_flow_that_ends_soon_is_not_told_before() -> None:
    for interim_s, reasons in ((60, ["idle"]), (40, ["idle"]), (39.999, ["time", "idle"])):
        settings = MeterSettings(64, interim_packets=0, interim_s=interim_s, payload_mib=1)
        rows = metered(np.concatenate([trace("0 > - 1"), trace("200 > - 1", sport=9)]), settings)
        assert [row["part_reason"] for row in rows] == [*reasons, "end_of_input"]


def test_services_of_an_interim_row_are_kept_for_the_rows_that_follow() -> None:
    packets = trace("0 > - 1\n1 > - 1\n2 > - 1\n3 > - 1\n4 > - 1")
    meter = Meter(MeterSettings(64, interim_packets=2, interim_s=0, payload_mib=1))
    data = np.zeros(1, np.uint8)
    assert list(meter.feed(packets[:2], data)) == []
    ended = meter.take(force=True)
    assert ended is not None
    ended.rows["services"] = 4
    meter.remember(ended)
    assert list(meter.feed(packets[2:], data)) == []
    (last,) = meter.finish()
    assert [(int(row["packets"]), int(row["services"])) for row in last.rows] == [(4, 4), (5, 4)]
    last.rows["services"] = 2, 0
    meter.remember(last)
    assert last.rows["services"].tolist() == [2, 2]


def test_the_first_bytes_of_both_directions_come_with_a_row() -> None:
    packets = trace(
        "0 > S 99\n0.1 < SA 499 100\n0.2 > A 100 500\n0.3 > PA 103 500 4\n0.4 > PA 100 500 3\n0.5 < PA 500 107 2"
    )
    packets["payload_offset"] = 0, 0, 0, 3, 0, 7
    meter = Meter(MeterSettings(64, payload_mib=1))
    assert list(meter.feed(packets, np.frombuffer(b"GET /ab200", np.uint8)[:10])) == []
    (ended,) = meter.finish()
    (stream,) = ended.streams
    assert ended.data[stream["client_at"] : stream["client_end"]].tobytes() == b"GET /ab"
    assert ended.data[stream["server_at"] : stream["server_end"]].tobytes() == b"20"
    assert (int(stream["proto"]), int(stream["orig_port"]), int(stream["resp_port"])) == (6, 40000, 80)


def test_a_full_table_gives_up_single_packets_first_then_the_least_recently_active() -> None:
    session = "0 > S 1\n0.1 < SA 9 2\n0.2 > A 2 10"
    packets = np.concatenate([trace(session), *(trace("0.3 > - 10", sport=1000 + n) for n in range(40))])
    meter = Meter(MeterSettings(capacity=16, seed=1))
    rows = metered(packets, MeterSettings(capacity=16, seed=1))
    _metered(packets, meter)
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
    _metered(packets, meter)
    assert meter.flows == 1


def test_after_a_step_in_time_a_crowd_leaves_over_several_packets() -> None:
    crowd = np.concatenate([trace("0 > - 1", sport=port) for port in range(1, 3001)])
    late = trace("\n".join(f"{1000 + k} > 8/0 1" for k in range(10)))
    meter = Meter(MeterSettings(capacity=4096, seed=1, interim_s=0))
    reasons = [reason for packets in (crowd, late) for rows in _metered(packets, meter) for reason in rows["reason"]]
    assert meter.flows == 1
    for ended in meter.finish():
        reasons += ended.rows["reason"].tolist()
    assert [reasons.count(reason) for reason in range(4)] == [0, 3000, 0, 1]


def test_time_that_steps_back_is_counted_and_does_not_stop_the_clock() -> None:
    packets = trace("100000 > - 1\n0 > - 1\n0.5 < - 1\n100 > - 1")
    rows = metered(packets)
    assert [row["duration"] for row in rows] == [None, None]
    assert [row["src_pkts"] + row["dst_pkts"] for row in rows] == [3, 1]
    meter = Meter(MeterSettings(capacity=64))
    _metered(packets, meter)
    assert meter.counts[ANOMALIES.index("time_went_back")] == 1


def test_packets_with_bad_checksums_only_leave_a_letter() -> None:
    lines = "0 > S 1\n0.1 < SA 9 2 !\n0.2 < SA 9 2\n0.3 > A 2 10"
    (row,) = metered(trace(lines), MeterSettings(capacity=64, checksums=True))
    assert (row["history"], row["dst_pkts"]) == ("SchA", 1)
    (row,) = metered(trace(lines))
    assert (row["history"], row["dst_pkts"]) == ("ShA", 2)


def test_settings_name_every_wrong_value() -> None:
    with pytest.raises(ConfigError, match="5 is not 16 to 16777216") as caught:
        MeterSettings(capacity=5, udp_idle_s=-1, interim_packets=-2, interim_s=1e-9, payload_mib=0)
    assert caught.value.problems == [
        "meter.capacity: 5 is not 16 to 16777216 flows",
        "meter.udp_idle_s: -1 is not 0.001 to 86400 seconds",
        "meter.interim_packets: -2 is not 0 (never) to 1000000 packets",
        "meter.interim_s: 1e-09 is not 0 (never) or 0.001 to 86400 seconds",
        "meter.payload_mib: 0 is not 1 to 4096 MiB",
    ]
