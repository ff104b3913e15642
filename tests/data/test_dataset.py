import dataclasses
from pathlib import Path

import numpy as np
import pytest

from labelled import DRAWN, labelled
from redshank.core.errors import ConfigError
from redshank.core.schema import flow_batch
from redshank.data.dataset import DATASETS, Dataset, Labelled, file_name, find, find_all, joined, read


def test_datasets_are_listed_by_file_without_importing_them() -> None:
    assert {"lab", "ton_iot"} <= set(DATASETS.names())


def test_a_dataset_is_found_by_name() -> None:
    assert DATASETS.find("ton_iot").__name__ == "TonIot"


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="dataset: no 'toniot'; did you mean 'ton_iot'"):
        DATASETS.find("toniot")


def test_the_contract_alone_is_no_dataset() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Dataset()  # type: ignore[abstract]


def test_what_was_labelled_stays() -> None:
    read = Labelled(flow_batch({}, 0), np.array([], dtype=np.str_), None, "0" * 64, "none")
    assert read.notes == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        read.name = "other"  # type: ignore[misc]


def test_a_name_may_have_a_part() -> None:
    assert find("lab").part == ""
    assert find("lab/unseen").full_name == "lab/unseen"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("lba", "dataset: no 'lba'; did you mean 'lab'?"),
        ("toniot/fridge", "dataset: no 'toniot'; did you mean 'ton_iot'?"),
        ("lab/unsen", "dataset: no 'lab/unsen'; did you mean 'lab/unseen'? (there are: lab, lab/unseen, lab/homes)"),
        ("ton_iot/fridge", "dataset: no 'ton_iot/fridge'; did you mean 'ton_iot'? (there are: ton_iot)"),
        ("", "dataset: no ''; (there are: "),
        ("lab+lba", "dataset: no 'lba'; did you mean 'lab'?"),
        ("lab+lab/unseen+lab", "dataset: 'lab+lab/unseen+lab' names 'lab' twice; name it once"),
    ],
)
def test_an_unknown_name_or_part_is_answered_with_the_nearest(given: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_all(given)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_dataset_is_read_from_its_place_or_from_where_it_is_told_to_lie(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("redshank.data.dataset.DATASETS", DRAWN)
    monkeypatch.setenv("REDSHANK_DATA", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "drawn").write_text("30 1")
    (tmp_path / "elsewhere").write_text("40 1")
    assert len(read("drawn").family) == 30
    assert len(read("drawn", tmp_path / "elsewhere").family) == 40


def test_several_datasets_are_read_as_one_that_tells_them_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("redshank.data.dataset.DATASETS", DRAWN)
    monkeypatch.setenv("REDSHANK_DATA", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "drawn").write_text("30 1")
    both = read("drawn+lab/homes")
    homes = read("lab/homes")
    assert both.name == "drawn+lab/homes"
    assert len(both.flows) == len(both.family) == 30 + len(homes.family)
    assert both.capture is not None
    assert list(dict.fromkeys(both.capture.tolist())) == ["drawn", "seed-21", "seed-33", "seed-47"]
    assert f"lab/homes: sha256 {homes.sha256}" in both.notes
    assert any(note.startswith("lab/homes: part of this package, Apache-2.0") for note in both.notes)
    with pytest.raises(ConfigError, match=r"'drawn\+lab/homes' names 2, and 'elsewhere' is the place of one; name one"):
        read("drawn+lab/homes", Path("elsewhere"))


def test_the_hash_of_several_says_which_and_in_what_order() -> None:
    one, two = labelled(30), labelled(30, seed=1)
    assert len({joined(some).sha256 for some in ([one, two], [two, one], [one])}) == 3
    assert joined([one, two]).raw is None


def test_results_on_several_datasets_have_a_plain_name() -> None:
    assert file_name("lab+lab/homes") == "lab-lab-homes"
