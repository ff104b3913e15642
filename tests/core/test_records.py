import json
from typing import Any

import pytest

from records import alert
from redshank.core.records import MEASURES, Action, Alert, Label


def test_an_alert_survives_a_round_trip() -> None:
    assert Alert.from_json(alert().to_json()) == alert()


def test_an_alert_of_before_flows_had_p_values_is_read() -> None:
    values = json.loads(alert().to_json())
    del values["evidence"][0]["p_value"]
    assert Alert.from_json(json.dumps(values)).evidence[0].p_value is None


def test_hostile_text_stays_on_one_line() -> None:
    text = alert(device='10.0.0.7\n{"alert": 1}\u2028').to_json()
    assert len(text.splitlines()) == 1


def test_a_strange_key_is_named() -> None:
    values = json.loads(alert().to_json())
    values["priority"] = 1
    with pytest.raises(ValueError, match="keys that do not fit: priority"):
        Alert.from_json(json.dumps(values))


def _label(**changed: Any) -> Label:
    values: dict[str, Any] = {
        "question": "q1", "uid": "C1", "family": "dos", "annotator": "ana", "given_at_s": 1.7e9, "origin": "file",
    }  # fmt: skip
    return Label.of(**{**values, **changed})


def test_a_label_survives_a_round_trip() -> None:
    said = _label(evidence="alert 00ff", expires_at_s=1.8e9)
    assert Label.from_json(said.to_json()) == said


def test_the_same_thing_said_twice_is_one_label() -> None:
    assert _label() == _label()
    assert len({_label().id, _label(family="scanning").id, _label(given_at_s=1.7e9 + 1).id}) == 3


def test_a_label_knows_its_kind() -> None:
    assert _label().kind == "answer"
    assert _label(about=_label().id).kind == "correction"
    assert _label(about=_label().id, family=None).kind == "withdrawal"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"family": "DoS attack"}, "family: 'DoS attack' is no name"),
        ({"family": None}, "family: none given; only a withdrawal"),
        ({"annotator": " "}, "annotator: nobody is named"),
        ({"given_at_s": float("nan")}, "label of ana: given at nan"),
        ({"expires_at_s": float("inf")}, "to expire at inf"),
    ],
)
def test_a_label_that_says_nothing_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _label(**changed)


def test_a_strange_key_of_a_label_is_named() -> None:
    with pytest.raises(ValueError, match="Label: keys that do not fit: mood"):
        Label.from_json(json.dumps(json.loads(_label().to_json()) | {"mood": "good"}))


def test_an_alert_of_several_detectors_survives_a_round_trip() -> None:
    told = alert(detectors=("classifier", "signatures"), rules=("telnet sweep",), techniques=("T1046",), revision=2)
    assert Alert.from_json(told.to_json()) == told


@pytest.mark.parametrize("measure", MEASURES)
def test_an_action_survives_a_round_trip(measure: str) -> None:
    wanted = Action.of(measure, "10.0.0.66", 600.0, "guesses passwords", "policy", 1.7e9, alert="00ff")
    assert Action.from_json(wanted.to_json()) == wanted


@pytest.mark.parametrize(
    ("measure", "ttl_s", "message"),
    [
        ("drop", 600.0, "measure: 'drop' is none; allowed are notify, rate_limit, block, isolate"),
        ("block", 0.0, "ttl_s: 0.0 is no time to live"),
        ("block", float("inf"), "ttl_s: inf is no time to live"),
        ("block", float("nan"), "ttl_s: nan is no time to live"),
    ],
)
def test_an_action_that_could_not_end_is_refused(measure: str, ttl_s: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Action.of(measure, "10.0.0.66", ttl_s, "", "ana", 1.7e9)
