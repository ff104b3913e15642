from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from published import stand_in, text_of
from redshank.core.errors import SourceError
from redshank.core.schema import FLOW, flow_batch
from redshank.data.datasets.ton_iot import CLASSES, COLUMNS, FILE, RELEASES, TonIot
from redshank.features.feature_sets.conn import Conn
from redshank.flows.sources.zeek import Zeek

# Values of rows of the released file, addresses changed.
DNS = {
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
ONE_PACKET = {
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
HTTP = {
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


def example(place: Path) -> TonIot:
    """Write a table of four rows into the folder `place`; the dataset returned takes it for a release."""
    data = text_of(RELEASES[0], ROWS, end="\r\n", mark=True)
    return TonIot(files=(stand_in(place, RELEASES[0], ROWS, CLASSES, data),))


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
    assert raw.column_names == [*COLUMNS[:-2]]
    assert raw["service"].to_pylist() == ["dns", "-", "http", "smb;gssapi"]
    assert raw["duration"].to_pylist() == [0.25, 0, 93516.92917, 0]


def test_the_older_release_has_times(tmp_path: Path) -> None:
    rows = [row | {"ts": "1556021329"} for row in ROWS]
    read = TonIot(files=(RELEASES[0], stand_in(tmp_path, RELEASES[1], rows, CLASSES))).load(tmp_path)
    assert str(read.flows.column("ts")[0].as_py()) == "2019-04-23 12:08:49+00:00"
    assert read.raw is not None
    assert read.raw.column_names == ["ts", *COLUMNS[:-2]]
    assert read.own is not None
    assert read.own.table["ts"].to_pylist() == [1556021329] * 4
    assert "ts" in read.own.identifiers


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


def test_a_file_with_other_columns_is_refused_by_the_first_missing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("src_ip,dst_ip\n192.0.2.7,192.0.2.1\n")
    with pytest.raises(SourceError, match="ton_iot: .* has 2 columns, the dataset has 44; first missing: 'src_port'"):
        TonIot().load(tmp_path)


def test_own_columns_have_the_meaning_of_flows(tmp_path: Path) -> None:
    read = example(tmp_path).load(tmp_path)
    assert read.own is not None
    assert read.own.table.column_names == [*COLUMNS[:-2]]
    assert read.own.table["weird_notice"].to_pylist() == [None, None, False, None]
    assert read.own.table["src_bytes"].to_pylist() == [40, None, 3890855126, None]
    assert {"src_ip", "dst_port", "dns_query", "http_user_agent"} <= read.own.identifiers
    assert read.own.units["duration"] == "s"


def test_the_known_releases_have_the_published_counts() -> None:
    assert [known.rows for known in RELEASES] == [211_043, 461_043]
    assert set(RELEASES[0].counts) == set(TonIot.families)


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
