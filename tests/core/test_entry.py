"""Each kind of argument and of result, there and back; what is refused is in test_kernel.py."""

from typing import Any

import numpy as np
import pytest

from redshank.core.kernel import lean_kernel


@lean_kernel
def _same(value: Any) -> Any:
    return value


@lean_kernel
def _pair(value: Any, other: Any) -> tuple[Any, Any]:
    return value, other


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "?"])
def test_every_number_comes_back_as_it_was(kind: str) -> None:
    dtype = np.dtype(kind)
    ends = [0, 1] if kind == "?" else [-1.5, 3.0e38] if kind[0] == "f" else [np.iinfo(kind).min, np.iinfo(kind).max]
    for end in ends:
        value = dtype.type(end)
        assert _same(value) == value.item()
        assert type(_same(value)) is type(value.item())
        assert _pair(value, 7) == (value.item(), 7)


@lean_kernel
def _set(array: Any, value: int) -> int:
    for place in np.ndindex(array.shape):
        array[place] = value
    return int(array.size * 1000 + array.ndim * 100 + array.itemsize)


@pytest.mark.parametrize("shape", [(5,), (2, 3), (0,), (0, 4), (1, 1), (2, 3, 4), (1, 6)])
@pytest.mark.parametrize("how", ["C", "F", "steps", "back"])
@pytest.mark.parametrize("kind", ["u1", "i8", "f8"])
def test_an_array_of_any_layout_is_written_where_it_lies(shape: tuple[int, ...], how: str, kind: str) -> None:
    whole = np.full([2 * size for size in shape], 7, kind)
    array = {
        "C": whole[tuple(slice(0, size) for size in shape)].copy(),
        "F": np.asfortranarray(whole[tuple(slice(0, size) for size in shape)]),
        "steps": whole[tuple(slice(None, None, 2) for _ in shape)],
        "back": whole[tuple(slice(None, None, -2) for _ in shape)],
    }[how]
    assert array.shape == shape
    assert _set(array, 3) == array.size * 1000 + array.ndim * 100 + array.itemsize
    assert (array == 3).all()
    if how in {"steps", "back"}:
        assert (whole == 7).sum() == whole.size - array.size


_PACKED = np.dtype([("one", "u1"), ("two", "u4")])


@lean_kernel
def _double(rows: Any) -> int:
    for row in rows:
        row.two *= 2
    return len(rows)


@pytest.mark.parametrize("dtype", [_PACKED, np.dtype([("one", "u1"), ("two", "u4")], align=True)])
def test_records_are_written_where_they_lie(dtype: np.dtype[Any]) -> None:
    rows = np.zeros(3, dtype)
    rows["two"] = 1, 2, 3
    assert _double(rows) == 3
    assert rows["two"].tolist() == [2, 4, 6]
    odd = np.zeros(3 * dtype.itemsize + 1, np.uint8)[1:].view(_PACKED if dtype is _PACKED else "u1")
    if dtype is _PACKED:
        odd["two"] = 5
        assert _double(odd) == 3
        assert odd["two"].tolist() == [10, 10, 10]


def test_a_subclass_of_an_array_is_an_array() -> None:
    rows = np.ones(3, np.int64).view(np.recarray)
    assert _set(rows, 4) == 3108
    assert np.asarray(rows).tolist() == [4, 4, 4]
