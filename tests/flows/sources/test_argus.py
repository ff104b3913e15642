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
from redshank.flows.sources.argus import NAMES, Argus

CTU = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"
REJECTED = "2018/12/18 14:00:00.527012,0.699716,tcp,216.73.23.146,52798,   ->,147.32.81.58,445,S_RA,0,0,2,134,70,1,x\n"
UNREACHABLE = "2018/12/18 14:00:01.000000,0.000000,icmp,10.0.0.9,0x0103,   ->,10.0.0.1,0x6d5f,URH,0,,1,86,86,1,\n"
BOT = "pkSeqID,stime,flgs,proto,saddr,sport,daddr,dport,state,ltime,dur,smac,spkts,dpkts,sbytes,dbytes,attack\n"


def example(place: Path) -> Argus:
    path = place / "flows.binetflow"
    rows = "".join(REJECTED.replace("52798", str(port)) for port in range(9_000))
    hostile = REJECTED.replace("S_RA", "\x1b[2J").replace("147.32.81.58", "fe80::1").encode() + b"\xff" * 9 + b"\n"
    path.write_bytes((CTU + rows).encode() + hostile)
    return Argus(path)


def read(place: Path, content: str, **options: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    path = place / "flows.csv"
    path.write_text(content)
    source = Argus(path, **options)
    table = pa.Table.from_batches(source.batches(), FLOW)
    table = table.set_column(0, "ts", table.column("ts").cast(pa.int64()))
    rows = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    return rows, {name: amount for (_, name), amount in source.anomalies.items()}


def test_a_binetflow_row_becomes_a_flow(tmp_path: Path) -> None:
    rows, counts = read(tmp_path, CTU + REJECTED)
    assert rows == [
        {
            "ts": 1_545_141_600_527_012_000,
            "uid": "row-0",
            "src_ip": "216.73.23.146",
            "src_port": 52798,
            "dst_ip": "147.32.81.58",
            "dst_port": 445,
            "proto": "tcp",
            "ip_proto": 6,
            "duration": 0.699716,
            "conn_state": "REJ",
            "src_pkts": 1,
            "src_ip_bytes": 56,
            "dst_pkts": 1,
            "dst_ip_bytes": 50,
            "part": "final",
            "part_reason": "record",
        }
    ]
    assert counts == {}


def test_a_hexadecimal_port_of_icmp_is_type_and_code(tmp_path: Path) -> None:
    echo = UNREACHABLE.replace("0x0103", "0x0008").replace("   ->", "  <->")
    rows, counts = read(tmp_path, CTU + UNREACHABLE + echo)
    assert [(row["src_port"], row["dst_port"], row["conn_state"]) for row in rows] == [(3, 1, "OTH"), (8, 0, "OTH")]
    assert "duration" not in rows[0]
    assert counts == {}


def test_without_counts_of_a_direction_the_other_is_not_guessed(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path, "StartTime,Proto,SrcAddr,DstAddr,TotPkts,TotBytes,SrcBytes\n1.5,udp,10.0.0.1,10.0.0.2,3,180,60\n"
    )
    assert set(rows[0]) == {"ts", "uid", "src_ip", "dst_ip", "proto", "ip_proto", "part", "part_reason"}


def test_columns_of_bot_iot_are_read_and_what_is_not_ip_is_counted(tmp_path: Path) -> None:
    arp = "1,1526344121.188091,e,arp,192.168.100.1,,192.168.100.3,,CON,1526345317.184693,9,,2,2,120,120,0\n"
    udp = "2,1526344227.029374,e,udp,192.168.100.149,51838.0,27.1.1.1,123.0,CON,1526344227.1,0.048565,,1,1,90,90,0\n"
    rows, counts = read(tmp_path, BOT + arp + udp)
    assert [(row["uid"], row["src_port"], row["src_ip_bytes"], row["conn_state"]) for row in rows] == [
        ("row-1", 51838, 76, "SF")
    ]
    assert counts == {"not_ip": 1}


def test_a_record_that_names_the_responder_first_is_turned(tmp_path: Path) -> None:
    row = REJECTED.replace("   ->", "   <-").replace("S_RA", "RA_S")
    (turned,), _ = read(tmp_path, CTU + row)
    assert (turned["src_ip"], turned["src_port"], turned["dst_ip"]) == ("147.32.81.58", 445, "216.73.23.146")
    assert (turned["src_ip_bytes"], turned["dst_ip_bytes"], turned["conn_state"]) == (50, 56, "REJ")


def test_the_link_header_is_a_setting_and_a_wrong_one_is_noticed(tmp_path: Path) -> None:
    assert read(tmp_path, CTU + REJECTED, link_bytes=0)[0][0]["src_ip_bytes"] == 70
    rows, counts = read(tmp_path, CTU + REJECTED.replace("134,70", "60,30"))
    assert "src_ip_bytes" not in rows[0]
    assert counts == {"bytes_below_headers": 2}


def test_the_end_tells_the_duration_where_it_is_not_given(tmp_path: Path) -> None:
    head = "stime,ltime,proto,saddr,daddr,pkts\n"
    rows, _ = read(tmp_path, head + "1.5,2.75,tcp,10.0.0.1,10.0.0.2,3\n2.0,1.0,tcp,10.0.0.1,10.0.0.2,3\n")
    assert [row.get("duration") for row in rows] == [1.25, None]


def test_values_that_cannot_be_are_null_and_counted(tmp_path: Path) -> None:
    odd = REJECTED.replace("52798", "http").replace(",445,", ",0x1ffff,").replace("0.699716", "soon")
    rows, counts = read(tmp_path, CTU + odd + REJECTED.replace("147.32.81.58", "router"))
    assert len(rows) == 1
    assert counts == {
        "src_port_unreadable": 1,
        "dst_port_unreadable": 1,
        "duration_unreadable": 1,
        "dst_ip_unreadable": 1,
        "address_missing": 1,
    }


def test_what_is_no_table_of_argus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent: no such file; name a table that ra printed"):
        Argus(tmp_path / "absent")
    (tmp_path / "x").write_text("   StartTime      Flgs  Proto            SrcAddr\n")
    with pytest.raises(SourceError, match=r"x: not a table of Argus; write one with: ra .* starts with b'   StartTime"):
        Argus(tmp_path / "x")
    (tmp_path / "x").write_text("proto,service,state\n")
    with pytest.raises(SourceError, match="x: not a table of Argus.*; it lacks 'srcaddr'"):
        Argus(tmp_path / "x")


CELL = st.text(alphabet='0123456789.x:/- "_SRFAtcpudp\t', max_size=10) | st.sampled_from(
    ["10.0.0.1", "tcp", "icmp", "udp", "0x0303", "S_RA", "<-", "->", "-1", "99999999999999999999", "1e9", "\x1b"]
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(st.lists(CELL, min_size=10, max_size=10), max_size=4))
def test_any_cells_never_raise(lines: list[list[str]], tmp_path: Path) -> None:
    names = [
        "stime",
        "dur",
        "proto",
        "saddr",
        "sport",
        "dir",
        "daddr",
        "dport",
        "state",
        "pkts",
        "spkts",
        "bytes",
        "sbytes",
    ]
    table = "\n".join(",".join([*line, "5", "60", "7"]) for line in lines)
    rows, counts = read(tmp_path, ",".join(names) + "\n" + table)
    assert len(rows) <= len(lines)
    assert all(amount > 0 for amount in counts.values())


def test_every_name_is_in_small_letters() -> None:
    assert all(name == name.lower() for name in NAMES)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected", "odd"),
    [  # lines without the header; BoT-IoT's five ARP rows are no flows
        ("pcaps/attacks/flow-logs/slips__test11-portscan.binetflow", 66, {}),
        ("pcaps/attacks/flow-logs/slips__test3-mixed.binetflow", 89, {}),
        ("data/bot_iot/BoT-IoT_raw35_sample_1109.csv.gz", 1_104, {"not_ip": 5}),
    ],
)
def test_published_tables_are_read_completely(name: str, expected: int, odd: dict[str, int], data: Path) -> None:
    source = Argus(data / name)
    assert sum(batch.num_rows for batch in source.batches()) == expected
    assert {name: amount for (_, name), amount in source.anomalies.items()} == odd


@pytest.mark.service
@pytest.mark.data
def test_what_argus_says_of_a_recording_is_read_to_the_packet(data: Path, tmp_path: Path) -> None:
    if shutil.which("argus") is None or shutil.which("ra") is None:
        pytest.skip("argus and ra: not installed (make services)")
    capture = data / "pcaps" / "attacks" / "iot-testbed__final_scan_01.pcap"
    records = tmp_path / "x.argus"
    subprocess.run(["argus", "-r", capture, "-w", records], check=True, capture_output=True, timeout=60)
    command = [
        "ra",
        "-r",
        str(records),
        "-n",
        "-u",
        "-Z",
        "b",
        "-c",
        ",",
        "-s",
        "+ltime",
        "+spkts",
        "+dpkts",
        "+sbytes",
    ]
    printed = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
    rows, counts = read(tmp_path, printed)
    # Counted in the recording with tcpdump: 32 refused SYNs and 4 sessions; ARP and Argus's own records are no flows.
    assert sorted({row["conn_state"] for row in rows}) == ["REJ", "SF"]
    assert sum(row["conn_state"] == "REJ" for row in rows) == 32
    assert sum(row["conn_state"] == "SF" for row in rows) == 4
    assert set(counts) == {"not_ip"}
    for row in rows:
        if row["conn_state"] == "REJ":
            assert (row["src_pkts"], row["dst_pkts"]) == (1, 1)
