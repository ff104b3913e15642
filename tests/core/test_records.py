import json

import pytest

from records import alert
from redshank.core.records import Alert


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
