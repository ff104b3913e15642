import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from frames import ethernet, ipv4, pcap, tcp
from program import ended

PROGRAM = [sys.executable, "-c", "from redshank.commands import main; main()"]
HEAD = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_pkts\n"


def row(i: int) -> str:
    return f"15000000{i % 100:02}.000001\tC{i}\t10.0.0.1\t{i % 65_536}\t10.0.0.2\t80\ttcp\t3\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "conn.log"
    path.parent.mkdir()
    path.write_text(HEAD + row(1) + "broken\n" + row(2))
    return path


def redshank(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [str(argument) for argument in arguments]
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, check=False, timeout=120)


def test_a_zeek_log_becomes_json_lines_and_a_summary_on_standard_error(log: Path) -> None:
    done = redshank("flows", "--from", "zeek", log)
    assert done.returncode == 0
    assert [json.loads(line)["uid"] for line in done.stdout.splitlines()] == ["C1", "C2"]
    assert done.stderr.startswith("INFO redshank.commands.flows: 2 rows, anomalies: zeek.wrong_field_count 1, 0.")
    assert done.stderr.count("\n") == 1


def test_a_capture_becomes_flows(tmp_path: Path) -> None:
    frames = [
        ethernet(ipv4(tcp(b"", src_port=40000, dst_port=80, flags="S"), src="10.0.0.1", dst="10.0.0.2")),
        ethernet(ipv4(tcp(b"", src_port=80, dst_port=40000, flags="RA"), src="10.0.0.2", dst="10.0.0.1")),
    ]
    capture = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for i, frame in enumerate(frames):
        capture += struct.pack("<IIII", 1_500_000_000, i, len(frame), len(frame)) + frame
    path = tmp_path / "two.pcap"
    path.write_bytes(capture)
    done = redshank("flows", "-r", path, "-o", tmp_path / "flows.jsonl", "--json", "--capacity", 64)
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert (summary["title"], summary["anomalies"]) == ("flows", {})
    assert (summary["run"]["packets"], summary["run"]["flows"]) == (2, 1)
    assert summary["run"]["packets_per_s"] == pytest.approx(2 / summary["run"]["seconds"])
    (flow,) = map(json.loads, (tmp_path / "flows.jsonl").read_text().splitlines())
    assert (flow["ts"], flow["src_ip"], flow["dst_port"], flow["conn_state"]) == (1.5e9, "10.0.0.1", 80, "REJ")


@pytest.mark.parametrize(
    ("name", "option", "first"),
    [
        ("x.csv", (), "ts,uid,src_ip,"),
        ("conn.log", (), "#separator"),
        ("x.jsonl", (), '{"ts":'),
        ("x", (), '{"ts":'),
        ("x.csv", ("--format", "zeek"), "#separator"),
        ("x.parquet", (), "PAR1"),
    ],
)
def test_the_format_follows_the_option_or_the_ending(
    name: str,
    option: tuple[str, ...],
    first: str,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(monkeypatch, "flows", "--from", "zeek", log, "-o", tmp_path / "new" / name, *option) == 0
    assert (tmp_path / "new" / name).read_bytes().startswith(first.encode())
    assert capsys.readouterr().out == ""


def test_devices_are_written_beside_the_flows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("redshank.flows.vendor.PLACES", (tmp_path / "absent",))
    frame = ethernet(ipv4(tcp(b"", src_port=40000, dst_port=80, flags="S"), src="10.0.0.1", dst="10.0.0.2"))
    (tmp_path / "one.pcap").write_bytes(pcap([(1_500_000_000_000_000_000, frame)]))
    words = ("flows", "-r", tmp_path / "one.pcap", "-o", tmp_path / "x.csv", "--devices", tmp_path / "devices.jsonl")
    assert ended(monkeypatch, *words) == 0
    assert "--devices: without names of vendors; Debian's package ieee-data has them" in capfd.readouterr().err
    devices = [json.loads(line) for line in (tmp_path / "devices.jsonl").read_text().splitlines()]
    assert [device["ips"] for device in devices] == [["10.0.0.1"]]  # who never spoke is no device


def test_a_log_we_wrote_is_read_again(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source, out in ((log, "first.jsonl"), (log, "conn.log"), (tmp_path / "conn.log", "second.jsonl")):
        assert ended(monkeypatch, "flows", "--from", "zeek", source, "-o", tmp_path / out) == 0
    assert (tmp_path / "second.jsonl").read_text() == (tmp_path / "first.jsonl").read_text() != ""


def test_the_settings_file_and_the_environment_reach_the_meter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packet = bytearray(ethernet(ipv4(tcp(b"", src_port=40000, dst_port=80, flags="S"), src="10.0.0.1", dst="10.0.0.2")))
    packet[24] ^= 0xFF  # the checksum of the IPv4 header
    (tmp_path / "one.pcap").write_bytes(pcap([(1_500_000_000_000_000_000, bytes(packet))]))
    (tmp_path / "redshank.toml").write_text("[sensor]\nchecksums = true\n")
    arguments = ("flows", "-r", tmp_path / "one.pcap", "-o", tmp_path / "x.csv", "--json")
    found = []
    for more in ((), ("--config", tmp_path / "redshank.toml")):
        assert ended(monkeypatch, *arguments, *more) == 0
        found.append(json.loads(capsys.readouterr().out)["anomalies"].get("decode.ipv4_checksum"))
    assert found == [None, 1]
    monkeypatch.setenv("REDSHANK_SENSOR__CAPACITY", "7")
    assert ended(monkeypatch, *arguments) == 2
    assert "sensor.capacity: '7' is not allowed" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["-r", "log", "folder", "link"])
def test_what_is_read_is_never_written_over(
    option: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = log.read_bytes()
    source, out = log, log
    if option == "folder":
        source = log.parent
    elif option == "link":
        out = tmp_path / "other.log"
        out.hardlink_to(log)
    words = ("-r",) if option == "-r" else ("--from", "zeek")
    assert ended(monkeypatch, "flows", *words, source, "-o", out) == 2
    assert capsys.readouterr() == (
        "",
        f"redshank: {out}: is what is read, and would be lost; name another file to write to\n",
    )
    assert log.read_bytes() == before


def test_a_reader_that_leaves_ends_the_program_quietly(log: Path) -> None:
    log.write_text(HEAD + "".join(map(row, range(60_000))))
    with subprocess.Popen(
        [*PROGRAM, "flows", "--from", "zeek", log], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline().startswith(b'{"ts":')
        program.stdout.close()
        assert program.stderr.read() == b""
    assert program.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")  # noqa: PTH110  at import
def test_a_full_disk_behind_standard_output_is_one_line(log: Path) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  a device, not a path
        done = subprocess.run(
            [*PROGRAM, "flows", "--from", "zeek", log], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr == b"redshank: standard output: cannot be written (No space left on device)\n"


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        ((), 2, "input: none given; name exactly one, with -r PATH, -i INTERFACE or --from TOOL PATH"),
        (("-r", "a", "--from", "zeek", "b"), 2, "input: -r a and --from zeek b given; name exactly one"),
        (("--from", "zeek", "LOG", "--format", "jsnl"), 2, "format: no 'jsnl'; did you mean 'jsonl'?"),
        (("--from", "zeek", "LOG", "--format", "parquet"), 2, "format: 'parquet' cannot go to standard output"),
        (("--from", "zeek", "LOG", "--json"), 2, "--json: the flows themselves go to standard output"),
        (("--from", "zeek", "LOG", "--capacity", "64"), 2, "--capacity: 64 is for our own meter"),
        (("--from", "zeek", "LOG", "--devices", "x.log"), 2, "--devices: 'x.log' would be a log of Zeek"),
        (("--from", "zeek", "absent.log"), 2, "absent.log: no such file or folder"),
        (("-r", "absent.pcap"), 2, "absent.pcap"),
        (("--from", "zeek", "LOG", "-o", "LOG/x.csv"), 2, "cannot write to folder"),
        (("--from", "zeek", "LOG", "-o", "FOLDER"), 2, "is a folder; name a file to write to"),
        (("--from", "zeek", "FOLDER/.."), 2, "a folder without conn.log"),
        (("-r", "LOG"), 1, "conn.log"),
        (("--from", "zeek", "PROGRAM"), 1, "not a conn.log"),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...],
    code: int,
    line: str,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"LOG": str(log), "FOLDER": str(log.parent), "PROGRAM": __file__}
    words = []
    for word in arguments:
        name, slash, rest = word.partition("/")
        words.append(places.get(name, name) + slash + rest)
    assert ended(monkeypatch, "flows", *words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("redshank: ")
    assert line in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "conn.log"]
