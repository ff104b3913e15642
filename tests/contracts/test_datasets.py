"""Every dataset keeps the promises of `data/dataset.py`.

Its mirrored test offers `example(place)`: it writes a tiny valid stand-in into the folder `place` and returns the
dataset that reads it from there.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from contracts.examples import example_of
from redshank.core.errors import SourceError
from redshank.core.schema import BENIGN, FLOW
from redshank.data.dataset import DATASETS, Dataset, Labelled

LABELS = {"label", "type", "family", "attack", "category", "subcategory", "class"}

every = pytest.mark.parametrize("name", DATASETS.names())


def _example(name: str, place: Path) -> Dataset:
    built = example_of("data/datasets", name)(place)
    assert isinstance(built, Dataset)
    return built


def _loaded(name: str, place: Path) -> Labelled:
    return _example(name, place).load(place)


@every
def test_a_dataset_is_called_as_its_file(name: str, tmp_path: Path) -> None:
    assert _example(name, tmp_path).name == name == _loaded(name, tmp_path).name


@every
def test_the_label_map_is_total(name: str, tmp_path: Path) -> None:
    families = _example(name, tmp_path).families
    assert families[0] == BENIGN
    assert len(set(families)) == len(families)
    assert set(_loaded(name, tmp_path).family.tolist()) <= set(families)


@every
def test_every_row_is_a_flow_with_a_family(name: str, tmp_path: Path) -> None:
    read = _loaded(name, tmp_path)
    assert read.flows.schema == FLOW
    assert len(read.flows) == len(read.family) > 0
    assert read.family.dtype.kind == "U"
    assert read.flows.column("proto").null_count < len(read.flows)


@every
def test_the_raw_table_has_the_same_rows_and_no_label(name: str, tmp_path: Path) -> None:
    read = _loaded(name, tmp_path)
    if read.raw is not None:
        assert read.raw.num_rows == len(read.flows)
        assert not {"label", "type", "family", "attack", "category", "subcategory", "class"} & set(
            read.raw.column_names
        )


@every
def test_the_hash_names_the_content(name: str, tmp_path: Path) -> None:
    first, again = _loaded(name, tmp_path), _loaded(name, tmp_path)
    assert len(first.sha256) == 64
    int(first.sha256, 16)
    assert first.sha256 == again.sha256
    assert np.array_equal(first.family, again.family)


@every
def test_loading_changes_no_file(name: str, tmp_path: Path) -> None:
    dataset = _example(name, tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    dataset.load(tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@every
@pytest.mark.parametrize("wrong", ["nothing", "an empty folder", "a text", "an empty file"])
def test_what_is_not_the_dataset_is_refused_in_one_line(name: str, wrong: str, tmp_path: Path) -> None:
    place = tmp_path / "wrong"
    if wrong == "an empty folder":
        place.mkdir()
    elif wrong != "nothing":
        place.write_text("no table\n" if wrong == "a text" else "")
    good = tmp_path / "good"
    good.mkdir()
    with pytest.raises(SourceError) as caught:
        _example(name, good).load(place)
    assert str(caught.value).startswith(f"{name}: ")
    assert "wrong" in str(caught.value)
    assert "\n" not in str(caught.value)


@every
def test_importing_a_dataset_loads_nothing_heavy_and_opens_no_file_of_data(name: str) -> None:
    code = (
        "import builtins, io, sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(event) if event.startswith('socket.') else None)\n"
        f"import redshank.data.datasets.{name}\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'lightgbm', 'onnx'} & set(sys.modules)), seen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[] []"
