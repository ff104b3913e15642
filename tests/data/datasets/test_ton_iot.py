import gzip
import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.core.errors import SourceError
from redshank.core.schema import FLOW, flow_batch
from redshank.data.datasets.ton_iot import COLUMNS, FILES, HEADER, RELEASES, Release, TonIot
from redshank.features.feature_sets.conn import Conn
from redshank.flows.sources.zeek import Zeek

NAMES = HEADER.split(",")
EMPTY = {name: "0" if kind != COLUMNS["proto"] else "-" for name, kind in COLUMNS.items()}
# Values of rows of the released file, addresses changed.
DNS = EMPTY | {
    "src_ip": "192.0.2.7",
    "src_port": "50000",
    "dst_ip": "192.0.2.1",
    "dst_port": "53",
    "proto": "udp",
    "service": "dns",
    "duration": "0.25",
    "src_bytes": "40",
    "dst_bytes": "120",
    "conn_state": "SF",
    "src_pkts": "1",
    "src_ip_bytes": "68",
    "dst_pkts": "1",
    "dst_ip_bytes": "148",
    "dns_query": "example.org",
    "dns_qclass": "1",
    "dns_qtype": "28",
    "dns_AA": "F",
    "dns_RD": "T",
    "dns_RA": "T",
    "dns_rejected": "F",
    "type": "normal",
}
ONE_PACKET = EMPTY | {
    "src_ip": "192.0.2.8",
    "src_port": "4444",
    "dst_ip": "192.0.2.1",
    "dst_port": "80",
    "proto": "tcp",
    "conn_state": "S0",
    "src_pkts": "1",
    "src_ip_bytes": "60",
    "label": "1",
    "type": "ransomware",
}
HTTP = EMPTY | {
    "src_ip": "2001:db8::1",
    "src_port": "40000",
    "dst_ip": "2001:db8::2",
    "dst_port": "80",
    "proto": "tcp",
    "service": "http",
    "duration": "93516.92917",
    "src_bytes": "3890855126",
    "conn_state": "OTH",
    "http_trans_depth": "1",
    "http_method": "GET",
    "http_version": "1.1",
    "http_status_code": "404",
    "weird_name": "bad_TCP_checksum",
    "weird_notice": "F",
    "label": "1",
    "type": "xss",
}
SMB = ONE_PACKET | {"service": "smb;gssapi", "dns_query": "(empty)", "type": "mitm"}
ROWS = [DNS, ONE_PACKET, HTTP, SMB]


def content(rows: list[dict[str, str]], names: list[str] = NAMES, end: str = "\r\n") -> bytes:
    lines = [",".join(names), *(",".join(row[name] for name in names) for row in rows)]
    return "".join(f"{line}{end}" for line in lines).encode("utf-8-sig")


def release(data: bytes, rows: list[dict[str, str]], *, timed: bool = False) -> Release:
    return Release(hashlib.sha256(data).hexdigest(), Counter(row["type"] for row in rows), timed)


def example(place: Path) -> TonIot:
    """Write a table of four rows into the folder `place`; the dataset returned takes it for a release."""
    data = content(ROWS)
    (place / FILES[0]).write_bytes(data)
    return TonIot(releases=(release(data, ROWS),))


def refused(place: Path, data: bytes, name: str = "data.csv") -> str:
    (place / name).write_bytes(data)
    with pytest.raises(SourceError) as caught:
        example(place).load(place / name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_row_of_the_table_becomes_a_flow(tmp_path: Path) -> None:
    flow = example(tmp_path).load(tmp_path).flows.slice(0, 1).to_pylist()[0]
    there = {name: value for name, value in flow.items() if value is not None}
    assert there == {
        "src_ip": "192.0.2.7",
        "src_port": 50000,
        "dst_ip": "192.0.2.1",
        "dst_port": 53,
        "proto": "udp",
        "service": "dns",
        "duration": 0.25,
        "src_bytes": 40,
        "dst_bytes": 120,
        "conn_state": "SF",
        "missed_bytes": 0,
        "src_pkts": 1,
        "src_ip_bytes": 68,
        "dst_pkts": 1,
        "dst_ip_bytes": 148,
        "dns_query": "example.org",
        "dns_qclass": 1,
        "dns_qtype": 28,
        "dns_rcode": 0,
        "dns_AA": False,
        "dns_RD": True,
        "dns_RA": True,
        "dns_rejected": False,
        "part": "final",
        "part_reason": "record",
    }


def test_a_duration_of_zero_was_unset(tmp_path: Path) -> None:
    flow = example(tmp_path).load(tmp_path).flows.to_pylist()[1]
    assert [flow[name] for name in ("duration", "src_bytes", "dst_bytes")] == [None, None, None]
    assert [flow[name] for name in ("src_pkts", "dst_pkts", "missed_bytes")] == [1, 0, 0]


def test_numbers_of_http_are_there_only_with_http(tmp_path: Path) -> None:
    flows = example(tmp_path).load(tmp_path).flows.to_pylist()
    names = ("http_trans_depth", "http_status_code", "http_request_body_len", "dns_rcode", "dns_qtype", "weird_notice")
    assert [flows[2][name] for name in names] == [1, 404, 0, None, None, False]
    assert [flows[1][name] for name in names] == [None] * 6


def test_empty_is_not_absent(tmp_path: Path) -> None:
    assert example(tmp_path).load(tmp_path).flows.column("dns_query").to_pylist() == ["example.org", None, None, ""]


def test_normal_is_benign(tmp_path: Path) -> None:
    assert example(tmp_path).load(tmp_path).family.tolist() == ["benign", "ransomware", "xss", "mitm"]


def test_the_raw_table_is_as_read_without_the_labels(tmp_path: Path) -> None:
    raw = example(tmp_path).load(tmp_path).raw
    assert raw is not None
    assert raw.column_names == NAMES[:-2]
    assert raw["service"].to_pylist() == ["dns", "-", "http", "smb;gssapi"]
    assert raw["duration"].to_pylist() == [0.25, 0, 93516.92917, 0]


def test_the_same_file_compressed_is_the_same_dataset(tmp_path: Path) -> None:
    plain = example(tmp_path).load(tmp_path)
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / FILES[1]).write_bytes(gzip.compress((tmp_path / FILES[0]).read_bytes()))
    again = example(tmp_path).load(packed)
    assert again.sha256 == plain.sha256
    assert again.flows.equals(plain.flows)


def test_the_older_release_has_times(tmp_path: Path) -> None:
    rows = [row | {"ts": "1556021329"} for row in ROWS]
    data = content(rows, ["ts", *NAMES])
    (tmp_path / "old.csv").write_bytes(data)
    read = TonIot(releases=(release(data, rows, timed=True),)).load(tmp_path / "old.csv")
    assert str(read.flows.column("ts")[0].as_py()) == "2019-04-23 12:08:49+00:00"
    assert read.raw is not None
    assert read.raw.column_names == ["ts", *NAMES[:-2]]


def test_the_same_flow_is_one_vector_from_ton_iot_and_from_zeek(tmp_path: Path) -> None:
    table = example(tmp_path).load(tmp_path)
    fields = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration"]
    fields += ["orig_bytes", "resp_bytes", "conn_state", "missed_bytes", "history"]
    fields += ["orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"]
    log = [
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields",
        "1.0 C1 192.0.2.7 50000 192.0.2.1 53 udp dns 0.250000 40 120 SF 0 Dd 1 68 1 148",
        "2.0 C2 192.0.2.8 4444 192.0.2.1 80 tcp - - - - S0 0 S 1 60 0 0",
        "4.0 C4 192.0.2.8 4444 192.0.2.1 80 tcp gssapi,smb - - - S0 0 S 1 60 0 0",
    ]
    log[0] += "\t" + "\t".join(fields)
    (tmp_path / "conn.log").write_text("\n".join([log[0], *(line.replace(" ", "\t") for line in log[1:])]) + "\n")
    zeek = np.concatenate([Conn().encode(batch) for batch in Zeek(tmp_path / "conn.log").batches()])
    assert zeek.tobytes() == Conn().encode(table.flows)[[0, 1, 3]].tobytes()


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    names = [name for name in NAMES if not name.startswith(("src_pkts", "dst_pkts"))][:12]
    assert refused(tmp_path, content(ROWS, names)) == (
        "ton_iot: data.csv has 12 columns, the dataset has 44; first missing: 'src_pkts'. "
        "Give the file train_test_network.csv as published"
    )


@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"one column\n1\n", b"\n", b"a;b;c\n"])
def test_what_is_no_such_table_at_all_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "has 1 column, the dataset has 44; first missing: 'src_ip'" in refused(tmp_path, data)


def test_other_rows_are_refused_with_the_counts_that_differ(tmp_path: Path) -> None:
    assert refused(tmp_path, content([*ROWS, HTTP, DNS | {"type": "injection"}])) == (
        "ton_iot: data.csv has 6 rows, the nearest release 4; other counts: injection 1 (not 0), xss 2 (not 1). "
        "Use a release"
    )


def test_many_differing_counts_are_shortened(tmp_path: Path) -> None:
    rows = [DNS | {"type": name * 50} for name in "abcdef"]
    message = refused(tmp_path, content(rows))
    assert f"other counts: {'a' * 40} 1 (not 0), " in message
    assert " and 7 more. " in message


def test_a_table_that_was_saved_again_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, content(ROWS, end="\n"))
    assert "has the class counts of a release but other content: sha256 " in message
    assert hashlib.sha256(content(ROWS, end="\n")).hexdigest()[:12] in message


def test_a_broken_row_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, content(ROWS) + b"1,2,3\r\n")
    assert message.startswith("ton_iot: data.csv is damaged (")
    assert "Expected 44 columns, got 3" in message


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    data = gzip.compress(content(ROWS))[:-20]
    message = refused(tmp_path, data, "data.csv.gz")
    assert message.startswith("ton_iot: cannot read '")
    assert message.endswith("; fetch it again")


def test_a_folder_without_the_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_bytes(content(ROWS))
    with pytest.raises(
        SourceError, match="holds no train_test_network.csv or train_test_network.csv.gz; name the file"
    ):
        TonIot().load(tmp_path)


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ton_iot: no file '.*/absent.csv'; name train_test_network.csv"):
        TonIot().load(tmp_path / "absent.csv")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("changed")
    changed = bytearray(content(ROWS))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] = data.draw(st.integers(0, 255).filter(lambda value: value != changed[at]))
    assert refused(place, bytes(changed)).startswith("ton_iot: data.csv ")


def test_the_known_releases_have_the_published_counts() -> None:
    assert [known.rows for known in RELEASES] == [211_043, 461_043]
    assert set(RELEASES[0].counts) - {"normal"} == set(TonIot.families) - {"benign"}


@pytest.mark.data
def test_the_released_file_is_read_whole(data: Path) -> None:
    table = TonIot().load(data / "data" / "ton_iot")
    assert table.sha256 == "26ddc513552de36de6428b2e578efaed2b57504c716dfba847cc0109a64e1974"
    assert table.flows.schema == FLOW
    assert Counter(table.family.tolist()) == {
        "benign": 50_000,
        "mitm": 1_043,
        **dict.fromkeys(sorted(set(TonIot.families) - {"benign", "mitm"}), 20_000),
    }
    # Counted in the file: rows of duration 0, of service and of dns_query "-".
    nulls = {name: table.flows.column(name).null_count for name in ("duration", "src_bytes", "service", "dns_query")}
    assert nulls == {"duration": 60_013, "src_bytes": 60_013, "service": 132_032, "dns_query": 176_198}


@pytest.mark.data
def test_restoring_what_was_unset_changes_no_vector(data: Path) -> None:
    table = TonIot().load(data / "data" / "ton_iot")
    assert table.raw is not None
    names = [column.name for column in Conn.columns if column.name in table.raw.column_names]
    zeros = {name: table.raw[name].combine_chunks() for name in names}
    zeros["service"] = table.flows.column("service")
    as_written = flow_batch(zeros, table.raw.num_rows)
    assert Conn().encode(as_written).tobytes() == Conn().encode(table.flows).tobytes()
