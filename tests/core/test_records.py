import json

import pytest

from redshank.core.records import Alert, Evidence


def alert(**changed: object) -> Alert:
    values: dict[str, object] = {
        "id": "00ff", "device": "10.0.0.7", "family": "scanning", "severity": "medium", "first_seen_s": 1.5,
        "last_seen_s": 2.5, "count": 3, "score": 0.97, "targets": ("10.0.0.1", "10.0.0.2"), "target_count": 2,
        "measure": "Look at it.", "bundle": "default",
        "evidence": (Evidence("C1", 1.5, "10.0.0.7", 1, "10.0.0.1", None, "tcp", None, 0.97),),
    }  # fmt: skip
    return Alert(**{**values, **changed})  # type: ignore[arg-type]


def test_an_alert_survives_a_round_trip() -> None:
    assert Alert.from_json(alert().to_json()) == alert()


def test_hostile_text_stays_on_one_line() -> None:
    text = alert(device='10.0.0.7\n{"alert": 1}\u2028').to_json()
    assert len(text.splitlines()) == 1


def test_a_strange_key_is_named() -> None:
    values = json.loads(alert().to_json())
    values["priority"] = 1
    with pytest.raises(ValueError, match="keys that do not fit: priority"):
        Alert.from_json(json.dumps(values))
