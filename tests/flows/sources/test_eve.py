import gzip
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW
from redshank.flows.sources.eve import Eve


def ends(number: int, proto: str) -> dict[str, Any]:
    return {"timestamp": "2021-06-06T16:00:00.000000+0200", "flow_id": number, "src_ip": "10.0.0.1", "src_port": 5000,
            "dest_ip": "10.0.0.2", "dest_port": 53, "proto": proto}  # fmt: skip


def flow(number: int, proto: str = "UDP", **more: Any) -> dict[str, Any]:
    counts = {"pkts_toserver": 1, "pkts_toclient": 2, "bytes_toserver": 75, "bytes_toclient": 230,
              "start": "2021-06-06T15:59:46.457984+0200", "end": "2021-06-06T15:59:46.707984+0200",
              "age": 0, "state": "established", "reason": "timeout", "alerted": False}  # fmt: skip
    return {**ends(number, proto), "event_type": "flow", "flow": counts | more.pop("flow", {}), **more}


def dns(number: int, **more: Any) -> dict[str, Any]:
    return {**ends(number, "UDP"), "event_type": "dns", "dns": {"type": "query", "id": 7, "rrname": "a.example",
            "rrtype": "AAAA", "tx_id": 0, **more}}  # fmt: skip


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def example(place: Path) -> Eve:
    path = place / "eve.json"
    hostile = flow(10_000, app_proto="\x1b[2J<script>", community_id="\u202e")
    path.write_bytes(lines(*map(flow, range(9_000)), hostile).encode() + b'{"event_type":"flow\xff\xfe"}\n')
    return Eve(path)


def rows(source: Eve) -> list[dict[str, Any]]:
    table = pa.Table.from_batches(source.batches(), FLOW)
    table = table.set_column(0, "ts", table.column("ts").cast(pa.int64()))
    return [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]


def read(place: Path, *events: dict[str, Any], **options: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    path = place / "eve.json"
    path.write_text(lines(*events))
    source = Eve(path, **options)
    return rows(source), {f"{stage}.{name}": amount for (stage, name), amount in source.anomalies.items()}


def test_a_flow_event_becomes_a_flow(tmp_path: Path) -> None:
    found, counts = read(tmp_path, flow(5, app_proto="tls", vlan=[7, 8], community_id="1:x",
                                        ether={"src_macs": ["02:00:00:00:00:01"], "dest_macs": []}))  # fmt: skip
    assert found == [
        {
            "ts": 1_622_987_986_457_984_000,
            "uid": "5",
            "src_ip": "10.0.0.1",
            "src_port": 5000,
            "dst_ip": "10.0.0.2",
            "dst_port": 53,
            "proto": "udp",
            "ip_proto": 17,
            "service": "ssl",
            "duration": 0.25,
            "conn_state": "SF",
            "src_pkts": 1,
            "src_ip_bytes": 61,
            "dst_pkts": 2,
            "dst_ip_bytes": 202,
            "vlan": 7,
            "community_id": "1:x",
            "src_mac": "02:00:00:00:00:01",
            "part": "final",
            "part_reason": "record",
        }
    ]
    assert counts == {}


def test_flags_of_both_directions_tell_the_state_of_tcp(tmp_path: Path) -> None:
    flags = [("1b", "1b"), ("02", "14"), ("16", "16"), ("00", "00"), ("xx", "1b")]
    events = [flow(n, "TCP", tcp={"tcp_flags_ts": ts, "tcp_flags_tc": tc}) for n, (ts, tc) in enumerate(flags)]
    assert [row.get("conn_state") for row in read(tmp_path, *events)[0]] == ["SF", "REJ", None, None, None]


def test_icmp_has_its_type_and_the_type_that_answers(tmp_path: Path) -> None:
    event = flow(1, "IPv6-ICMP", icmp_type=128, icmp_code=0)
    (row,), _ = read(tmp_path, {name: value for name, value in event.items() if not name.endswith("port")})
    assert (row["proto"], row["ip_proto"], row["src_port"], row["dst_port"], row["conn_state"]) == (
        "icmp",
        58,
        128,
        129,
        "OTH",
    )


def test_events_of_applications_are_joined_by_flow_and_the_first_speaks(tmp_path: Path) -> None:
    found, counts = read(
        tmp_path,
        dns(1),
        dns(1, id=8, rrname="later.example"),
        dns(1, type="answer", rcode="NXDOMAIN", rd=True),
        dns(2),
        dns(2, type="answer", id=9, rcode="NOERROR"),  # answers another question
        {**ends(3, "TCP"), "event_type": "http", "http": {"hostname": "h", "url": "/\u00e9\x1b", "status": 200}},
        *map(flow, (1, 2, 3)),
    )
    assert [(row.get("dns_query"), row.get("dns_qtype"), row.get("dns_rcode"), row.get("dns_RD")) for row in found] == [
        ("a.example", 28, 3, True),
        ("a.example", 28, None, None),
        (None, None, None, None),
    ]
    assert (found[2]["http_host"], found[2]["http_uri"], found[2]["http_status_code"]) == (
        "h",
        "/\u00e9\\x1b",  # as our own sensor writes it
        200,
    )
    assert counts == {}


def test_two_netflow_events_are_one_flow_unless_there_are_flow_events(tmp_path: Path) -> None:
    def half(src: str, dst: str, flags: str) -> dict[str, Any]:
        counted = {"pkts": 1, "bytes": 60, "start": "2020-10-01T21:25:04.070479+0000", "end": "2020-10-01T21:25:04.1Z"}
        ports = {"src_port": 4000, "dest_port": 22} if src == "10.0.0.1" else {"src_port": 22, "dest_port": 4000}
        return {**ends(1, "TCP"), "src_ip": src, "dest_ip": dst, **ports, "event_type": "netflow", "netflow": counted,
                "tcp": {"tcp_flags": flags}}  # fmt: skip

    halves = [half("10.0.0.2", "10.0.0.1", "14"), half("10.0.0.1", "10.0.0.2", "02")]
    (row,), counts = read(tmp_path, *halves)
    assert (row["src_ip"], row["dst_port"], row["conn_state"], row["src_pkts"], row["dst_pkts"]) == (
        "10.0.0.1",
        22,
        "REJ",
        1,
        1,
    )
    assert counts == {}
    found, counts = read(tmp_path, *halves, flow(9))
    assert [row["uid"] for row in found] == ["9"]
    assert counts == {"seen.event_netflow": 2}


def test_other_events_and_broken_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    other: list[dict[str, Any]] = [
        {"event_type": "alert"},
        {"event_type": "stats", "stats": {"x": 1}},
        {"event_type": "\x1b[2J"},
        {},
    ]
    path.write_text(lines(flow(1), *other) + "broken\n" + lines(flow(2, src_ip="nowhere", flow={"pkts_toserver": "x"})))
    source = Eve(path)
    assert [row["uid"] for row in rows(source)] == ["1"]
    assert {f"{stage}.{name}": amount for (stage, name), amount in source.anomalies.items()} == {
        "seen.event_alert": 1,
        "seen.event_stats": 1,
        "seen.event_other": 2,
        "eve.broken_json": 1,
        "eve.src_ip_unreadable": 1,
        "eve.src_pkts_unreadable": 1,
        "eve.address_missing": 1,
    }


def test_a_folder_is_read_in_the_order_of_writing(tmp_path: Path) -> None:
    for age, (name, number) in enumerate([("eve.json", 3), ("eve.json.1", 2), ("eve.json.2.gz", 1)]):
        content = lines(flow(number)).encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        os.utime(tmp_path / name, (1_000 - age, 1_000 - age))
    assert [row["uid"] for row in rows(Eve(tmp_path))] == ["1", "2", "3"]


def test_a_growing_and_rotated_log_is_followed_until_asked_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_text(lines(dns(1)) + lines(flow(1))[:40])
    source = Eve(path, follow=True)
    found: list[str] = []

    def write() -> None:
        with path.open("a") as file:
            file.write(lines(flow(1))[40:])
        path.rename(tmp_path / "eve.json.1")
        path.write_text(lines(flow(2)))
        until = time.monotonic() + 60
        while len(found) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        source.stop()

    writer = threading.Thread(target=write)
    writer.start()
    for batch in source.batches():
        found += batch.column("uid").to_pylist()
        assert batch.column("dns_query").to_pylist() == (["a.example"] if found == ["1"] else [None])
    writer.join()
    assert found == ["1", "2"]


def test_following_ends_by_itself_when_nothing_comes(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_text(lines(flow(1)) + json.dumps(flow(2)))
    assert [row["uid"] for row in rows(Eve(path, follow=True, idle_s=0.2))] == ["1", "2"]


def test_what_is_no_eve_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent: no such file or folder; name an eve.json"):
        Eve(tmp_path / "absent")
    with pytest.raises(ConfigError, match=r"a folder without eve.json"):
        Eve(tmp_path)
    for content in ("hello\x1b[2J\n", '{"uid":"C1"}\n', "[1]\n"):
        (tmp_path / "x").write_text(content)
        with pytest.raises(SourceError, match=r"x: not EVE JSON, whose lines are objects with an 'event_type'; it st"):
            Eve(tmp_path / "x")
    (tmp_path / "x").write_text("")
    with pytest.raises(SourceError, match="x: empty; name an eve.json of Suricata"):
        Eve(tmp_path / "x")


def test_texts_are_kept_as_far_as_the_sensor_keeps_them(tmp_path: Path) -> None:
    asked = {"hostname": "h" * 4_000, "url": "/" + "u" * 4_000, "http_user_agent": "a" * 4_000}
    found, counts = read(tmp_path, {**ends(3, "TCP"), "event_type": "http", "http": asked}, flow(3, "TCP"))
    names = ("http_host", "http_uri", "http_user_agent")
    assert [len(found[0][name]) for name in names] == [256, 1_024, 480]
    assert {name: counts[f"eve.{name}_cut"] for name in names} == dict.fromkeys(names, 1)


KINDS = st.sampled_from(["flow", "netflow", "dns", "http", "tls", "mqtt", "alert"])
ODD = st.none() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False) | st.lists(st.integers(), max_size=2)
NAMES = st.sampled_from(["flow", "netflow", "dns", "tls", "vlan", "ether", "flow_id", "src_ip", "proto", "icmp_type",
                         "start", "pkts", "pkts_toserver", "id", "type", "tcp"])  # fmt: skip
EVENTS = st.dictionaries(NAMES, ODD | st.dictionaries(NAMES, ODD, max_size=3), max_size=5)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=st.lists(st.tuples(KINDS, EVENTS), max_size=4))
def test_any_events_never_raise(events: list[tuple[str, dict[str, Any]]], tmp_path: Path) -> None:
    made = [{**flow(number), **event, "event_type": kind} for number, (kind, event) in enumerate(events)]
    found, counts = read(tmp_path, flow(99), *made)
    assert found[0]["uid"] == "99"
    assert all(amount > 0 for amount in counts.values())


@pytest.mark.data
def test_a_published_log_of_alerts_has_no_flows_and_says_so(data: Path) -> None:
    source = Eve(data / "pcaps" / "attacks" / "flow-logs" / "netflowlabeler__suricata.json")
    assert list(source.batches()) == []
    assert source.anomalies == {("seen", "event_alert"): 13}
