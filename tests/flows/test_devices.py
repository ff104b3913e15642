import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.schema import DEVICE, flow_batch
from redshank.flows import devices as module
from redshank.flows.devices import IPS, MOST_OF_FLOW, NAMES_EACH, NETWORKS, PEERS, SERVICES, Devices
from redshank.flows.did import Doing
from redshank.flows.sources.zeek import Zeek
from redshank.flows.vendor import Vendors

S = 1_000_000_000
LAMP, HUB, ROUTER = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:fe"
FLOW = {
    "ts": 100 * S,
    "duration": 2.0,
    "src_mac": LAMP,
    "src_ip": "10.0.0.1",
    "dst_mac": HUB,
    "dst_ip": "10.0.0.2",
    "dst_port": 1883,
    "proto": "tcp",
    "service": "mqtt",
    "conn_state": "SF",
    "src_pkts": 5,
    "dst_pkts": 4,
    "src_ip_bytes": 500,
    "dst_ip_bytes": 300,
    "part": "final",
}


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    full = [FLOW | row for row in rows]
    return flow_batch({name: [row[name] for row in full] for name in full[0]}, rows=len(full))


def seen(*rows: dict[str, Any], **settings: Any) -> dict[str, dict[str, Any]]:
    devices = Devices(**settings)
    devices.take(batch(*rows))
    return table(devices)


def table(devices: Devices) -> dict[str, dict[str, Any]]:
    rows = devices.rows()
    assert rows.schema.equals(DEVICE)
    for name in ("first_seen", "last_seen"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, rows.column(name).cast(pa.int64()))
    return {row["mac"] or row["ips"][0]: row for row in rows.to_pylist()}


def test_both_ends_of_a_flow_are_devices() -> None:
    assert seen({}) == {
        LAMP: {
            "mac": LAMP,
            "ips": ["10.0.0.1"],
            "vendor": None,
            "first_seen": 100 * S,
            "last_seen": 102 * S,
            "offers": [],
            "uses": ["mqtt"],
            "peers": ["10.0.0.2"],
            "flows": 1,
            "sent_bytes": 500,
            "received_bytes": 300,
        },
        HUB: {
            "mac": HUB,
            "ips": ["10.0.0.2"],
            "vendor": None,
            "first_seen": 100 * S,
            "last_seen": 102 * S,
            "offers": ["mqtt"],
            "uses": [],
            "peers": [],
            "flows": 1,
            "sent_bytes": 300,
            "received_bytes": 500,
        },
    }


def test_interim_rows_count_no_flow_and_no_byte_twice() -> None:
    interim = {"part": "interim", "duration": 10.0, "service": "http"}
    lamp = seen(interim, interim | {"duration": 20.0}, {"duration": 1.0})[LAMP]
    assert (lamp["flows"], lamp["sent_bytes"], lamp["received_bytes"]) == (1, 500, 300)
    assert (lamp["last_seen"], lamp["uses"]) == (120 * S, ["http", "mqtt"])


@pytest.mark.parametrize("duration", [math.nan, -1.0, 1e300, None])
def test_a_duration_that_is_none_counts_as_none(duration: float | None) -> None:
    assert seen({"duration": duration})[LAMP]["last_seen"] == 100 * S


def test_a_service_not_yet_recognized_is_not_called_by_its_port() -> None:
    assert seen({"part": "interim", "service": None})[HUB]["offers"] == []
    assert seen({"service": None})[HUB]["offers"] == ["tcp/1883"]


def test_only_what_is_answered_is_offered() -> None:
    for odd in ({"conn_state": "REJ"}, {"conn_state": "S0"}, {"conn_state": "OTH"}, {"proto": "udp", "service": None}):
        assert seen(odd)[HUB]["offers"] == []
    assert seen({"proto": "udp", "service": None, "dst_bytes": 9, "conn_state": "SF"})[HUB]["offers"] == ["udp/1883"]
    assert seen({"proto": "icmp", "service": None, "dst_bytes": 9})[HUB]["offers"] == []
    assert seen({"proto": None, "service": None, "dst_bytes": 9})[LAMP]["uses"] == []


def test_who_never_sent_anything_is_no_device() -> None:
    assert list(seen({"dst_pkts": 0, "conn_state": "S0"})) == [LAMP]
    assert list(seen({"dst_pkts": None, "src_pkts": None})) == [LAMP, HUB]  # another tool did not count


@pytest.mark.parametrize(
    "end",
    [
        {"dst_mac": "01:00:5e:00:00:fb", "dst_ip": "224.0.0.251"},
        {"dst_mac": "ff:ff:ff:ff:ff:ff", "dst_ip": "10.0.0.255"},
        {"dst_mac": "33:33:00:00:00:01", "dst_ip": "ff02::1"},
        {"dst_mac": None, "dst_ip": "239.255.255.250"},
        {"dst_mac": HUB, "dst_ip": "255.255.255.255"},
        {"dst_mac": HUB, "dst_ip": "0.0.0.0"},
        {"dst_mac": HUB, "dst_ip": "::"},
        {"dst_mac": HUB, "dst_ip": None},
        {"dst_mac": None, "dst_ip": "93.184.216.34"},
    ],
)
def test_groups_and_strangers_are_no_devices(end: dict[str, Any]) -> None:
    assert list(seen(end)) == [LAMP]


def test_who_claims_an_address_by_arp_has_it_not_for_that() -> None:
    assert seen({"proto": "arp", "service": None, "src_mac": HUB, "src_ip": "10.0.0.1", "dst_pkts": 0}) == {}


@pytest.mark.parametrize("ip", ["10.0.0.7", "172.31.0.1", "192.168.1.1", "100.64.0.1", "FD00::1", "fe80::1", "::1"])
def test_without_a_mac_a_private_address_is_a_device(ip: str) -> None:
    for mac in (None, "00:00:00:00:00:00"):
        row = seen({"src_mac": mac, "src_ip": ip})[ip]
        assert (row["mac"], row["ips"], row["sent_bytes"]) == (None, [ip], 500)


def test_what_appears_behind_a_router_is_not_its_own() -> None:
    out = {"dst_mac": ROUTER, "service": "ssl"}
    rows = [out | {"dst_ip": f"93.184.{number}.34"} for number in range(NETWORKS + 1)]
    own = {"src_mac": ROUTER, "src_ip": "10.0.0.254", "service": "ntp"}
    router = seen(*rows, own)[ROUTER]
    assert (router["ips"], router["offers"], router["uses"]) == (["10.0.0.254"], [], ["ntp"])
    assert (router["flows"], router["sent_bytes"], router["received_bytes"]) == (1, 500, 300)
    few = seen(*rows[1:], own)[ROUTER]
    assert (sorted(few["ips"]), few["flows"]) == (
        sorted(["10.0.0.254", *(row["dst_ip"] for row in rows[1:])]),
        1 + NETWORKS,
    )


def test_public_addresses_of_one_network_stay_with_their_device() -> None:
    ips = [f"2001:db8:0:1::{number:x}" for number in range(1, 9)]
    row = seen(*({"src_ip": ip, "ts": number * S} for number, ip in enumerate(ips)))[LAMP]
    assert row["ips"] == ips[::-1]
    assert row["flows"] == 8


def test_lists_hold_what_was_seen_last() -> None:
    devices = Devices()
    for begin in (0, 20):
        devices.take(
            batch(
                *(
                    {"src_ip": f"10.0.0.{n}", "ts": n * S, "dst_port": n, "service": None}
                    for n in range(begin, begin + 40)
                )
            )
        )
    lamp, hub = table(devices)[LAMP], table(devices)[HUB]
    assert lamp["ips"] == [f"10.0.0.{n}" for n in range(59, 59 - IPS, -1)]
    assert lamp["uses"] == hub["offers"] == [f"tcp/{n}" for n in range(59, 59 - SERVICES, -1)]
    assert (lamp["flows"], lamp["first_seen"], lamp["last_seen"]) == (80, 0, 61 * S)


@pytest.mark.parametrize("many", [1, 20])
def test_names_seen_at_the_same_time_have_their_place_in_any_batches(many: int) -> None:
    rows = [{"dst_ip": f"10.1.0.{n}"} for n in range(10, 10 + PEERS + 8)]
    devices = Devices()
    for begin in range(0, len(rows), many):
        devices.take(batch(*rows[begin : begin + many]))
        devices.rows()
    assert table(devices)[LAMP]["peers"] == [row["dst_ip"] for row in rows[:PEERS]]


def test_names_of_all_devices_are_bounded_and_those_with_few_keep_them() -> None:
    many = [
        {"src_mac": f"02:00:00:00:01:{n:02x}", "dst_pkts": 0, "dst_ip": f"10.1.{n}.{k}", "ts": k * S}
        for n in range(60)
        for k in range(PEERS)
    ]
    devices = Devices(capacity=64)
    for k in range(0, len(many), 600):
        devices.take(batch(*many[k : k + 600], {"dst_ip": "10.0.0.2", "ts": 0}))
        devices.rows()
        held = [names for shares in devices._seen.values() for share in shares.values() for names in share.lists()]
        assert sum(map(len, held)) <= NAMES_EACH * 64
    found = table(devices)
    assert len(found) == 62
    assert (found[LAMP]["peers"], found[HUB]["offers"]) == (["10.0.0.2"], ["mqtt"])
    lengths = {len(row["peers"]) for name, row in found.items() if name not in (LAMP, HUB)}
    assert min(lengths) >= NAMES_EACH // 2
    for n in range(60):
        latest = [f"10.1.{n}.{k}" for k in range(PEERS - 1, -1, -1)]
        told = found[f"02:00:00:00:01:{n:02x}"]["peers"]
        assert told == latest[: len(told)]


def test_those_seen_least_recently_are_forgotten_and_counted() -> None:
    devices = Devices(capacity=3)
    rows = [{"src_mac": f"02:00:00:00:01:{n:02x}", "ts": n * S, "dst_pkts": 0} for n in range(10)]
    for row in rows[:6]:
        devices.take(batch(row))
    assert list(table(devices)) == [row["src_mac"] for row in rows[3:6]]
    assert devices.evicted == 3
    devices.take(batch(*rows[6:]))
    assert list(table(devices)) == [row["src_mac"] for row in rows[7:]]
    assert devices.evicted == 7
    at_once = Devices(capacity=3)
    at_once.take(batch(*rows))
    assert at_once.rows().equals(devices.rows())
    assert at_once.evicted == 7


def test_a_capacity_that_holds_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity: 0 devices; at least 1"):
        Devices(0)


def test_a_device_bears_the_name_of_its_vendor(tmp_path: Path) -> None:
    (tmp_path / "oui.csv").write_text("Registry,Assignment,Organization Name,\nMA-L,0017F2,Lamps Ltd,\n")
    rows = seen({"src_mac": "00:17:F2:00:00:01"}, vendors=Vendors((tmp_path,)))
    assert (rows["00:17:f2:00:00:01"]["vendor"], rows[HUB]["vendor"]) == ("Lamps Ltd", None)


def test_no_flows_are_no_devices() -> None:
    devices = Devices()
    devices.take(flow_batch({}, rows=0))
    devices.take(flow_batch({}, rows=3))
    assert devices.rows().num_rows == 0


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "ts": st.integers(0, 50).map(lambda second: second * S),
            "duration": st.none() | st.integers(0, 9).map(float),
            "src_mac": st.sampled_from([LAMP, HUB, None]),
            "src_ip": st.sampled_from(["10.0.0.1", "fe80::1", "93.184.216.34", "odd"]),
            "dst_mac": st.sampled_from([ROUTER, HUB, None]),
            "dst_ip": st.sampled_from(["10.0.0.2", "10.0.0.3", "8.8.8.8", "224.0.0.1"]),
            "service": st.sampled_from(["mqtt", "dns", None]),
            "proto": st.sampled_from(["tcp", "udp", "icmp"]),
            "dst_pkts": st.integers(0, 2),
            "part": st.sampled_from(["final", "interim", None]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(40), deadline=None)
@given(ROWS, st.integers(1, 11), st.integers(1, 5))
def test_devices_do_not_depend_on_how_flows_are_batched_and_looked_at(
    rows: Sequence[dict[str, Any]], cut: int, together_rows: int
) -> None:
    together, apart = Devices(doing=Doing()), Devices(doing=Doing())
    together.take(batch(*rows))
    expected = together.rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE_ROWS", together_rows)
        for part in (rows[:cut], rows[cut:]):
            if part:
                apart.take(batch(*part))
        assert apart.rows().equals(expected)
    assert together.did() == apart.did()


def test_counts_of_another_tool_that_cannot_be_stay_numbers_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLE_ROWS", 1)
    monkeypatch.setattr(module, "MOST_IN_ALL", 5 * MOST_OF_FLOW)
    wrong = {"src_ip_bytes": 2**63 - 1, "dst_ip_bytes": 2**63 - 1}
    devices = Devices()
    devices.take(batch(wrong, wrong))
    assert table(devices)[LAMP]["sent_bytes"] == table(devices)[LAMP]["received_bytes"] == 2 * MOST_OF_FLOW
    devices.take(batch(*[wrong] * 4))
    assert table(devices)[LAMP]["sent_bytes"] == 5 * MOST_OF_FLOW


@pytest.mark.data
def test_a_camera_in_a_real_log_is_found(data: Path) -> None:
    devices = Devices()
    for flows in Zeek(data / "data" / "iot23" / "CTU-IoT-Malware-Capture-42-1.conn.log.labeled.gz").batches():
        devices.take(flows)
    rows = table(devices)
    assert rows["192.168.1.197"]["flows"] == 4_426
