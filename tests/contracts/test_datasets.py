"""Every dataset keeps the promises of `data/dataset.py`.

Its mirrored test offers `example(place)`: it writes a tiny valid stand-in into the folder `place` and returns the
dataset that reads it from there.
"""

import functools
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from contracts.examples import example_of
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import BENIGN, FLOW
from redshank.data.dataset import DATASETS, Dataset, Labelled, full_name
from redshank.data.place import ANYWHERE, place
from redshank.data.tables import Verified

LABELS = {"label", "type", "family", "attack", "category", "subcategory", "class"}

every = pytest.mark.parametrize("name", DATASETS.names())


def _example(name: str, folder: Path) -> Dataset:
    built = example_of("data/datasets", name)(folder)
    assert isinstance(built, Dataset)
    return built


def _loaded(name: str, folder: Path) -> Labelled:
    return _example(name, folder).load(folder)


@every
def test_a_dataset_is_called_as_its_file(name: str, tmp_path: Path) -> None:
    dataset = _example(name, tmp_path)
    assert dataset.name == name
    assert dataset.load(tmp_path).name == dataset.full_name


@every
def test_a_part_that_is_not_there_is_answered_with_those_that_are(name: str, tmp_path: Path) -> None:
    kind = type(_example(name, tmp_path))
    assert len(set(kind.parts)) == len(kind.parts) > 0
    for part in kind.parts:
        assert kind(part).part == part
    with pytest.raises(ConfigError, match=f"no '{name}/nowhere'; .*{kind(kind.parts[0]).full_name}"):
        kind("nowhere")


@every
def test_a_place_is_known_for_every_part(name: str, tmp_path: Path) -> None:
    kind = type(_example(name, tmp_path))
    for part in kind.parts if name not in ANYWHERE else ():
        assert place(full_name(name, part)).parts


@every
def test_the_label_map_is_total(name: str, tmp_path: Path) -> None:
    dataset = _example(name, tmp_path)
    families = dataset.families
    assert families[0] == BENIGN
    assert len(set(families)) == len(families)
    found = dataset.load(tmp_path).family.tolist()
    assert set(found) <= set(families)
    if dataset.counts:
        assert Counter(found) == dataset.counts


@every
def test_what_is_known_of_published_files_agrees(name: str, tmp_path: Path) -> None:
    kind = type(_example(name, tmp_path))
    if not issubclass(kind, Verified):
        return
    assert set(kind.classes.values()) == set(kind.families)
    assert set(kind.published) == set(kind.parts)
    assert kind.terms
    assert kind.citation
    hashes = {file.sha256: file for files in kind.published.values() for file in files}
    for sha256, file in hashes.items():
        assert re.fullmatch("[0-9a-f]{64}", sha256), file.name
        assert file.text | {file.label, *file.answers} <= set(file.columns), file.name
        assert len(set(file.columns)) == len(file.columns), file.name
        assert set(file.counts) <= set(kind.families), file.name
    for part in kind.parts:
        assert kind(part).what


@every
def test_a_changed_file_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    dataset = _example(name, tmp_path)
    if not isinstance(dataset, Verified):
        return
    for file in sorted(tmp_path.iterdir()):
        content = file.read_bytes()
        file.write_bytes(content[:-3] + content[-2:])
        with pytest.raises(SourceError, match=f"^{dataset.full_name}: {re.escape(file.name)} "):
            dataset.load(tmp_path)
        file.write_bytes(content)


@every
def test_every_row_has_a_family_and_something_to_learn_from(name: str, tmp_path: Path) -> None:
    dataset, read = _example(name, tmp_path), _loaded(name, tmp_path)
    assert read.flows.schema == FLOW
    assert len(read.flows) == len(read.family) > 0
    assert read.family.dtype.kind == "U"
    if dataset.features == "own":
        assert read.own is not None
        assert set(read.own.table.column_names) - read.own.identifiers
    else:
        assert read.flows.column("proto").null_count < len(read.flows)


@every
def test_a_table_has_the_same_rows_and_no_label(name: str, tmp_path: Path) -> None:
    read = _loaded(name, tmp_path)
    for table in (read.raw, read.own.table if read.own else None):
        if table is not None:
            assert table.num_rows == len(read.family)
            assert not LABELS & {column.lower() for column in table.column_names}


@every
def test_own_columns_are_canonical(name: str, tmp_path: Path) -> None:
    own = _loaded(name, tmp_path).own
    if own is None:
        return
    kinds = {field.name: field.type for field in own.table.schema}
    assert own.identifiers | own.heavy | set(own.units) <= set(kinds)
    for column, kind in kinds.items():
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        assert number or pa.types.is_boolean(kind) or pa.types.is_string(kind), (column, kind)
        assert number or column not in own.heavy, column
        if pa.types.is_string(kind):
            texts = [text for text in own.table[column].to_pylist() if text is not None]
            assert texts == [text.strip() for text in texts], f"{column}: blanks can give labels away"


@every
def test_the_dataset_s_own_split_and_captures_cover_every_row(name: str, tmp_path: Path) -> None:
    read = _loaded(name, tmp_path)
    if read.official is not None:
        assert len(read.official) == len(read.family)
        assert set(read.official.tolist()) == {"train", "test"}
    if read.capture is not None:
        assert len(read.capture) == len(read.family)


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
    there = tmp_path / "wrong"
    if wrong == "an empty folder":
        there.mkdir()
    elif wrong != "nothing":
        there.write_text("no table\n" if wrong == "a text" else "")
    good = tmp_path / "good"
    good.mkdir()
    dataset = _example(name, good)
    with pytest.raises(SourceError) as caught:
        dataset.load(there)
    assert str(caught.value).startswith(f"{dataset.full_name}: ")
    assert "wrong" in str(caught.value)
    assert "\n" not in str(caught.value)


@functools.cache
def _imported() -> dict[str, list[object]]:
    """Import every dataset in one process; what each brought with it by its name."""
    code = (
        "import importlib, json, sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(event) if event.startswith('socket.') else None)\n"
        "heavy = {'torch', 'sklearn', 'pandas', 'pandera', 'lightgbm', 'onnx', 'scipy'}\n"
        "found = {}\n"
        f"for name in {DATASETS.names()!r}:\n"
        "    importlib.import_module('redshank.data.datasets.' + name)\n"
        "    found[name] = [sorted(heavy & set(sys.modules)), list(seen)]\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


@every
def test_importing_a_dataset_loads_nothing_heavy_and_asks_no_network(name: str) -> None:
    assert _imported()[name] == [[], []]
