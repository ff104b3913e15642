import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.flows.payload.rooms import NONE, number_columns, text_column

ROOM = np.frombuffer(b"\x00\x1f ~\x7f\xff\\abcdefg", np.uint8)
KINDS = {"a": pa.int64(), "b": pa.bool_(), "c": pa.int32()}


def test_bytes_that_do_not_print_are_escaped() -> None:
    spans = np.array([[-1, -1, 0, 7], [3, 3, -1, -1]])
    column = text_column(ROOM, spans, 1, np.array([0, 1]), 3)
    assert column is not None
    assert column.to_pylist() == ["\\x00\\x1f ~\\x7f\\xff\\", None, None]
    empty = text_column(ROOM, spans, 0, np.array([1, 2]), 3)
    assert empty is not None
    assert empty.to_pylist() == [None, None, ""]


def test_text_can_be_had_as_it_is() -> None:
    letters = np.frombuffer("é, ü".encode(), np.uint8)
    column = text_column(letters, np.array([[0, 2], [4, 6]]), 0, np.array([1, 3]), 5, plain=True)
    assert column is not None
    assert column.to_pylist() == [None, "é", None, "ü", None]


@pytest.mark.parametrize(
    ("letters", "text"),
    [
        ("café 電 😀".encode(), "café 電 😀"),
        (b"caf\xe9", "caf\\xe9"),
        (b"\x1b[2J\x7f", "\\x1b[2J\\x7f"),
        (b"\xc2\x9b2J \xc2\xa0", "\\xc2\\x9b2J \xa0"),  # what steers a terminal, too
        (
            b"\xc0\xaf \xe0\x9f\xbf \xf0\x8f\xbf\xbf",
            r"\xc0\xaf \xe0\x9f\xbf \xf0\x8f\xbf\xbf",
        ),
        (b"\xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82", r"\xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82"),
    ],
)
def test_letters_stand_for_themselves_and_no_others(letters: bytes, text: str) -> None:
    column = text_column(np.frombuffer(letters, np.uint8), np.array([[0, len(letters)]]), 0, np.array([0]), 1)
    assert column is not None
    column.validate(full=True)
    assert column.to_pylist() == [text]


def test_no_text_at_all_is_no_column() -> None:
    assert text_column(ROOM, np.array([[-1, -1]]), 0, np.array([2]), 3) is None
    assert text_column(ROOM, np.zeros((0, 2), np.int64), 0, np.zeros(0, np.int64), 0) is None


TEXT = st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass"))
Cells = st.lists(st.none() | st.binary(max_size=20) | st.tuples(TEXT, st.binary(max_size=3)).map(b"".join), max_size=40)


@given(Cells)
def test_any_texts_come_back(cells: list[bytes | None]) -> None:
    which = [row for row, cell in enumerate(cells) if cell is None or len(cell) % 3]
    ends = np.cumsum([0, *(len(cells[row] or b"") for row in which)])
    spans = np.array([(-1, -1) if cells[row] is None else ends[k : k + 2] for k, row in enumerate(which)], np.int64)
    room = np.frombuffer(b"".join(cells[row] or b"" for row in which) + b"\0", np.uint8)
    column = text_column(room, spans.reshape(-1, 2), 0, np.array(which, np.int64), len(cells))
    wanted = [None if cell is None or len(cell) % 3 == 0 else escaped(cell) for cell in cells]
    if column is None:
        assert not any(wanted)
    else:
        column.validate(full=True)
        assert column.to_pylist() == wanted


def escaped(letters: bytes) -> str:
    text = letters.decode("utf-8", "backslashreplace")
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda one: "".join(f"\\x{byte:02x}" for byte in one[0].encode()), text)


def test_numbers_and_flags_go_to_their_rows() -> None:
    numbers = np.array([[-(2**40), 0, NONE], [NONE, NONE, NONE], [9, 1, NONE]])
    columns = number_columns(numbers, np.array([0, 8, 9]), 10, KINDS)
    for column in columns.values():
        column.validate(full=True)
    assert columns["a"].to_pylist() == [-(2**40), *[None] * 8, 9]
    assert columns["b"].to_pylist() == [False, *[None] * 8, True]
    assert "c" not in columns


def test_numbers_have_the_type_of_their_column() -> None:
    (column,) = number_columns(np.array([[7]]), np.array([0]), 1, {"c": pa.int32()}).values()
    assert column == pa.array([7], pa.int32())
