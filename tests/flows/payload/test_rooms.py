import numpy as np
import pyarrow as pa

from redshank.flows.payload.rooms import each, escaped, verbatim

ROOM = np.frombuffer(b"\x00\x1f ~\x7f\xff\\abcdefg", np.uint8).reshape(2, 7)


def test_bytes_that_do_not_print_are_escaped() -> None:
    assert escaped(ROOM, np.array([[0, 7], [3, 3]])).to_pylist() == ["\\x00\\x1f ~\\x7f\\xff\\", ""]
    assert escaped(ROOM, np.array([[-1, -1], [0, 7]])).to_pylist() == [None, "abcdefg"]


def test_bytes_can_be_had_as_they_are() -> None:
    assert verbatim(ROOM, np.array([[1, 6], [-1, -1]])).to_pylist() == [b"\x1f ~\x7f\xff", None]
    assert verbatim(ROOM[:0], np.zeros((0, 2), np.int64)).to_pylist() == []


def test_a_function_sees_each_value_once() -> None:
    seen: list[int] = []

    def half(value: int) -> int | None:
        seen.append(value)
        return value // 2 if value else None

    assert each(pa.array([4, 0, 4, None, 6]), half, pa.int32()).to_pylist() == [2, None, 2, None, 3]
    assert seen == [4, 0, 6]
    assert each(pa.array([], pa.int64()), half).to_pylist() == []
