import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.alerts.severity import FAMILIES
from redshank.alerts.sinks.eve import OTHER, SIGNATURES, Eve, to_line
from redshank.core import files
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.records import SEVERITIES, Alert
from told import ALERT, FLOW

# Field names and types of an alert event in Suricata's documentation
# (https://docs.suricata.io/en/latest/output/eve/eve-json-format.html) and in its own schema (etc/schema.json of its
# source); written anew, nothing else is allowed.
TEXTS = {"type": "array", "items": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["timestamp", "event_type", "alert"],
    "additionalProperties": False,
    "properties": {
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}\+0000$"},
        "flow_id": {"type": "integer", "minimum": 0, "maximum": 2**53 - 1},
        "event_type": {"const": "alert"},
        "src_ip": {"type": "string"},
        "src_port": {"type": "integer", "minimum": 0, "maximum": 65535},
        "dest_ip": {"type": "string"},
        "dest_port": {"type": "integer", "minimum": 0, "maximum": 65535},
        "proto": {"enum": ["TCP", "UDP", "ICMP", "IPv6-ICMP"]},
        "icmp_type": {"type": "integer", "minimum": 0, "maximum": 255},
        "icmp_code": {"type": "integer", "minimum": 0, "maximum": 255},
        "community_id": {"type": "string"},
        "alert": {
            "type": "object",
            "required": ["action", "gid", "signature_id", "rev", "signature", "category", "severity"],
            "additionalProperties": False,
            "properties": {
                "action": {"enum": ["allowed", "blocked"]},
                "gid": {"type": "integer"},
                "signature_id": {"type": "integer", "minimum": 1_000_000, "maximum": 1_999_999},
                "rev": {"type": "integer"},
                "signature": {"type": "string"},
                "category": {"type": "string"},
                "severity": {"type": "integer", "minimum": 1, "maximum": 3},
                "metadata": {"type": "object", "additionalProperties": TEXTS},
            },
        },
    },
}


def example(place: Path) -> Eve:
    return Eve(place / "eve.json")


def event(alert: Alert) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to_line(alert))
    jsonschema.validate(found, SCHEMA)
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_alert_becomes_an_event_as_suricata_documents_it() -> None:
    found = event(ALERT)
    assert found["timestamp"] == "2023-11-14T22:15:00.250000+0000"  # date -u -d @1700000100.25
    assert {name: found[name] for name in ("src_ip", "src_port", "dest_ip", "dest_port", "proto", "community_id")} == {
        "src_ip": "10.0.0.66",
        "src_port": 40_000,
        "dest_ip": "10.0.0.1",
        "dest_port": 1883,
        "proto": "TCP",
        "community_id": "1:abc=",
    }
    assert found["alert"]["signature"] == "REDSHANK dos by 10.0.0.66"
    assert found["alert"]["severity"] == 1
    assert found["alert"]["metadata"]["targets"] == ["10.0.0.1", "10.0.0.2"]
    assert found["alert"]["metadata"]["count"] == ["120"]


def test_flow_number_follows_from_the_flow_identifier_alone() -> None:
    other = replace(ALERT, evidence=(replace(FLOW, uid="C2", score=0.1),))
    assert event(ALERT)["flow_id"] == event(replace(ALERT, id="f" * 16))["flow_id"]
    assert event(ALERT)["flow_id"] != event(other)["flow_id"]


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("family", [*FAMILIES, "another"])
def test_every_family_and_severity_fits_the_schema(family: str, severity: str) -> None:
    found = event(replace(ALERT, family=family, severity=severity))["alert"]
    assert (found["severity"] == 1) == (severity in {"critical", "high"})
    assert found["metadata"]["redshank_severity"] == [severity]
    assert (found["signature_id"] == OTHER[0]) == (family == "another")


def test_every_family_has_its_own_signature_number() -> None:
    assert set(SIGNATURES) == set(FAMILIES)
    assert len({number for number, _ in SIGNATURES.values()} | {OTHER[0]}) == len(SIGNATURES) + 1


@pytest.mark.parametrize(("src_ip", "proto"), [("10.0.0.66", "ICMP"), ("fe80::1", "IPv6-ICMP")])
def test_icmp_has_a_type_and_no_ports(src_ip: str, proto: str) -> None:
    flow = replace(FLOW, proto="icmp", src_ip=src_ip, src_port=8, dst_port=0)
    found = event(replace(ALERT, evidence=(flow,)))
    assert (found["proto"], found["icmp_type"]) == (proto, 8)
    assert {"src_port", "dest_port", "icmp_code"}.isdisjoint(found)


@pytest.mark.parametrize(("src_ip", "kind"), [("10.0.0.66", 3), ("fe80::1", 1)])
def test_an_icmp_error_has_a_code_too(src_ip: str, kind: int) -> None:
    found = event(replace(ALERT, evidence=(replace(FLOW, proto="icmp", src_ip=src_ip, src_port=kind, dst_port=4),)))
    assert (found["icmp_type"], found["icmp_code"]) == (kind, 4)


def test_the_p_value_is_that_of_the_flow_that_is_told() -> None:
    assert event(ALERT)["alert"]["metadata"]["flow_p_value"] == ["0.0005"]
    of_a_rule = replace(ALERT, evidence=(replace(FLOW, p_value=None), FLOW))
    assert "flow_p_value" not in event(of_a_rule)["alert"]["metadata"]


def test_what_is_not_known_is_left_out() -> None:
    flow = replace(FLOW, src_ip="", src_port=None, community_id=None)
    assert {"src_ip", "src_port", "community_id"} & set(event(replace(ALERT, evidence=(flow,)))) == set()
    assert "proto" not in event(replace(ALERT, evidence=(replace(FLOW, proto="unknown_transport"),)))
    assert event(replace(ALERT, evidence=()))["src_ip"] == "10.0.0.66"


@pytest.mark.parametrize("at", [0.0, -5.0, 1e300, float("inf"), float("nan")])
def test_time_that_no_calendar_has_is_still_written(at: float) -> None:
    event(replace(ALERT, first_seen_s=at, last_seen_s=at, evidence=(replace(FLOW, ts_s=at),)))


@given(st.text(max_size=60))
@settings(max_examples=examples(60), deadline=None)
def test_hostile_text_arrives_inert(text: str) -> None:
    flow = replace(FLOW, uid=text, src_ip=text, dst_ip=text, proto="tcp", community_id=text)
    alert = replace(ALERT, device=text, family=text, targets=(text,), measure=text, bundle=text, evidence=(flow,))
    line = to_line(alert)
    assert line.endswith(b"\n")
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    assert event(alert)["alert"]["metadata"]["device"] == [text]


def test_terminal_escapes_lone_surrogates_and_del_are_escaped() -> None:
    line = to_line(replace(ALERT, device="\x1b[2J\x7f\ud800\n"))
    assert b"\\u001b[2J\\u007f\\ud800\\n" in line


def test_endless_text_is_cut() -> None:
    endless = "x" * 10_000_000
    assert len(to_line(replace(ALERT, device=endless, rules=(endless,), reasons=(endless,)))) < 10_000


def test_alerts_are_appended_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_text('{"event_type": "stats"}\n')
    Eve(path).deliver(ALERT)
    Eve(path).deliver(replace(ALERT, id="f" * 16))
    assert [line["event_type"] for line in lines(path)] == ["stats", "alert", "alert"]


def test_line_that_a_crash_tore_is_ended_first(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_text('{"event_type": "al')
    Eve(path).deliver(ALERT)
    torn, line = path.read_text().splitlines()
    assert torn == '{"event_type": "al'
    assert json.loads(line)["event_type"] == "alert"


def test_rotated_file_is_begun_anew(tmp_path: Path) -> None:
    sink = example(tmp_path)
    sink.deliver(ALERT)
    sink.path.rename(tmp_path / "eve.json.1")
    sink.deliver(ALERT)
    assert len(lines(sink.path)) == len(lines(tmp_path / "eve.json.1")) == 1


def test_writers_at_the_same_time_never_mix_their_lines_and_write_each_alert_once(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom dataclasses import replace\nfrom pathlib import Path\n"
        "from redshank.alerts.sinks.eve import Eve\nfrom redshank.core.records import Alert\n"
        "alert = Alert.from_json(sys.argv[2])\n"
        "for n in range(100): Eve(Path(sys.argv[1])).deliver(replace(alert, revision=n))\n"
    )
    path = tmp_path / "eve.json"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), ALERT.to_json()]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(int(line["alert"]["metadata"]["revision"][0]) for line in lines(path)) == list(range(100))


def test_a_revision_that_is_there_is_not_appended_again(tmp_path: Path) -> None:
    sink = example(tmp_path)
    for alert in (ALERT, ALERT, replace(ALERT, revision=2), replace(ALERT, id="f" * 16), ALERT):
        Eve(sink.path).deliver(alert)
    assert [line["alert"]["metadata"]["redshank_id"][0][0] for line in lines(sink.path)] == ["0", "0", "f"]


@pytest.mark.parametrize("left", [300, -2])
def test_a_revision_of_which_a_crash_left_only_a_part_is_appended_again(tmp_path: Path, left: int) -> None:
    sink = example(tmp_path)
    sink.path.write_bytes(to_line(replace(ALERT, device='", "redshank_id": ["0"]'))[:left])
    sink.deliver(replace(ALERT, device='", "redshank_id": ["0"]'))
    sink.deliver(replace(ALERT, revision=2))
    torn, *whole = sink.path.read_text().splitlines()
    assert not torn.endswith("}}}")
    assert [json.loads(line)["alert"]["metadata"]["revision"] for line in whole] == [["1"], ["2"]]


def test_all_that_is_known_of_an_alert_is_in_its_metadata() -> None:
    found = event(ALERT)["alert"]["metadata"]
    assert found["redshank_id"] == ["0123456789abcdef"]
    assert (found["revision"], found["over"]) == (["1"], ["false"])
    assert (found["detectors"], found["rules"]) == (["classifier", "signatures"], ["telnet_sweep"])
    assert (found["techniques"], found["reasons"]) == (["T1498"], ["src_pkts: 120, benign below 20"])


def test_a_writer_that_holds_the_file_for_too_long_is_a_delivery_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOCK_TRIES", 3)
    sink = example(tmp_path)
    with (tmp_path / "eve.json").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DeliveryError, match=r"another writer held it for 0.006 s"):
            sink.deliver(ALERT)
    sink.deliver(ALERT)
    assert len(lines(tmp_path / "eve.json")) == 1


def test_missing_folder_is_a_delivery_error(tmp_path: Path) -> None:
    with pytest.raises(
        DeliveryError, match=r"alert 0123456789abcdef not appended to '.*/none/eve.json' \(No such file"
    ):
        Eve(tmp_path / "none" / "eve.json").deliver(ALERT)
    said = Eve(tmp_path / "none" / "eve.json").problem()
    assert said == f"path: there is no folder '{tmp_path}/none'; make it, or name a file in another"


def test_pipe_nobody_reads_is_a_delivery_error_and_does_not_hang(tmp_path: Path) -> None:
    sink = example(tmp_path)
    os.mkfifo(tmp_path / "eve.json")
    with pytest.raises(DeliveryError, match=r"eve.json' \(not a regular file\)"):
        sink.deliver(ALERT)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_before_the_first_alert(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "eve.json")
    with pytest.raises(ConfigError, match=r"eve: '.*/eve.json' is a folder, a device or a pipe; name a file"):
        example(tmp_path)


def test_half_a_line_that_a_full_disk_takes_is_a_delivery_error_and_does_not_stay(tmp_path: Path) -> None:
    sink = example(tmp_path)
    sink.deliver(ALERT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (sink.path.stat().st_size + 100, hard))
    try:
        for _ in range(2):
            with pytest.raises(DeliveryError, match=r"only in part, 100 of [0-9]+ bytes; is the disk full\?"):
                sink.deliver(replace(ALERT, revision=2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    sink.deliver(replace(ALERT, revision=2))
    told = [json.loads(line) for line in sink.path.read_text().splitlines()]
    assert [line["alert"]["metadata"]["revision"] for line in told] == [["1"], ["2"]]
