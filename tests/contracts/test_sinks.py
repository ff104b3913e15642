"""Every sink keeps the promises of `alerts/sink.py`.

`example(place)` of a sink's test delivers into files under `place`; a peer on the network writes there what it gets.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.examples import example_of
from redshank.alerts.sink import SINKS, Sink
from told import ALERT, FLOW, HOSTILE


@pytest.fixture(params=SINKS.names())
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Sink:
    built = example_of("alerts/sinks", request.param)(tmp_path)
    assert isinstance(built, Sink)
    return built


def _arrived(place: Path) -> str:
    return "".join(path.read_text() for path in sorted(place.rglob("*")) if path.is_file())


def test_an_alert_arrives_once(sink: Sink, tmp_path: Path) -> None:
    sink.deliver(ALERT)
    sink.deliver(replace(ALERT, id="f" * 16))
    sink.close()
    assert _arrived(tmp_path).count(ALERT.id) == 1
    assert _arrived(tmp_path).count("f" * 16) == 1


@pytest.mark.timeout(30)
def test_hostile_text_arrives_inert(sink: Sink, tmp_path: Path) -> None:
    flow = replace(FLOW, uid=HOSTILE, src_ip=HOSTILE, dst_ip=HOSTILE, community_id=HOSTILE)
    sink.deliver(replace(ALERT, device=HOSTILE, family=HOSTILE, targets=(HOSTILE,), measure=HOSTILE, evidence=(flow,)))
    sink.close()
    text = _arrived(tmp_path)
    assert "owned" in text
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text) is None
    assert text.count("\n") <= 1


def test_closing_twice_harms_nothing(sink: Sink) -> None:
    sink.deliver(ALERT)
    sink.close()
    sink.close()
