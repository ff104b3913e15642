from pathlib import Path

import pytest

from redshank.core.errors import ConfigError
from redshank.data.place import LEARN, UNSEEN, place


def test_a_public_dataset_lies_in_the_shared_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_DATA", "/srv/flows")
    assert place("ton_iot") == Path("/srv/flows/data/ton_iot")
    assert place("ton_iot", Path("/mnt")) == Path("/mnt/data/ton_iot")


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_it_is_the_folder_beside_the_project(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("REDSHANK_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("REDSHANK_DATA", value)
    assert place("ton_iot") == Path("../shared/data/ton_iot")


def test_the_lab_travels_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_DATA", "/srv/flows")
    assert place("lab").parent.name == "recordings"
    assert place("lab/unseen") == UNSEEN
    assert place("lab").is_relative_to(Path(__file__).parents[2] / "src" / "redshank")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("nsl_kdd/test21", "nsl_kdd"),
        ("bot_iot/mat", "bot_iot"),
        ("cicids2017", "cicids2017_improved_sample"),
        ("telemetry/fridge", "ton_iot/iot_telemetry"),
        ("telemetry/fridge_ts", "ton_iot/iot_telemetry_with_ts"),
    ],
)
def test_a_part_lies_in_its_folder(monkeypatch: pytest.MonkeyPatch, name: str, folder: str) -> None:
    monkeypatch.setenv("REDSHANK_DATA", "/srv/flows")
    assert place(name) == Path("/srv/flows/data") / folder


def test_what_can_be_anywhere_must_be_named() -> None:
    with pytest.raises(ConfigError, match="dataset: 'flows' has no place of its own; name its file or folder"):
        place("flows")


@pytest.mark.parametrize("folder", [LEARN, UNSEEN], ids=["learn", "unseen"])
def test_a_recording_comes_with_the_package(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == ["capture.pcap.gz", "labels.csv.gz", "recording.json"]
