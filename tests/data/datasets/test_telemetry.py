from pathlib import Path

import pytest

from published import stand_in
from redshank.core.errors import ConfigError
from redshank.data.dataset import find
from redshank.data.datasets.telemetry import CLASSES, PUBLISHED, Telemetry

ROWS = [
    {"date": "25-Apr-19", "time": " 14:42:33 ", "door_state": "closed", "sphone_signal": "0", "type": "ddos"},
    {"date": "25-Apr-19", "time": " 14:42:38 ", "door_state": "open", "sphone_signal": "1", "type": "xss"},
    {"date": "1-Apr-19", "time": " 09:00:00 ", "door_state": "open", "sphone_signal": "true  ", "type": "normal"},
    {"date": "1-Apr-19", "time": " 09:00:05 ", "door_state": "closed", "sphone_signal": "false  ", "type": "normal"},
]


def example(place: Path) -> Telemetry:
    """Write four reports of a garage door into the folder `place`."""
    return Telemetry("garage_door", files=(stand_in(place, PUBLISHED["garage_door"][0], ROWS, CLASSES),))


def test_formatting_does_not_tell_the_label(tmp_path: Path) -> None:
    labelled = example(tmp_path).load(tmp_path)
    assert labelled.family.tolist() == ["ddos", "xss", "benign", "benign"]
    assert labelled.own is not None
    assert labelled.own.table.select(["door_state", "sphone_signal"]).to_pydict() == {
        "door_state": ["closed", "open", "open", "closed"],
        "sphone_signal": [False, True, True, False],
    }
    assert labelled.own.identifiers == {"date", "time"}


def test_raw_is_as_read(tmp_path: Path) -> None:
    raw = example(tmp_path).load(tmp_path).raw
    assert raw is not None
    assert raw["sphone_signal"].to_pylist() == ["0", "1", "true  ", "false  "]
    assert raw["time"][0].as_py() == " 14:42:33 "


def test_there_are_seven_devices_and_six_with_time() -> None:
    assert sum(part.endswith("_ts") for part in Telemetry.parts) == 6
    assert len(Telemetry.parts) == 13
    assert "ts" in PUBLISHED["fridge_ts"][0].columns
    with pytest.raises(ConfigError, match="no 'telemetry'; did you mean 'telemetry/"):
        find("telemetry")
