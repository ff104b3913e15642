from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from bundles import flows
from random_flows import random_flows
from redshank.core.errors import ConfigError
from redshank.core.schema import VERDICT
from redshank.detect.detectors.signatures import Signatures
from sigma_rules import base, correlation, rows, rule


def written(place: Path, *documents: object) -> Path:
    file = place / "own.yml"
    file.write_text("---\n".join(yaml.safe_dump(one) for one in documents))
    return file


def made(place: Path, *documents: object, **arguments: Any) -> Signatures:
    return Signatures((written(place, *documents),), starter=False, **arguments)


def example(place: Path) -> Signatures:
    """Return a detector that knows floods and counts what gets no answer."""
    silent = base({"dst_pkts": 0})
    return made(
        place,
        rule({"src_ip_bytes|gt": 1_000_000}, title="Much", tags=["redshank.family.dos"]),
        rule({"dst_pkts": 0}, title="Silent", level="low"),
        silent,
        correlation(at_least=5, field="dst_ip"),
    )


def told(verdicts: pa.RecordBatch, name: str) -> list[Any]:
    values: list[Any] = verdicts.column(name).to_pylist()
    return values


def test_a_flow_that_no_rule_hits_gets_no_score(tmp_path: Path) -> None:
    verdicts = example(tmp_path).judge(flows(["benign"]))
    assert verdicts.schema == VERDICT
    for name in ("score", "family", "p_value", "unknown", "rules"):
        assert told(verdicts, name) == [None], name
    assert told(verdicts, "alarm") == [False]
    assert told(verdicts, "reasons") == [[]]
    assert told(verdicts, "detector") == ["signatures"]


def test_the_gravest_rule_decides_and_all_are_named(tmp_path: Path) -> None:
    detector = made(
        tmp_path,
        rule({"dst_port": 23}, title="Telnet", level="low"),
        rule({"proto": "tcp"}, title="Tcp", level="medium", tags=["attack.t1046"]),
        rule({"dst_port": [23, 24]}, title="Login", level="critical", tags=["attack.t1110"]),
    )
    verdicts = detector.judge(
        rows(4, dst_port=lambda i: [23, 80, 24, 23][i], proto=lambda i: "tttu"[i] + "cccd"[i] + "pppp"[i])
    )
    assert told(verdicts, "rules") == [["Login", "Tcp", "Telnet"], ["Tcp"], ["Login", "Tcp"], ["Login", "Telnet"]]
    assert told(verdicts, "score") == [0.97, 0.6, 0.97, 0.97]
    assert told(verdicts, "family") == ["password", "scanning", "password", "password"]
    assert told(verdicts, "reasons")[0] == [
        *("Login (critical, T1110) dst_port=23", "Tcp (medium, T1046) proto=tcp", "Telnet (low) dst_port=23")
    ]
    assert told(verdicts, "alarm") == [True] * 4
    assert told(verdicts, "unknown") == [False] * 4


def test_a_rule_of_low_level_is_a_reason_only(tmp_path: Path) -> None:
    verdicts = made(tmp_path, rule(level="low")).judge(rows(1, dst_port=23))
    assert told(verdicts, "rules") == [["A test"]]
    assert told(verdicts, "score") == [None]
    assert told(verdicts, "family") == [None]
    assert told(verdicts, "alarm") == [False]


def test_what_is_counted_goes_on_from_batch_to_batch(tmp_path: Path) -> None:
    detector = example(tmp_path)
    batch = flows(["scanning"] * 8)
    hits = [told(detector.judge(batch.slice(at, 1)), "rules")[0] for at in range(8)]
    assert hits == [["Silent"]] * 4 + [["count", "Silent"]] * 4


def test_a_detector_goes_on_from_what_another_remembers(tmp_path: Path) -> None:
    before, after = example(tmp_path), example(tmp_path)
    batch = flows(["scanning"] * 5)
    before.judge(batch.slice(0, 4))
    after.goes_on_from(before)
    assert told(after.judge(batch.slice(4, 1)), "rules") == [["count", "Silent"]]


def test_a_rule_that_counts_otherwise_begins_anew(tmp_path: Path) -> None:
    before = made(tmp_path, base(), correlation(at_least=2, field=None))
    before.judge(rows(1))
    after = made(tmp_path, base(), correlation(at_least=2, field=None, timespan="20s"))
    after.goes_on_from(before)
    assert told(after.judge(rows(1, uid="D")), "rules") == [None]


def test_what_is_forgotten_is_counted_by_rule_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    detector = made(tmp_path, base(), correlation(at_least=1000))
    assert detector.forgotten == {}
    for _ in range(2):
        detector.judge(rows(1_000, src_ip=lambda i: f"10.0.{i // 250}.{i % 250}"))
    assert [record.message for record in caplog.records] == [
        "rule count: too many groups; those that were silent for longest are forgotten, and counted"
    ]
    assert detector.forgotten.keys() == {"count"}
    assert detector.forgotten["count"] > 500


def test_watchlists_are_read_again_when_asked(tmp_path: Path) -> None:
    bad = tmp_path / "bad_addresses.txt"
    bad.write_text("203.0.113.7\n")
    detector = Signatures(watchlists=(bad,))
    batch = rows(2, dst_ip=lambda i: f"203.0.113.{7 + i}")
    assert told(detector.judge(batch), "rules") == [["known-bad-address"], None]
    bad.write_text("203.0.113.8\n")
    detector.reload()
    assert told(detector.judge(batch), "rules") == [None, ["known-bad-address"]]
    bad.write_text("not good\n")
    with pytest.raises(ConfigError, match="line 1: 'not good'"):
        detector.reload()
    assert told(detector.judge(batch), "rules") == [None, ["known-bad-address"]]


def test_rules_can_be_switched_off_by_name(tmp_path: Path) -> None:
    assert told(made(tmp_path, rule(), off=("A test",)).judge(rows(1, dst_port=23)), "rules") == [None]
    with pytest.raises(ConfigError, match="off: no rule 'A tset'; did you mean 'A test'?"):
        made(tmp_path, rule(), off=("A tset",))


def test_own_rules_run_beside_those_that_ship(tmp_path: Path) -> None:
    detector = Signatures((written(tmp_path, rule()),))
    assert {"A test", "port-scan"} <= {one.name for one in detector.rules}
    assert detector.name.startswith("starter+own-")


def test_problems_of_own_rules_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="flows have no field 'Image'"):
        made(tmp_path, rule({"Image": "x"}))


def test_no_rules_at_all_say_nothing() -> None:
    assert told(Signatures(starter=False).judge(rows(2)), "rules") == [None, None]


def test_any_values_survive_the_rules_that_ship() -> None:
    detector = Signatures()
    for seed in range(3):
        assert detector.judge(random_flows(300, seed)).num_rows == 300


def test_reasons_are_inert(tmp_path: Path) -> None:
    verdicts = made(tmp_path, rule({"http_uri|contains": "x"})).judge(rows(1, http_uri="x\x1b[2J\n" + "y" * 500))
    [[reason]] = told(verdicts, "reasons")
    assert reason.isprintable()
    assert len(reason) < 120
