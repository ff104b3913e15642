import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW
from redshank.flows.sources.nfdump import NAMES, Nfdump

OLD = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n"
ASKED = "2024-02-13 14:34:38,2024-02-13 14:34:38,0.000,10.0.0.1,10.0.0.2,33266,53,UDP,........,0,0,1,68,0,0\n"
ANSWERED = "2024-02-13 14:34:38,2024-02-13 14:34:38,0.000,10.0.0.2,10.0.0.1,53,33266,UDP,........,0,0,1,127,0,0\n"
SUMMARY = "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n322,32782,322,12461,15,101\n"
NEW = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,bps,bpp,flows\n"
LONG = "Date first seen             Duration     Proto      Src IP Addr:Port          Dst IP Addr:Port     Flags Tos  Packets    Bytes Flows\n"  # noqa: E501  as nfdump prints it


def example(place: Path) -> Nfdump:
    path = place / "flows.csv"
    rows = "".join(row.replace("33266", str(port)) for port in range(20_000, 29_000) for row in (ASKED, ANSWERED))
    hostile = ASKED.replace("........", "\x1b[2J").replace("10.0.0.2", "fe80::1")
    path.write_bytes((OLD + rows + hostile).encode() + b"\xff\xfe\n" + SUMMARY.encode())
    return Nfdump(path)


def read(place: Path, content: str, **options: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    path = place / "flows.csv"
    path.write_text(content)
    source = Nfdump(path, **options)
    table = pa.Table.from_batches(source.batches(), FLOW)
    table = table.set_column(0, "ts", table.column("ts").cast(pa.int64()))
    rows = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    return rows, {name: amount for (_, name), amount in source.anomalies.items()}


def test_the_two_records_of_a_flow_become_one_row(tmp_path: Path) -> None:
    rows, counts = read(tmp_path, OLD + ANSWERED + ASKED + SUMMARY)
    assert rows == [
        {
            "ts": 1_707_834_878_000_000_000,
            "uid": "row-1",
            "src_ip": "10.0.0.1",
            "src_port": 33266,
            "dst_ip": "10.0.0.2",
            "dst_port": 53,
            "proto": "udp",
            "ip_proto": 17,
            "duration": 0.0,
            "conn_state": "SF",
            "src_pkts": 1,
            "src_ip_bytes": 68,
            "dst_pkts": 1,
            "dst_ip_bytes": 127,
            "part": "final",
            "part_reason": "record",
        }
    ]
    assert counts == {}


def test_a_lone_record_leaves_the_other_side_null(tmp_path: Path) -> None:
    (row,), counts = read(tmp_path, OLD + ASKED)
    assert not {"dst_pkts", "dst_ip_bytes", "conn_state", "duration"} & set(row)
    assert counts == {"one_direction_only": 1}


def test_a_record_of_both_directions_is_taken_as_it_is(tmp_path: Path) -> None:
    (row,), counts = read(tmp_path, OLD + ASKED.replace(",1,68,0,0", ",2,136,3,300").replace("0.000", "1.250"))
    assert (row["src_pkts"], row["dst_pkts"], row["dst_ip_bytes"], row["conn_state"]) == (2, 3, 300, "SF")
    assert row["duration"] == 1.25
    assert counts == {}


def test_flags_of_both_directions_tell_the_state(tmp_path: Path) -> None:
    syn, reset = ASKED.replace("UDP,........", "TCP,......S."), ANSWERED.replace("UDP,........", "TCP,...A.R..")
    assert [row.get("conn_state") for row in read(tmp_path, OLD + syn + reset)[0]] == ["REJ"]
    both = ASKED.replace("UDP,........", "TCP,...A..SF").replace(",0,0\n", ",2,200\n")
    assert [row.get("conn_state") for row in read(tmp_path, OLD + both)[0]] == [None]


@pytest.mark.parametrize("duration", ["0.250", "00:00:00.250", "0d 00:00:00.250"])
def test_new_names_and_their_durations_are_read(duration: str, tmp_path: Path) -> None:
    line = f"2024-02-13 14:34:38.788,{duration},TCP,10.0.0.1,40000,10.0.0.2,443,3,180,0,60,1\n"
    (row,), _ = read(tmp_path, NEW + line)
    assert (row["ts"], row["duration"], row["src_pkts"]) == (1_707_834_878_788_000_000, 0.25, 3)


def test_the_fast_form_counts_milliseconds_and_protocols_by_number(tmp_path: Path) -> None:
    head = "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,bytes\n"  # noqa: E501
    line = "1,2,1707834878788,1707834879038,6,10.0.0.1,40000,10.0.0.2,443,0,0,0,0,......S.,0,3,180\n"
    (row,), _ = read(tmp_path, head + line)
    assert (row["ts"], row["duration"], row["proto"]) == (1_707_834_878_788_000_000, 0.25, "tcp")


@pytest.mark.parametrize(("asked", "answered"), [("2048", "0"), ("8.0", "0.0")])
def test_requests_and_replies_of_icmp_are_one_flow(asked: str, answered: str, tmp_path: Path) -> None:
    lines = [row.replace("UDP", "ICMP") for row in (ASKED, ANSWERED)]
    lines = [lines[0].replace("33266,53", f"0,{asked}"), lines[1].replace("53,33266", f"0,{answered}")]
    (row,), _ = read(tmp_path, OLD + "".join(lines))
    assert (row["src_ip"], row["src_port"], row["dst_port"], row["conn_state"]) == ("10.0.0.1", 8, 0, "OTH")
    (row,), _ = read(tmp_path, OLD + lines[0].replace(f"0,{asked}", "0,769"))
    assert (row["src_port"], row["dst_port"]) == (3, 1)


def test_the_lines_of_the_long_form_are_read(tmp_path: Path) -> None:
    lines = (
        "2024-02-13 14:34:38.788     00:00:00.500 TCP       10.0.0.1:33266 ->      10.0.0.2:53    ......S.   0        2       68     1\n"  # noqa: E501
        "2024-02-13 14:34:39.288     00:00:00.000 TCP   2001:db8::1.40000  ->   2001:db8::2.443   ...AP.SF   0    1.2 M   3.0 G     1\n"  # noqa: E501
        "Summary: total flows: 2\nTime window: x\n"
    )
    rows, counts = read(tmp_path, LONG + lines)
    found = [(row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"], row.get("src_pkts")) for row in rows]
    assert found == [("10.0.0.1", 33266, "10.0.0.2", 53, 2), ("2001:db8::1", 40000, "2001:db8::2", 443, None)]
    assert rows[0]["duration"] == 0.5
    assert counts == {"src_pkts_unreadable": 1, "src_bytes_unreadable": 1, "one_direction_only": 2}


def test_what_nfdump_did_not_print_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent: no such file; name what nfdump printed"):
        Nfdump(tmp_path / "absent")
    (tmp_path / "x").write_text("ts,val,fl\n1,2,3\n")
    with pytest.raises(SourceError, match=r"x: not records of nfdump; write them with: TZ=UTC nfdump .* lacks 'sa'"):
        Nfdump(tmp_path / "x")


CELL = st.text(alphabet="0123456789.:d- ", max_size=10) | st.sampled_from(
    [
        "10.0.0.1",
        "TCP",
        "6",
        "ICMP",
        "8.0",
        "2048",
        "...A.R..",
        "2024-02-13 14:34:38",
        "Summary",
        "99999999999999999999",
    ]
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(st.lists(CELL, min_size=15, max_size=15), max_size=4))
def test_any_cells_never_raise(lines: list[list[str]], tmp_path: Path) -> None:
    rows, counts = read(tmp_path, OLD + "\n".join(",".join(line) for line in lines))
    assert len(rows) <= len(lines)
    assert all(amount > 0 for amount in counts.values())


def test_every_name_is_in_small_letters() -> None:
    assert all(name == name.lower() for name in NAMES)


@pytest.mark.data
def test_a_published_listing_is_read_completely(data: Path) -> None:
    source = Nfdump(data / "pcaps" / "attacks" / "flow-logs" / "netflowlabeler__nfcapd.sample1.labeled")
    rows = pa.Table.from_batches(source.batches(), FLOW)
    # 35 lines: 9 pairs and 17 of one direction (broadcast and multicast, above all).
    assert (len(rows), rows.column("dst_pkts").null_count) == (26, 17)
    assert {name: amount for (_, name), amount in source.anomalies.items()} == {"one_direction_only": 17}


@pytest.mark.service
@pytest.mark.data
@pytest.mark.parametrize("form", [["-o", "csv"], ["-o", "long"], ["-B", "-o", "csv"]])
def test_what_nfdump_prints_of_a_recording_has_every_packet(form: list[str], data: Path, tmp_path: Path) -> None:
    if shutil.which("nfpcapd") is None:
        pytest.skip("nfpcapd: not installed (nfdump)")
    capture = data / "pcaps" / "attacks" / "slips__test-cc-capture-2.pcap"
    subprocess.run(["nfpcapd", "-r", capture, "-l", tmp_path], check=True, capture_output=True, timeout=60)
    packets = 0
    for stored in sorted(tmp_path.glob("nfcapd.2*")):
        command = ["nfdump", "-r", str(stored), *form]
        printed = subprocess.run(command, check=True, capture_output=True, timeout=60, env={"TZ": "UTC"})
        rows, counts = read(tmp_path, printed.stdout.decode())
        assert set(counts) <= {"one_direction_only"}
        packets += sum(row.get("src_pkts", 0) + row.get("dst_pkts", 0) for row in rows)
    if "-B" not in form:
        assert packets == 1_084  # the recording's packets, as its README counts them
