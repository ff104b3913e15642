"""The meter beside a slow one in plain Python (reference_meter.py): the same packets, the same rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.capture.packet import PACKET
from redshank.flows.meter import Ended, Meter, MeterSettings
from redshank.flows.metering.rows import flow_rows
from reference_meter import Packet, ReferenceMeter
from traffic import DATA, Act, Stage, acts, random_acts

Row = dict[str, Any]
SPARED = {"uid", "parents", "first_bytes", "first_gaps_s"}
"""Columns that are not compared as they are."""


def fast(packets: npt.NDArray[Any], how: MeterSettings, block: int = 8192) -> list[Row]:
    """Meter packets in blocks, looking for rows after each."""
    meter, rows = Meter(how), []
    for start in range(0, len(packets), block):
        for ended in meter.feed(packets[start : start + block], DATA):
            rows += _rows(ended)
        rest = meter.take(force=True)
        if rest is not None:
            rows += _rows(rest)
    for ended in meter.finish():
        rows += _rows(ended)
    return rows


def _rows(ended: Ended) -> list[Row]:
    batch = flow_rows(ended)
    rows: list[Row] = batch.drop_columns(["ts"]).to_pylist()
    for row, ts, stream in zip(rows, batch["ts"].cast("int64").to_pylist(), ended.streams, strict=True):
        row["ts"] = ts
        row["first_bytes"] = [
            ended.data[stream[f"{side}_at"] : stream[f"{side}_end"]].tobytes() for side in ("client", "server")
        ]
    return rows


def slow(packets: npt.NDArray[Any], how: MeterSettings) -> list[Row]:
    meter = ReferenceMeter(how)
    meter.feed(Packet(**dict(zip(packets.dtype.names or (), record, strict=True))) for record in packets.tolist())
    return meter.finish()


def differences(found: list[Row], expected: list[Row]) -> list[str]:
    """Return what differs, in words; uids are those of the reference's numbers, one to one."""
    if len(found) != len(expected):
        return [f"{len(found)} rows here, {len(expected)} in the reference"]
    differ, uids = [], dict[str, Any]()
    found, expected = sorted(found, key=_order), sorted(expected, key=_order)
    for row, wanted in zip(found, expected, strict=True):
        where = f"{row['ts']} {row['src_ip']} {row['src_port']} {row['part']}"
        differ += [
            f"{where} {name}: {row[name]} here, {value} in the reference"
            for name, value in wanted.items()
            if name not in SPARED and not _same(row[name], value)
        ]
        differ += [
            f"{where} first bytes: {len(said)} here, {length} in the reference"
            for said, (start, length, fewer) in zip(row["first_bytes"], wanted["first_bytes"], strict=True)
            if not (len(said) <= length if fewer else len(said) == length)
            or said != bytes((start + k) % 256 for k in range(len(said)))
        ]
        gaps = row["first_gaps_s"], wanted["first_gaps_s"]
        if len(gaps[0]) != len(gaps[1]) or not all(_same(a, b) for a, b in zip(*gaps, strict=True)):
            differ.append(f"{where} first_gaps_s: {row['first_gaps_s']} here, {wanted['first_gaps_s']}")
        # Two flows of one tuple that begin in the same nanosecond have one name.
        key = row["ts"], *_order(row)[1:4]
        if uids.setdefault(row["uid"], (wanted["uid"], key))[1] != key:
            differ.append(f"{where} uid: {row['uid']} names two flows")
    return differ + _parents_differ(found, expected, uids)


def _parents_differ(found: list[Row], expected: list[Row], uids: dict[str, Any]) -> list[str]:
    numbers = {number: uid for uid, (number, _) in uids.items()}
    tunnels: dict[Any, str] = {}
    differ = []
    for row, wanted in zip(found, expected, strict=True):
        texts = (row["tunnel_parents"] or "").split(",") if row["tunnel_parents"] else []
        if len(texts) != len(wanted["parents"]):
            differ.append(f"{row['ts']} tunnel_parents: {texts} here, {wanted['parents']} in the reference")
            continue
        for uid, parent in zip(texts, wanted["parents"], strict=True):
            known = numbers.get(parent[1], uid) if parent[0] == "flow" else tunnels.setdefault(parent, uid)
            if known != uid:
                differ.append(f"{row['ts']} tunnel_parents: {uid} here, {known} in the reference")
    return differ


def _order(row: Row) -> tuple[Any, ...]:
    packets = row["src_pkts"] + row["dst_pkts"]
    ends = row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"], row["ip_proto"]
    when = row["duration"] or 0, row["part"] == "final", row["part_reason"], row["history"] or "", row["conn_state"]
    return row["ts"], *sorted([ends[:2], ends[2:4]]), ends[4], packets, *when, row["src_ack_count"] or 0


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        if one is None or other is None:
            return one is other
        return bool(abs(one - other) <= 1e-6 * max(1.0, abs(one)))
    return bool(one == other)


HOW = (
    MeterSettings(capacity=64, seed=1),
    MeterSettings(capacity=64, seed=2, checksums=True, interim_packets=3, interim_s=0.5),
    MeterSettings(capacity=64, seed=3, interim_packets=0, interim_s=0),
)


@settings(max_examples=examples(150), deadline=None)
@given(done=acts, start=st.integers(0, 6), how=st.sampled_from(HOW), block=st.integers(1, 50))
def test_rows_are_those_of_the_reference(done: list[Act], start: int, how: MeterSettings, block: int) -> None:
    packets = Stage(start).play(done)
    assert differences(fast(packets, how, block), slow(packets, how)) == []


@pytest.mark.parametrize("seed", range(0, 240, 60))
def test_rows_of_longer_talks_are_those_of_the_reference(seed: int) -> None:
    for number in range(seed, seed + 60):
        packets = Stage(number % 7).play(random_acts(number, most=150))
        how = HOW[number % 3]
        assert differences(fast(packets, how, 1 + number % 60), slow(packets, how)) == [], f"random_acts({number})"


def test_numbers_that_wrap_around_with_the_data_of_a_syn_are_followed() -> None:
    # Found by the campaign: the short way for data in order took these numbers for ones before the start.
    packets = np.zeros(4, PACKET)
    packets["version"], packets["proto"], packets["window"], packets["ts_ns"] = 4, 6, 1000, 10**18
    packets["src_lo"], packets["dst_lo"] = [2, 1, 2, 2], [1, 2, 1, 1]
    packets["src_port"], packets["dst_port"] = [80, 40000, 80, 80], [40000, 80, 40000, 40000]
    packets["tcp_flags"], packets["seq"], packets["ack"] = [2, 18, 24, 24], [2**32 - 2, 1, 0, 1], [0, 0, 2, 2]
    packets["payload_length"] = packets["payload_captured"] = [1, 0, 1, 1]
    packets["payload_offset"], packets["ip_length"] = [255, 0, 0, 1], [41, 40, 41, 41]
    found = fast(packets, HOW[0])
    assert differences(found, slow(packets, HOW[0])) == []
    assert found[0]["first_bytes"][0] == bytes([255, 0, 1])
