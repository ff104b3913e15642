import json
from pathlib import Path

import pytest
import yaml

from bundles import START_NS
from frames import ethernet, ipv4, pcap, tcp
from program import ended
from sigma_rules import rule


def written(place: Path, *documents: object) -> Path:
    file = place / "own.yml"
    file.write_text("---\n".join(yaml.safe_dump(one) for one in documents))
    return file


def test_the_rules_that_ship_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "rules", "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rules"]
    (scan,) = [row for row in rows if row["name"] == "port-scan"]
    assert (scan["level"], scan["score"], scan["family"], scan["techniques"]) == ("high", 0.85, "scanning", "T1046")
    assert "port-scan-flow" not in {row["name"] for row in rows}, "it is only counted"


def test_a_rule_is_shown_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, rule(name="telnet", description="Old.", falsepositives=["Printers"]))
    assert ended(monkeypatch, "rules", "show", "telnet", file) == 0
    said = capsys.readouterr().out
    assert "Printers" in said
    assert said.endswith(file.read_text())
    assert ended(monkeypatch, "rules", "show", "telnet", file, "--json") == 0
    assert json.loads(capsys.readouterr().out)["rule"]["wrong_if"] == "Printers"


def test_a_name_that_is_none_is_told_with_those_near(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "rules", "show", "port-scam") == 2
    assert "rule: no 'port-scam'; did you mean 'port-scan'?" in capsys.readouterr().err


def test_good_rules_are_said_to_be_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "rules", "check", written(tmp_path, rule(), rule(title="B", level="low"))) == 0
    assert capsys.readouterr().out == "2 rules, no problem (1 low, 1 medium)\n"


def test_every_problem_is_told_and_the_exit_code_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, rule({"Image": "x"}), rule({"dst_port": "y"}, title="B"))
    assert ended(monkeypatch, "rules", "check", file) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"{file}: A test: flows have no field 'Image'; ")
    assert told[1] == f"{file}: B: dst_port: 'y' does not fit; it holds a number: give a number"
    assert ended(monkeypatch, "rules", "check", file, "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 2


def test_problems_of_watchlists_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.txt").write_text("no entry\n")
    assert ended(monkeypatch, "rules", "check", "-w", tmp_path / "bad.txt") == 1
    assert "line 1: 'no entry'" in capsys.readouterr().err


def test_a_path_that_is_not_there_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "rules", "check", tmp_path / "none.yml") == 2
    assert f"'{tmp_path / 'none.yml'}' is not there" in capsys.readouterr().err


def test_what_rules_would_hit_in_a_capture_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [
        (START_NS, ethernet(ipv4(tcp(b"", src_port=40_000 + n, dst_port=n, flags="S"), src="10.0.0.1", dst="10.0.0.2")))
        for n in range(20, 25)
    ]
    (tmp_path / "in.pcap").write_bytes(pcap(frames))
    file = written(tmp_path, rule({"dst_port": [22, 23]}))
    assert ended(monkeypatch, "rules", "test", file, "-r", tmp_path / "in.pcap", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["summary"] == {"rules": 1, "rows": 5, "hits": 2}
    assert found["hits_by_rule"] == [{"rule": "A test", "level": "medium", "family": "attack", "rows": 2}]
    assert {hit["target"] for hit in found["first_hits"]} == {"10.0.0.2 22", "10.0.0.2 23"}
    assert found["first_hits"][0]["why"].startswith("A test (medium) dst_port=2")


def test_fields_are_listed_with_their_other_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "rules", "fields", "--json") == 0
    fields = {row["field"]: row for row in json.loads(capsys.readouterr().out)["fields"]}
    assert fields["dst_port"]["also"] == "DestinationPort, id.resp_p"
    assert fields["dst_port"]["holds"] == "number"
    assert "ts" not in fields
