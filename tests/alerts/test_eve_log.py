import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.alerts.eve_log import EveLog, from_line
from redshank.alerts.sinks.eve import Eve, to_line
from told import ALERT, FLOW


def test_what_the_sink_wrote_is_read_back() -> None:
    found = from_line(to_line(ALERT))
    assert found is not None
    flow = replace(FLOW, uid=found.evidence[0].uid, dst_port=1883)
    assert found == replace(ALERT, evidence=(flow,))
    assert found.evidence[0].p_value == 0.0005


@given(st.text(max_size=40), st.integers(0, 10**9), st.floats(0, 1), st.booleans())
@settings(max_examples=examples(80), deadline=None)
def test_every_alert_comes_back_whatever_its_text(text: str, number: int, score: float, over: bool) -> None:  # noqa: FBT001  drawn
    words = dict.fromkeys(("device", "family", "measure"), text)
    figures = {"count": number, "revision": number, "score": round(score, 6)}
    alert = replace(ALERT, targets=(text,) * 2, rules=(text,), over=over, evidence=(), **words, **figures)  # type: ignore[arg-type]
    assert from_line(to_line(alert)) == alert


@given(st.binary(max_size=80))
@settings(max_examples=examples(100), deadline=None)
def test_any_bytes_are_no_alert(noise: bytes) -> None:
    assert from_line(b'"redshank_id"' + noise) is None


def test_a_line_of_which_anything_is_of_another_kind_is_passed_over() -> None:
    event = json.loads(to_line(ALERT))
    told = event["alert"]["metadata"]
    kinds: list[Any] = [None, [7], "", {"a": 1}]
    lines = [{**event, "alert": {"metadata": {**told, name: wrong}}} for name in told for wrong in kinds]
    lines += [{**event, "alert": wrong} for wrong in (*kinds, {"metadata": "redshank_id"})]
    lines += [{**event, name: [7]} for name in ("timestamp", "src_ip", "src_port", "flow_id")]
    for name, wrong in (("redshank_severity", "grave"), ("count", "1e999"), ("first_seen", "then"), ("score", "high")):
        lines.append({**event, "alert": {"metadata": {**told, name: [wrong]}}})
    found = [line for line in lines if from_line(json.dumps(line).encode()) is not None]
    assert found == []


def test_a_file_is_followed_as_it_grows_and_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    (tmp_path / "eve.json.2").write_bytes(to_line(replace(ALERT, revision=99)))
    log, sink = EveLog(path), Eve(path)
    assert list(log.read()) == []
    sink.deliver(ALERT)
    with path.open("a") as file:
        file.write('{"event_type": "stats"}\nno JSON "redshank_id"\n')
    assert [alert.revision for alert in log.read()] == [1]
    sink.deliver(replace(ALERT, revision=2))
    path.rename(tmp_path / "eve.json.1")
    sink.deliver(replace(ALERT, revision=3))
    assert [alert.revision for alert in log.read()] == [2, 3]
    assert list(log.read()) == []
    log.close()


@pytest.mark.parametrize("half", [10, 400])
def test_half_a_line_waits_for_its_rest(tmp_path: Path, half: int) -> None:
    path, line = tmp_path / "eve.json", to_line(ALERT)
    log = EveLog(path)
    with path.open("ab", buffering=0) as file:
        file.write(line[:half])
        assert list(log.read()) == []
        file.write(line[half:])
        assert [alert.id for alert in log.read()] == [ALERT.id]
    log.close()
