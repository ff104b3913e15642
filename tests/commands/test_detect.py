import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundles import START_NS, many, tiny_bundle, watching_bundle
from frames import ethernet, ipv4, pcap, tcp
from redshank.commands import main
from redshank.core.bundle import Bundle
from redshank.detect.shelf import Shelf
from zeek_rows import BENIGN, FLOOD, HEADER, SCAN, log_line

COUNTS = ("comparisons", "moved")


@dataclass(frozen=True)
class Place:
    """A folder with a bundle, a capture of a SYN scan and a log of a scan and a flood."""

    folder: Path

    @property
    def bundle(self) -> str:
        return str(self.folder / "tiny")

    @property
    def capture(self) -> str:
        return str(self.folder / "scan.pcap")

    @property
    def log(self) -> str:
        return str(self.folder / "conn.log")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("detect")
    tiny_bundle().save(folder / "tiny")
    syns = [ethernet(ipv4(tcp(dst_port=1 + i, flags="S"), src="10.0.0.66", dst="10.0.1.1")) for i in range(50)]
    (folder / "scan.pcap").write_bytes(pcap((START_NS + i * 100_000_000, syn) for i, syn in enumerate(syns)))
    rows = [BENIGN] * 40 + [SCAN] * 20 + [FLOOD] * 5
    lines = [log_line(f"{1_700_000_100 + i}.5", i, *row) for i, row in enumerate(rows)]
    (folder / "conn.log").write_text(HEADER + "".join(lines))
    (folder / "masked.log").write_text(HEADER + "".join(log_line("-", i, *row) for i, row in enumerate(rows)))
    return Place(folder)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def redshank(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["redshank", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Done(ended.value.code if isinstance(ended.value.code, int) else 0, captured.out, captured.err)

    return call


def test_scan_in_a_capture_is_reported_with_what_to_do(redshank: Any, place: Place, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = redshank("detect", "-r", place.capture, "-m", place.bundle, "-l", str(out))
    assert (done.code, done.err) == (0, "")
    alert = next(line for line in done.out.splitlines() if "scanning" in line)
    assert alert.split()[:6] == ["2023-11-14", "22:15:00", "low", "10.0.0.66", "scanning", "50"]
    assert "10.0.0.66 (scanning)  Find out who runs 10.0.0.66" in done.out
    assert pq.read_table(out / "verdicts.parquet").num_rows == 50
    assert [json.loads(line)["src_ip"] for line in (out / "eve.json").read_text().splitlines()] == ["10.0.0.66"]
    assert sorted(path.name for path in out.iterdir()) == ["eve.json", "verdicts.parquet"]


def test_zeek_log_gives_one_json_object(redshank: Any, place: Place) -> None:
    done = redshank("detect", "--from", "zeek", place.log, "-m", place.bundle, "--json")
    assert done.code == 0
    found = json.loads(done.out)
    assert {(row["device"], row["family"], row["count"]) for row in found["alerts"]} == {
        ("10.0.0.66", "scanning", 20),
        ("10.0.0.77", "dos", 5),
    }
    assert found["summary"]["flows"] == 65
    assert found["summary"]["bundle"] == "tiny"
    assert found["verdicts_by_family"]["benign"] == 40
    assert found["top_talkers"][0]["device"] == "10.0.0.77"


def test_log_with_masked_time_is_judged_all_the_same(redshank: Any, place: Place, tmp_path: Path) -> None:
    masked = str(place.folder / "masked.log")
    done = redshank("detect", "--from", "zeek", masked, "-m", place.bundle, "-l", str(tmp_path), "--json")
    assert done.code == 0
    assert {(row["time"], row["family"]) for row in json.loads(done.out)["alerts"]} == {
        (None, "scanning"),
        (None, "dos"),
    }


def test_second_run_appends_no_alert_twice_and_replaces_verdicts(redshank: Any, place: Place, tmp_path: Path) -> None:
    for _ in range(2):
        redshank("detect", "--from", "zeek", place.log, "-m", place.bundle, "-l", str(tmp_path))
    assert len((tmp_path / "eve.json").read_text().splitlines()) == 2
    assert pq.read_table(tmp_path / "verdicts.parquet").num_rows == 65


def test_false_alarm_rate_comes_from_the_option_or_the_environment(
    redshank: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDSHANK_DETECT__FALSE_ALARM_RATE", "0.05")
    arguments = ("detect", "--from", "zeek", place.log, "-m", place.bundle, "--json")
    assert json.loads(redshank(*arguments).out)["summary"]["false_alarm_rate"] == "0.05"
    done = redshank(*arguments, "--false-alarm-rate", "0.001")
    assert json.loads(done.out)["summary"]["false_alarm_rate"] == "0.001"


def test_settings_file_is_heeded(redshank: Any, place: Place, tmp_path: Path) -> None:
    (tmp_path / "redshank.toml").write_text("[alerts]\nwindow_s = 10\n")
    done = redshank(
        *("detect", "--from", "zeek", place.log, "-m", place.bundle, "--json", "-c", str(tmp_path / "redshank.toml"))
    )
    assert len(json.loads(done.out)["alerts"]) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "input: none given; name exactly one, with -r PATH, -i INTERFACE or --from TOOL PATH"),
        (["-r", "{capture}", "--from", "zeek", "{log}"], 2, "input: -r {capture} and --from zeek {log} given"),
        (["-r", "{folder}/none.pcap"], 2, "{folder}/none.pcap"),
        (["--from", "zeek", "{folder}/none.log"], 2, "{folder}/none.log: no such file or folder"),
        (["-r", "{log}"], 1, "{log}"),
        (["--from", "zeek", "{capture}"], 1, "{capture}"),
        (["-r", "{capture}", "-m", "{folder}"], 1, "bundle {folder}: not a folder with model.onnx and manifest.json"),
        (["-r", "{capture}", "-m", "{folder}/other"], 1, "column 3 'weight_kg', running is 'duration'"),
        (["-r", "{capture}", "-m", "{folder}/damaged"], 1, "bundle tiny: model.onnx has sha256"),
        (["-r", "{capture}", "-m", "{folder}/nonsense"], 1, "bundle tiny: the runtime refuses model.onnx"),
        (["-r", "{capture}", "--false-alarm-rate", "0.02"], 2, "rate: 0.02 has no threshold in bundle tiny"),
        (["-r", "{capture}", "-c", "{folder}/none.toml"], 2, "settings: cannot read '{folder}/none.toml'"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_leaves_nothing(
    redshank: Any, place: Place, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    columns = tiny_bundle().manifest.columns
    tiny_bundle(fingerprint="0" * 16, columns=[*columns[:3], "weight_kg", *columns[4:]]).save(place.folder / "other")
    tiny_bundle(model=b"\x08nonsense").save(place.folder / "nonsense")
    Bundle.load(place.folder / "tiny").save(place.folder / "damaged")
    (place.folder / "damaged" / "model.onnx").write_bytes(b"other")
    names = {"capture": place.capture, "log": place.log, "folder": str(place.folder)}
    model = [] if "-m" in arguments else ["-m", place.bundle]
    done = redshank("detect", *(a.format(**names) for a in arguments), *model, "-l", str(tmp_path / "out"))
    assert done.code == code
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("redshank: ")
    assert message.format(**names) in line
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_one_line(redshank: Any, place: Place) -> None:
    done = redshank("detect", "-r", place.capture, "-m", place.bundle, "-l", f"{place.log}/out")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"redshank: -l: cannot write to folder '{place.log}/out' (Not a directory); name a folder you may write to\n"
    )


def test_installation_without_a_default_bundle_says_so(
    redshank: Any, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redshank.detect.default.default_bundle.__defaults__", (tmp_path / "none",))
    done = redshank("detect", "-r", place.capture)
    assert done.code == 1
    assert "bundle default: this installation has none at" in done.err


def test_help_teaches_with_an_example(redshank: Any) -> None:
    done = redshank("detect", "--help")
    assert done.code == 0
    assert "Example: redshank detect -r plant.pcap.gz -l out/plant" in done.out


def test_command_loads_no_training_library(place: Place) -> None:
    code = (
        "import sys; from redshank.commands import main\n"
        f"sys.argv = ['redshank', 'detect', '-r', {place.capture!r}, '-m', {place.bundle!r}, '--json']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "found = {name.split('.')[0] for name in sys.modules} & {'torch', 'sklearn', 'pandas', 'onnx', 'lightgbm'}\n"
        "print(sorted(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"
    assert json.loads(done.stdout.splitlines()[0])["summary"]["flows"] == 50


def test_the_champion_of_a_shelf_judges_and_its_shadow_is_counted(redshank: Any, place: Place, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "models")
    for name in ("first", "second"):
        shelf.put(tiny_bundle(name=name))
    missing = redshank("detect", "--from", "zeek", place.log, "--models", str(shelf.folder))
    assert (missing.code, "no bundle is in service" in missing.err) == (2, True)
    shelf.promote("first", "the first")
    shelf.set_shadow("second")
    out = tmp_path / "out"
    done = redshank("detect", "--from", "zeek", place.log, "--models", str(shelf.folder), "-l", str(out), "--json")
    found = json.loads(done.out)
    assert found["summary"]["bundle"] == "first"
    assert found["shadow"] == {"bundle": "second", "flows": 65}
    agreed = [
        {"family": "dos", "both": 5, "renamed": 0, "only_champion": 0, "only_shadow": 0},
        {"family": "scanning", "both": 20, "renamed": 0, "only_champion": 0, "only_shadow": 0},
    ]
    assert found["alarms_of_champion_and_shadow"] == agreed
    assert json.loads((out / "shadow.json").read_text()) == {
        "champion": "first",
        "shadow": "second",
        "flows": 65,
        "alarms": agreed,
    }


def test_a_summary_says_whether_traffic_is_still_what_the_bundle_learnt_from(
    redshank: Any, place: Place, tmp_path: Path
) -> None:
    watching_bundle().save(tmp_path / "watching")
    longer = [many("benign", seed, 100_000 + 4_000 * seed, duration=[500.0] * 2000) for seed in (2, 3)]
    for name, batches in (("few", [many("benign", 1)[:200]]), ("before", [many("benign", 1)]), ("after", longer)):
        pq.write_table(pa.Table.from_batches(batches), tmp_path / f"{name}.parquet")

    def drift(name: str) -> list[dict[str, Any]]:
        arguments = ("--from", "table", str(tmp_path / f"{name}.parquet"), "-m", str(tmp_path / "watching"))
        text = redshank("detect", *arguments).out
        found: list[dict[str, Any]] = json.loads(redshank("detect", *arguments, "--json").out)["drift"]
        line = text.split("\nDrift\n")[1].splitlines()[1]
        assert line.split()[:4] == ["classifier", found[0]["group"] or "-", *(str(found[0][n]) for n in COUNTS)]
        return found

    nothing: dict[str, Any] = {"last_p_value": None, "columns_that_moved": None}
    assert drift("few") == [{"detector": "classifier", "group": None, "comparisons": 0, "moved": 0, **nothing}]
    (same,) = drift("before")
    assert (same["group"], same["comparisons"], same["moved"]) == ("all", 1, 0)
    assert same["last_p_value"] > 0.001
    (other,) = drift("after")
    assert other["moved"] == other["comparisons"] > 0
    assert other["last_p_value"] <= 0.001
    assert "duration (PSI " in other["columns_that_moved"]
    done = redshank("detect", "--from", "zeek", place.log, "-m", place.bundle, "--json")
    assert json.loads(done.out)["drift"] == [], "this bundle has nothing to compare with"


def test_one_bundle_and_a_shelf_are_not_given_together(redshank: Any, place: Place, tmp_path: Path) -> None:
    done = redshank("detect", "-r", place.capture, "-m", place.bundle, "--models", str(tmp_path))
    assert done.code == 2
    assert f"-m: '{place.bundle}' is one bundle, and --models '{tmp_path}' a shelf of them" in done.err
