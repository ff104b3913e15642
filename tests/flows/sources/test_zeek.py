import gzip
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW
from redshank.flows.payload.rooms import text_column
from redshank.flows.records import log_file
from redshank.flows.records.conn_log import unescape
from redshank.flows.sources.zeek import Zeek

ENDS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
STATE = ("conn_state", "local_orig", "local_resp", "missed_bytes", "history")
COUNTS = ("orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes")
MIDDLE = ("proto", "service", "duration", "orig_bytes", "resp_bytes")
NAMES = ("ts", "uid", *ENDS, *MIDDLE, *STATE, *COUNTS, "tunnel_parents")
HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#open\t2018-10-25-12-08-16\n#fields\t" + "\t".join(NAMES) + "\n#types\ttime\tstring\n"
)
# The first row of IoT-23's honeypot capture 4-1, and one that has nothing but its ends.
DNS = (
    "1540469302.538640\tCGm6jB4dXK71ZDWUDh\t192.168.1.132\t58687\t216.239.35.4\t123\tudp\t-\t0.114184\t48\t48\tSF\t-\t-"
    "\t0\tDd\t1\t76\t1\t76\t(empty)\n"
)
BARE = "1540469303.000000\tC2\tfe80::1\t143\tff02::16\t0\ticmp\t-\t-\t-\t-\tOTH\t-\t-\t0\t-\t1\t76\t0\t0\t(empty)\n"
CLOSE = "#close\t2018-10-25-13-08-16\n"


def example(place: Path) -> Zeek:
    path = place / "conn.log"
    rows = "".join(DNS.replace("CGm6jB4dXK71ZDWUDh", f"C{i}") for i in range(9_000))
    hostile = BARE.replace("OTH", "\x1b[2J<script>").replace("C2", 'evil"uid\x07')
    path.write_text(HEAD + rows + hostile + CLOSE)
    return Zeek(path)


def write(place: Path, content: str | bytes, name: str = "conn.log") -> Path:
    path = place / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(source: Zeek) -> list[dict[str, Any]]:
    """Read all rows, the time as ns."""
    batches = list(source.batches())
    assert all(batch.schema.equals(FLOW) and 0 < batch.num_rows <= 8_192 for batch in batches)
    table = pa.Table.from_batches(batches, FLOW)
    found: list[dict[str, Any]] = table.set_column(0, "ts", table.column("ts").cast(pa.int64())).to_pylist()
    return found


def count(source: Zeek) -> dict[str, int]:
    return {name: amount for (_, name), amount in source.anomalies.items()}


def test_a_row_of_a_log_becomes_a_flow(tmp_path: Path) -> None:
    source = Zeek(write(tmp_path, HEAD + DNS + BARE + CLOSE))
    first, second = rows(source)
    assert {name: value for name, value in first.items() if value is not None} == {
        "ts": 1_540_469_302_538_640_000,
        "uid": "CGm6jB4dXK71ZDWUDh",
        "src_ip": "192.168.1.132",
        "src_port": 58687,
        "dst_ip": "216.239.35.4",
        "dst_port": 123,
        "proto": "udp",
        "duration": 0.114184,
        "src_bytes": 48,
        "dst_bytes": 48,
        "conn_state": "SF",
        "missed_bytes": 0,
        "history": "Dd",
        "src_pkts": 1,
        "src_ip_bytes": 76,
        "dst_pkts": 1,
        "dst_ip_bytes": 76,
        "part": "final",
        "part_reason": "record",
    }
    assert (second["duration"], second["src_bytes"], second["history"]) == (None, None, None)
    assert (source.anomalies, source.packets, source.packet_bytes) == ({}, 0, 0)


def test_columns_in_any_order_with_unknown_ones_between(tmp_path: Path) -> None:
    fields = "resp_pkts\tsecret\tid.resp_h\tcommunity_id\tip_proto\tid.orig_h\tvlan\torig_l2_addr"
    head = f"#separator \\x09\n#fields\t{fields}\n"
    (row,) = rows(Zeek(write(tmp_path, head + "3\tx\t10.0.0.2\t1:abc=\t6\t10.0.0.1\t7\t02:00:00:00:00:01\n")))
    assert (row["dst_pkts"], row["dst_ip"], row["src_ip"]) == (3, "10.0.0.2", "10.0.0.1")
    assert (row["community_id"], row["ip_proto"], row["vlan"], row["src_mac"]) == ("1:abc=", 6, 7, "02:00:00:00:00:01")
    assert (row["uid"], row["ts"]) == ("row-0", None)


def test_carriage_returns_gzip_and_a_missing_last_newline_make_no_difference(tmp_path: Path) -> None:
    plain = rows(Zeek(write(tmp_path, HEAD + DNS + BARE + CLOSE)))
    dos = (HEAD + DNS + BARE).replace("\n", "\r\n").rstrip().encode()
    assert rows(Zeek(write(tmp_path, dos))) == plain
    assert rows(Zeek(write(tmp_path, gzip.compress(dos), "conn.log.gz"))) == plain
    assert rows(Zeek(write(tmp_path, gzip.compress(dos[:700]) + gzip.compress(dos[700:]), "two"))) == plain


def test_json_lines_give_the_same_rows(tmp_path: Path) -> None:
    plain = rows(Zeek(write(tmp_path, HEAD + DNS + BARE)))
    text = {"uid", "id.orig_h", "id.resp_h", "proto", "conn_state", "history"}
    lines = []
    for line in (DNS, BARE):
        cells = {n: v for n, v in zip(NAMES, line.strip().split("\t"), strict=True) if v not in {"-", "(empty)"}}
        lines.append("{" + ",".join(f'"{n}":{json.dumps(v) if n in text else v}' for n, v in cells.items()) + "}")
    assert rows(Zeek(write(tmp_path, "\n".join(lines)))) == plain


def test_time_in_json_never_passes_through_a_float(tmp_path: Path) -> None:
    line = (
        '{"ts":1601998366.123456789,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"S0","local_orig":true}'
    )
    iso = line.replace("1601998366.123456789", '"2020-10-06T15:32:46.785668Z"')
    assert [row["ts"] for row in rows(Zeek(write(tmp_path, f"{line}\n{iso}\n")))] == [
        1_601_998_366_123_456_789,
        1_601_998_366_785_668_000,
    ]


def test_broken_json_rows_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    good = '{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"S0"'
    lines = [
        good + "}",
        good,
        "[1]",
        "[" * 100_000,
        good + ',"_path":"dns"}',
        good + ',"service":{"a":1},"history":["D","d"],"resp_bytes":NaN,"orig_bytes":1e400}',
        '{"uid":"\\ud800","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2"}',
        "\x00\x01",
    ]
    source = Zeek(write(tmp_path, "\n".join(lines)))
    assert [(row["uid"], row["history"]) for row in rows(source)] == [("C1", None), ("C1", "D,d"), ("\\ud800", None)]
    assert count(source) == {
        "broken_json": 4,
        "row_of_other_log": 1,
        "nested_value": 1,
        "src_bytes_unreadable": 1,
        "dst_bytes_unreadable": 1,
    }


def test_rows_with_another_number_of_fields_are_counted(tmp_path: Path) -> None:
    cut = DNS[: len(DNS) // 2] + "\n"
    source = Zeek(write(tmp_path, HEAD + DNS + cut + "junk\n\n" + DNS[:-1] + "\tmore\n" + BARE + cut))
    assert [row["uid"] for row in rows(source)] == ["CGm6jB4dXK71ZDWUDh", "C2"]
    assert count(source) == {"wrong_field_count": 4}


def test_quotes_and_escapes_are_text(tmp_path: Path) -> None:
    line = BARE.replace("C2", '"C\\x092').replace("OTH", "\\x2d").replace("icmp", '"icmp')
    source = Zeek(write(tmp_path, HEAD + line + BARE))
    assert [(row["uid"], row["conn_state"], row["proto"]) for row in rows(source)] == [
        ('"C\t2', "-", None),
        ("C2", "OTH", "icmp"),
    ]
    assert count(source) == {"proto_unreadable": 1}


def test_bytes_that_are_no_text_are_counted(tmp_path: Path) -> None:
    source = Zeek(write(tmp_path, HEAD.encode() + BARE.encode().replace(b"OTH", b"\xff\xfe")))
    assert [row["conn_state"] for row in rows(source)] == ["\\xff\\xfe"]
    assert count(source) == {"not_utf8": 1}


def test_masked_times_are_null_and_counted(tmp_path: Path) -> None:
    source = Zeek(write(tmp_path, HEAD + DNS.replace("1540469302.538640", "XXXXXXXXXX.XXXXXX")))
    assert [row["ts"] for row in rows(source)] == [None]
    assert count(source) == {"ts_masked": 1}


def test_a_header_inside_the_log_holds_from_there_on(tmp_path: Path) -> None:
    other = "#fields\tid.resp_h\tid.orig_h\tuid\thistory\n10.0.0.2\t10.0.0.1\tC9\tS\n"
    dns = "#path\tdns\n#fields\tid.resp_h\tid.orig_h\tuid\tquery\n10.0.0.2\t10.0.0.1\tC10\tevil.example\n"
    source = Zeek(write(tmp_path, HEAD + DNS + CLOSE + other + dns + HEAD + BARE))
    assert [(row["uid"], row["src_ip"]) for row in rows(source)] == [
        ("CGm6jB4dXK71ZDWUDh", "192.168.1.132"),
        ("C9", "10.0.0.1"),
        ("C2", "fe80::1"),
    ]
    assert count(source) == {"row_of_other_log": 1}


def test_rows_across_chunk_borders_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, HEAD + (DNS + BARE) * 50 + CLOSE)
    whole = rows(Zeek(path))
    for size in (len(HEAD) + 10, 1_000, 1_001, 1_777):
        monkeypatch.setattr(log_file, "CHUNK", size)
        source = Zeek(path)
        assert rows(source) == whole
        assert source.anomalies == {}


def test_a_line_without_end_is_skipped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "CHUNK", 1_000)
    source = Zeek(write(tmp_path, HEAD + DNS + "x" * 10_000 + "\n" + BARE))
    assert [row["uid"] for row in rows(source)] == ["CGm6jB4dXK71ZDWUDh", "C2"]
    assert set(count(source)) <= {"line_too_long", "wrong_field_count"}
    assert sum(count(source).values()) >= 1


def test_a_truncated_gzip_gives_what_is_there(tmp_path: Path) -> None:
    packed = gzip.compress((HEAD + "".join(DNS.replace("76", f"{i}") for i in range(20_000))).encode(), mtime=0)
    source = Zeek(write(tmp_path, packed[: len(packed) // 2]))
    assert 5_000 < len(rows(source)) < 15_000
    assert count(source)["gzip_truncated"] == 1
    damaged = packed[: len(packed) // 2] + b"\xff" * 200 + packed[len(packed) // 2 :]
    source = Zeek(write(tmp_path, damaged))
    assert 5_000 < len(rows(source)) < 15_000
    assert count(source)["gzip_corrupt"] == 1


def test_a_gzip_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"conn.log: damaged gzip"):
        Zeek(write(tmp_path, gzip.compress(HEAD.encode())[:12]))


def test_a_folder_is_read_in_the_order_of_its_names_and_the_current_log_last(tmp_path: Path) -> None:
    for name, uid in [("conn.log", "C4"), ("conn.2024-01-01-02.log", "C2"), ("conn.10:00:00-11:00:00.log.gz", "C1")]:
        content = (HEAD + DNS.replace("CGm6jB4dXK71ZDWUDh", uid)).encode()
        write(tmp_path, gzip.compress(content) if name.endswith("gz") else content, name)
    write(tmp_path, gzip.compress(b"the same, being packed"), "conn.2024-01-01-02.log.gz")
    write(tmp_path, "not ours", "notice.log")
    write(tmp_path, "not ours", "conn-summary.log")
    assert [row["uid"] for row in rows(Zeek(tmp_path))] == ["C1", "C2", "C4"]


def test_a_path_that_holds_no_log_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.log: no such file or folder; name a conn.log"):
        Zeek(tmp_path / "absent.log")
    with pytest.raises(ConfigError, match=r"a folder without conn.log"):
        Zeek(tmp_path)


def test_a_file_that_is_no_conn_log_is_refused_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"dns.log: Zeek's log 'dns', not 'conn'"):
        Zeek(write(tmp_path, HEAD.replace("conn\n", "dns\n", 1) + DNS, "dns.log"))
    with pytest.raises(SourceError, match=r"a packet capture, not a conn.log"):
        Zeek(write(tmp_path, b"\xd4\xc3\xb2\xa1" + bytes(2_000_000), "x.pcap"))
    with pytest.raises(SourceError, match=r"not a conn.log: no '#fields' line"):
        Zeek(write(tmp_path, b"\x00" * 3_000_000, "zeros"))


def test_an_unreadable_file_is_refused_in_one_line(tmp_path: Path) -> None:
    source = Zeek(write(tmp_path, HEAD + DNS))
    (tmp_path / "conn.log").unlink()
    with pytest.raises(SourceError, match=r"conn.log: cannot be read \(No such file or directory\)"):
        list(source.batches())


def test_reading_twice_gives_the_same_and_counts_once(tmp_path: Path) -> None:
    source = Zeek(write(tmp_path, HEAD + DNS + "junk\n"))
    assert rows(source) == rows(source)
    assert count(source) == {"wrong_field_count": 1}


def test_a_log_without_rows_gives_no_batches(tmp_path: Path) -> None:
    assert list(Zeek(write(tmp_path, HEAD + CLOSE)).batches()) == []


def test_labels_stand_beside_the_flows_and_not_in_them(tmp_path: Path) -> None:
    head = HEAD.replace("tunnel_parents", "tunnel_parents   label   detailed-label")
    lines = [
        DNS.replace("(empty)", "(empty)   Malicious   C&C-FileDownload"),
        DNS.replace("192.168.1.132", "nowhere").replace("(empty)", "-   Malicious   DDoS"),
        BARE.replace("(empty)", "-   Benign   -"),
    ]
    ((flows, labels),) = Zeek(write(tmp_path, head + "".join(lines))).labelled_batches()
    assert labels.to_pylist() == [
        {"label": "Malicious", "detailed_label": "C&C-FileDownload"},
        {"label": "Benign", "detailed_label": None},
    ]
    assert flows.num_rows == 2
    assert flows.schema.equals(FLOW)


def test_labels_in_columns_of_their_own_are_found_too(tmp_path: Path) -> None:
    table = "src_ip,dst_ip,orig_pkts,label,detailed_label\n10.0.0.1,10.0.0.2,1,benign,-\n10.0.0.1,10.0.0.2,2,bad,DDoS\n"
    ((flows, labels),) = Zeek(write(tmp_path, table, "x.csv")).labelled_batches()
    assert flows.column("src_pkts").to_pylist() == [1, 2]
    assert labels.column("label").to_pylist() == ["benign", "bad"]
    assert labels.column("detailed_label").to_pylist() == [None, "DDoS"]


def test_a_table_may_quote_its_values(tmp_path: Path) -> None:
    table = 'src_ip,dst_ip,service,orig_pkts\n"10.0.0.1",10.0.0.2,"gssapi,ldap",3\n10.0.0.1,10.0.0.2,"un\nclosed,3\n'
    source = Zeek(write(tmp_path, table, "x.csv"))
    assert rows(source)[0]["service"] == "gssapi,ldap"
    assert sum(count(source).values()) >= 1


LINES = st.lists(
    st.binary(max_size=60)
    | st.text(alphabet='\t\n\r"#,{}[]:\\x0123456789.-abc', max_size=80).map(str.encode)
    | st.sampled_from([DNS.encode(), BARE.encode(), CLOSE.encode(), HEAD.encode(), b"#fields\tuid\n", b"#path\tdns\n"]),
    max_size=8,
)
JSON_HEAD = b'{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"S0"}\n'
TABLE_HEAD = b"ts,uid,src_ip,dst_ip,service,orig_pkts\n1.5,C1,10.0.0.1,10.0.0.2,dns,3\n"


@pytest.mark.parametrize("head", [(HEAD + DNS).encode(), JSON_HEAD, TABLE_HEAD], ids=["tsv", "json", "table"])
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=LINES)
def test_any_lines_after_a_header_never_raise(head: bytes, lines: list[bytes], tmp_path: Path) -> None:
    source = Zeek(write(tmp_path, head + b"\n".join(lines)))
    for row in rows(source):
        assert row["uid"]
        assert row["src_ip"]
    assert all(amount > 0 for amount in source.anomalies.values())


@pytest.mark.data
def test_every_log_that_zeek_wrote_for_its_own_tests_is_read_completely(data: Path) -> None:
    logs = sorted((data / "zeek-parity").glob("*/conn.log"))
    assert len(logs) == 46
    for log in logs:
        lines = [line for line in log.read_text().splitlines() if line and not line.startswith("#")]
        source = Zeek(log)
        found = rows(source)
        assert len(found) == len(lines)
        assert count(source) == {"ts_masked": len(lines)}  # upstream masks every time
        for row, line in zip(found, lines, strict=True):
            assert [row["uid"], row["src_ip"], str(row["src_port"])] == line.split("\t")[1:4]


# Row counts and labels as in the shared data's README.
IOT23 = {
    "CTU-IoT-Malware-Capture-42-1.conn.log.labeled.gz": (4_426, {"Benign": 4_420, "Malicious": 6}),
    "CTU-IoT-Malware-Capture-20-1.conn.log.labeled.gz": (3_209, {"Benign": 3_193, "Malicious": 16}),
    "CTU-IoT-Malware-Capture-21-1.conn.log.labeled.gz": (3_286, {"Benign": 3_272, "Malicious": 14}),
    "CTU-IoT-Malware-Capture-8-1_Hakai_renamed_header.csv.gz": (10_403, {"Benign": 2_181, "Malicious": 8_222}),
    "CTU-Honeypot-Capture-4-1.conn.log.labeled.gz": (452, {"benign": 452}),
    "CTU-Honeypot-Captures-4-1_5-1_7-1_honeypot_all.csv.gz": (1_956, {"benign": 1_956}),
}


@pytest.mark.data
@pytest.mark.parametrize("name", IOT23)
def test_labelled_iot23_logs_have_the_published_rows(name: str, data: Path) -> None:
    source = Zeek(data / "data" / "iot23" / name)
    labels: dict[str, int] = {}
    for flows, beside in source.labelled_batches():
        assert flows.num_rows == beside.num_rows
        assert flows.column("ts").null_count == 0
        for label in beside.column("label").to_pylist():
            labels[label] = labels.get(label, 0) + 1
    assert (sum(labels.values()), labels) == IOT23[name]
    assert source.anomalies == {}


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [  # lines of each file that are no comment, counted with grep -vc '^.\\?#'
        ("slips__port-scans__horizontal__conn.log", 41),
        ("slips__test10-mixed-zeek-dir__conn.log", 141),
        ("slips__test13-malicious-dhcpscan-zeek-dir__conn.log", 2),
        ("slips__test18-ctu-sme-11__conn.log.labeled", 766),
    ],
)
def test_logs_of_recorded_attacks_are_read_completely(name: str, expected: int, data: Path) -> None:
    source = Zeek(data / "pcaps" / "attacks" / "flow-logs" / name)
    assert len(rows(source)) == expected
    assert source.anomalies == {}


@pytest.mark.data
@pytest.mark.parametrize("name", ["slips__test10-mixed-zeek-dir__dns.log", "slips__test3-mixed.binetflow"])
def test_other_logs_of_recorded_attacks_are_refused(name: str, data: Path) -> None:
    with pytest.raises(SourceError, match=r"not 'conn'|not a conn.log"):
        Zeek(data / "pcaps" / "attacks" / "flow-logs" / name)


def test_the_logs_beside_conn_log_fill_the_columns_of_applications(tmp_path: Path) -> None:
    lines = [DNS.replace("CGm6jB4dXK71ZDWUDh", f"C{i}") for i in range(3)]
    write(tmp_path, HEAD + lines[0], "conn.2018-10-25-12-00-00.log")
    write(tmp_path, HEAD + lines[1] + lines[2])
    head = "#path\tdns\n#fields\tts\tuid\tquery\tqtype\trejected\n"
    packed = gzip.compress(f"{head}1540469302.6\tC0\ta\\x09.example\t28\tF\n".encode())
    write(tmp_path, packed, "dns.2018-10-25-12-00-00.log.gz")
    write(tmp_path, head + "1540469302.6\tC1\tb.example\t1\tT\n1540469302.7\tC1\tlater.example\t1\tF\n", "dns.log")
    write(tmp_path, '{"ts":1540469302.7,"uid":"C2","method":"GET","resp_mime_types":["text/html"]}\n', "http.log")
    write(tmp_path, "", "ssl.log")
    source = Zeek(tmp_path)
    found = [
        (row["dns_query"], row["dns_qtype"], row["dns_rejected"], row["http_method"], row["http_resp_mime_types"])
        for row in rows(source)
    ]
    assert found == [
        ("a\\x09.example", 28, False, None, None),
        ("b.example", 1, True, None, None),
        (None, None, None, "GET", "text/html"),
    ]
    assert source.anomalies == {}
    assert {row["dns_query"] for row in rows(Zeek(tmp_path / "conn.log"))} == {None}  # a file is that file alone


WIRE = "caf\u00e9 \u202e".encode() + b" \xff\x1b[2J\xc2\x9b \\x41 \\"
"""Letters of UTF-8, a byte that is none, control characters, and a backslash."""


def test_text_from_the_wire_is_what_our_own_sensor_writes(tmp_path: Path) -> None:
    ours = text_column(np.frombuffer(WIRE, np.uint8), np.array([[0, len(WIRE)]]), 0, np.array([0]), 1)
    assert ours is not None
    assert ours.to_pylist() == ["caf\u00e9 \u202e \\xff\\x1b[2J\\xc2\\x9b \\x41 \\"]
    write(tmp_path, HEAD + DNS.replace("CGm6jB4dXK71ZDWUDh", "C0"))
    head, ends = "#path\tdns\n#fields\tts\tuid\tquery\n1540469302.6\tC0\t", "\n"
    letters, odd = WIRE.replace(b"\\", b"\\\\").split(b"\xff")
    odd = b"\\xff" + odd.replace(b"\x1b", b"\\x1b").replace(b"\xc2\x9b", b"\\xc2\\x9b")
    escaped = b"".join(b"\\x%02x" % byte if byte > 126 else bytes([byte]) for byte in letters)
    object_ = {"ts": 1540469302.6, "uid": "C0", "query": "caf\u00e9 \u202e \\xff\\x1b[2J\\xc2\\x9b \\x41 \\"}
    raw = json.dumps(object_ | {"query": "caf\u00e9 \u202e \\xff\x1b[2J\x9b \\x41 \\"})
    for log in (
        head.encode() + letters + odd + ends.encode(),  # as Zeek writes UTF-8
        head.encode() + escaped + odd + ends.encode(),  # with LogAscii::enable_utf_8=F
        json.dumps(object_),
        raw,  # as Zeek 8.1 wrote control characters in JSON
    ):
        write(tmp_path, log, "dns.log")
        assert [row["dns_query"] for row in rows(Zeek(tmp_path))] == ours.to_pylist()


def test_a_growing_and_rotated_folder_is_followed_and_dns_rows_are_waited_for(tmp_path: Path) -> None:
    line = DNS.replace("udp\t-", "udp\tdns")
    head = "#path\tdns\n#fields\tts\tuid\tquery\n"
    write(tmp_path, HEAD + line.replace("CGm6jB4dXK71ZDWUDh", "C0"))
    write(tmp_path, head + "1540469302.6\tC0\tfirst\n", "dns.log")
    source = Zeek(tmp_path, follow=True, wait_s=60.0)
    found: dict[str, str | None] = {}

    def append(name: str, text: str) -> None:
        with (tmp_path / name).open("a") as file:
            file.write(text)

    def until(uid: str) -> None:
        end = time.monotonic() + 60
        while uid not in found and time.monotonic() < end:
            time.sleep(0.02)

    def log() -> None:
        until("C0")
        append("conn.log", line.replace("CGm6jB4dXK71ZDWUDh", "C1"))
        append("conn.log", BARE.replace("C2", "other")[:20])
        time.sleep(0.3)
        append("dns.log", "1540469302.6\tC1\tsec")
        append("conn.log", BARE.replace("C2", "other")[20:])
        until("other")  # waits for nothing
        append("dns.log", "ond\n")
        until("C1")
        for name in ("conn", "dns"):
            (tmp_path / f"{name}.log").rename(tmp_path / f"{name}.2018-10-25-13-00-00.log")
        write(tmp_path, HEAD, "conn.log")
        append("conn.log", line.replace("CGm6jB4dXK71ZDWUDh", "C2")[:-1])
        write(tmp_path, head + "1540469302.6\tC2\tthird\n", "dns.log")
        time.sleep(0.3)
        source.stop()

    writer = threading.Thread(target=log)
    writer.start()
    for batch in source.batches():
        found |= dict(zip(batch.column("uid").to_pylist(), batch.column("dns_query").to_pylist(), strict=True))
    writer.join()
    assert found == {"C0": "first", "other": None, "C1": "second", "C2": "third"}
    assert list(found)[:3] == ["C0", "other", "C1"]
    assert source.anomalies == {}


def test_a_row_that_does_not_come_in_time_is_counted_and_following_ends_when_nothing_comes(tmp_path: Path) -> None:
    write(tmp_path, HEAD + DNS.replace("udp\t-", "udp\tdns"))
    source = Zeek(tmp_path, follow=True, wait_s=0.1, idle_s=0.3)
    assert [row["uid"] for row in rows(source)] == ["CGm6jB4dXK71ZDWUDh"]
    assert count(source) == {"application_row_missing": 1}


def test_a_log_that_is_not_there_yet_can_be_followed(tmp_path: Path) -> None:
    source = Zeek(tmp_path, follow=True, idle_s=0.5)
    write(tmp_path, HEAD + DNS)
    assert len(rows(source)) == 1


@pytest.mark.data
def test_recorded_dns_rows_join_their_connections(data: Path, tmp_path: Path) -> None:
    logs = data / "pcaps" / "attacks" / "flow-logs"
    for name in ("conn", "dns"):
        (tmp_path / f"{name}.log").symlink_to(logs / f"slips__test10-mixed-zeek-dir__{name}.log")
    found = {row["uid"]: (row["dns_query"], row["dns_qtype"]) for row in rows(Zeek(tmp_path))}
    first: dict[str, tuple[str | None, int | None]] = {}
    for line in (tmp_path / "dns.log").read_text().splitlines():
        if not line.startswith("#"):
            cells = line.split("\t")
            query, qtype = (None if cells[i] == "-" else unescape(pa.array([cells[i]]))[0].as_py() for i in (9, 12))
            first.setdefault(cells[1], (query, None if qtype is None else int(qtype)))
    joined = {uid: value for uid, value in found.items() if value != (None, None)}
    assert joined == {uid: first[uid] for uid in joined}
    assert len(joined) == len([uid for uid in first if uid in found and first[uid] != (None, None)]) > 50
