import numpy as np
import pyarrow as pa
import pytest

from redshank.core.kernel import lean_kernel
from redshank.flows.records.cells import (
    COLUMN,
    CSV,
    JSON,
    LOG,
    STEP,
    is_there,
    mark_plain,
    place_of,
    put_list,
    put_value,
)


@lean_kernel
def _marked(columns: np.ndarray, rows: int, form: int) -> int:
    mark_plain(columns[0], rows, form)
    return int(columns[0].plain)


@lean_kernel
def _put(columns: np.ndarray, row: int, form: int, out: np.ndarray) -> int:
    column = columns[0]
    if column.listed:
        return put_list(column, column.list_first + row, form, STEP, out, 0)
    if not is_there(column, column.first + row):
        return -2
    return put_value(column, column.first + row, form, STEP, out, 0)


def column_of(values: pa.Array) -> np.ndarray:
    found = place_of(values)
    return np.array([tuple(found.get(name, 0) for name in COLUMN.names or ())], COLUMN)


def put(values: pa.Array, row: int, form: int, room: int = 200) -> str | int:
    out = np.zeros(room, np.uint8)
    size = _put(column_of(values), row, form, out)
    return out[:size].tobytes().decode() if size >= 0 else size


def test_values_are_found_in_a_part_of_an_array_too() -> None:
    words = pa.array(["a", None, "b"])
    lists = pa.array([[1], None, [2, None]], pa.list_(pa.int32()))
    assert [put(words, row, JSON) for row in range(3)] == ['"a"', -2, '"b"']
    assert put(words.slice(2), 0, JSON) == '"b"'
    assert put(lists.slice(2), 0, JSON) == "[2,null]"
    assert put(lists.slice(1), 1, CSV) == "2;-"
    assert put(pa.array([False, True]).slice(1), 0, JSON) == "true"
    assert put(pa.array([False, True]).slice(1), 0, LOG) == "T"


def test_a_value_without_room_is_not_begun() -> None:
    assert put(pa.array(["x" * 10]), 0, JSON, room=60) == -1
    assert put(pa.array([[1, 2, 3]], pa.list_(pa.int32())), 0, JSON, room=60) == -1


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        (["abc", "d e~!"], (1, 1, 1)),
        (["a,b"], (1, 0, 1)),
        (['a"b'], (0, 0, 1)),
        (["a\\b"], (0, 0, 0)),
        (["\x7f"], (0, 0, 0)),
        (["é"], (0, 0, 0)),
        (["a\nb"], (0, 0, 0)),
    ],
)
def test_a_column_is_plain_if_every_byte_stands_for_itself(words: list[str], plain: tuple[int, int, int]) -> None:
    values = pa.array([*words, "é"])  # of what lies behind nothing is asked
    column = column_of(values)
    assert tuple(_marked(column, len(words), form) for form in (JSON, CSV, LOG)) == plain
