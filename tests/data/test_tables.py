import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from published import CLASSES, FIRST, ROWS, Doors, doors, stand_in, text_of
from redshank.core.errors import SourceError
from redshank.data.tables import canonical, difference, families, units


def refused(place: Path, content: bytes, name: str = "given.csv") -> str:
    (place / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        doors(place).load(place / name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_published_table_is_read(tmp_path: Path) -> None:
    read = doors(tmp_path).load(tmp_path)
    assert read.family.tolist() == ["benign", "dos", "benign"]
    assert read.sha256 == hashlib.sha256((tmp_path / "first.csv").read_bytes()).hexdigest()
    assert read.notes == ("whole",)
    assert read.raw is not None
    assert read.raw.to_pydict() == {
        "at": [0, 0, 0],
        "proto": ["udp", "-", " tcp"],
        "door": ["open  ", "1", "closed"],
        "pkts": [3, 9, 9],
    }
    assert read.own is not None
    assert read.own.table.select(["proto", "door"]).to_pydict() == {
        "proto": ["udp", None, "tcp"],
        "door": ["open", "1", "closed"],
    }
    assert read.official is None
    assert read.flows.num_rows == 3


def test_a_compressed_file_is_the_same_dataset_under_any_spelling_of_its_name(tmp_path: Path) -> None:
    known = doors(tmp_path)
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "FIRST.csv.gz").write_bytes(gzip.compress((tmp_path / "first.csv").read_bytes()))
    assert known.here(packed)
    assert known.load(packed).sha256 == known.load(tmp_path).sha256


def both(place: Path) -> Doors:
    train = stand_in(place, replace(FIRST, name="train.csv", split="train"), ROWS, CLASSES)
    test = stand_in(place, replace(FIRST, name="test.csv", split="test", what=""), ROWS[1:], CLASSES)
    return Doors(files=(train, test))


def test_files_of_two_splits_are_one_dataset(tmp_path: Path) -> None:
    known = both(tmp_path)
    read = known.load(tmp_path)
    assert read.official is not None
    assert read.official.tolist() == ["train"] * 3 + ["test"] * 2
    contents = [(tmp_path / name).read_bytes() for name in ("train.csv", "test.csv")]
    assert read.sha256 == hashlib.sha256(b"".join(contents)).hexdigest()
    assert known.counts == {"benign": 3, "dos": 2}
    assert read.notes == ("whole",)


def test_half_of_a_dataset_is_refused(tmp_path: Path) -> None:
    known = both(tmp_path)
    with pytest.raises(SourceError, match="doors: '.*train.csv' is one file; name the folder that holds train.csv and"):
        known.load(tmp_path / "train.csv")
    (tmp_path / "test.csv").unlink()
    assert not known.here(tmp_path)
    with pytest.raises(SourceError, match="holds no test.csv or test.csv.gz; fetch it"):
        known.load(tmp_path)


def test_of_two_releases_the_one_that_is_there_is_read(tmp_path: Path) -> None:
    old = replace(FIRST, columns=("serial", *FIRST.columns), sha256="0" * 64, counts={"benign": 9}, what="old")
    new = stand_in(tmp_path, FIRST, ROWS, CLASSES)
    known = Doors(files=(old, new))
    assert known.load(tmp_path).notes == ("whole",)
    assert known.counts == {"benign": 9}


def test_other_columns_are_named(tmp_path: Path) -> None:
    assert refused(tmp_path, b"at,proto,pkts\n1,udp,3\n") == (
        "doors: given.csv has 3 columns, the dataset has 6; first missing: 'door'. Give the file first.csv as published"
    )
    more = replace(FIRST, columns=(*FIRST.columns, "guessed"))
    assert "has 7 columns, the dataset has 6; not among them: 'guessed'" in refused(tmp_path, text_of(more, ROWS))


@pytest.mark.parametrize("content", [b"", b"one column\n1\n", b"\n", b"a;b;c\n"])
def test_what_is_no_such_table_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "has 1 column, the dataset has 6; first missing: 'at'" in refused(tmp_path, content)


def test_another_separator_is_named(tmp_path: Path) -> None:
    message = refused(tmp_path, text_of(FIRST, ROWS).replace(b",", b";"))
    assert message.endswith("has semicolons between columns, the dataset has commas; use the file as published")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    assert "given.csv is no text: sha256 " in refused(tmp_path, b"\x89\x00\xff")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [False, True])
def test_other_line_ends_and_byte_order_marks_are_recognized(tmp_path: Path, end: str, *, mark: bool) -> None:
    content = text_of(FIRST, ROWS, end=end, mark=mark)
    if content == text_of(FIRST, ROWS):
        content = text_of(FIRST, ROWS, end="\r\n")
    assert refused(tmp_path, content).endswith(
        "has the rows as published with other line ends or byte-order mark; use the file as published"
    )


def test_other_rows_are_refused_with_the_counts_that_differ(tmp_path: Path) -> None:
    rows = [*ROWS, {"kind": "probe"}, {"kind": "strange"}, {"kind": "normal"}]
    assert refused(tmp_path, text_of(FIRST, rows)) == (
        "doors: given.csv has 6 rows, the nearest release 3; other counts: benign 3 (not 2), scanning 1 (not 0), "
        "strange 1 (not 0). Use a release"
    )


def test_many_differing_counts_are_shortened(tmp_path: Path) -> None:
    message = refused(tmp_path, text_of(FIRST, [{"kind": name * 50} for name in "abcd"]))
    assert f"other counts: {'a' * 40} 1 (not 0), " in message
    assert " and 3 more. " in message


def test_a_value_that_was_changed_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, text_of(FIRST, ROWS).replace(b"9", b"8"))
    assert "has the class counts of a release but other content: sha256 " in message


def test_a_broken_row_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, text_of(FIRST, ROWS) + b"1,2,3\n")
    assert message.startswith("doors: given.csv is damaged (")
    assert "Expected 6 columns, got 3" in message


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, gzip.compress(text_of(FIRST, ROWS))[:-20], "given.csv.gz")
    assert message.startswith("doors: cannot read '")
    assert message.endswith("; fetch it again")


def test_a_table_without_header_is_told_by_its_columns() -> None:
    known = replace(FIRST, header=False, counts={"benign": 1})
    assert "has 2 columns, the dataset has 6, and no header" in difference(b"1,2\n", (known,), CLASSES)
    assert "other counts: benign 0 (not 1), dos 1 (not 0)" in difference(b"1,udp,open,1,flood,1\n", (known,), CLASSES)


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="doors: no file '.*/absent.csv'; name first.csv, or the folder that holds"):
        Doors().load(tmp_path / "absent.csv")
    assert not Doors().here(tmp_path)


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("changed")
    changed = bytearray(text_of(FIRST, ROWS))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] = data.draw(st.integers(0, 255).filter(lambda value: value != changed[at]))
    assert refused(place, bytes(changed)).startswith("doors: given.csv ")


def test_a_flag_is_yes_no_or_absent() -> None:
    table = pa.table({"text": ["T", "F", "-", " true ", "0"], "number": [1, 0, None, 1, 0]})
    read = canonical(table, flags={"text", "number"})
    assert read.to_pydict() == {"text": [True, False, None, True, False], "number": [True, False, None, True, False]}


def test_a_label_map_s_range_has_benign_first() -> None:
    assert families({"a": "zeta", "b": "benign", "c": "alpha", "d": "zeta"}) == ("benign", "alpha", "zeta")


def test_a_unit_is_of_the_first_pattern_that_fits() -> None:
    assert units(["bytes_per_s", "bytes", "n"], {".*_per_s": "bytes/s", "bytes.*": "bytes"}) == {
        "bytes_per_s": "bytes/s",
        "bytes": "bytes",
    }


def test_the_parts_of_a_table_agree(tmp_path: Path) -> None:
    read = doors(tmp_path).load(tmp_path)
    assert read.own is not None
    assert read.raw is not None
    assert read.raw.num_rows == read.own.table.num_rows == len(read.family) == read.flows.num_rows


def test_counts_that_do_not_follow_from_the_hash_are_told(tmp_path: Path) -> None:
    known = stand_in(tmp_path, FIRST, ROWS, CLASSES)
    with pytest.raises(SourceError, match="doors: hash as published, but other counts: benign 2 \\(not 5\\), dos 1"):
        Doors(files=(replace(known, counts={"benign": 5}),)).load(tmp_path)
