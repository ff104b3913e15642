import ast
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import NumbaError

from redshank.core.kernel import inlined, lean_kernel


@lean_kernel
def _ratios(values: npt.NDArray[np.float64], by: float, out: npt.NDArray[np.float64]) -> None:
    for i in range(len(values)):
        out[i] = values[i] / by


def test_a_kernel_computes_what_python_does() -> None:
    out = np.empty(2)
    _ratios(np.array([1.0, 4.0]), 2.0, out)
    assert out.tolist() == [0.5, 2.0]


def test_a_kernel_does_not_raise_on_division_by_zero() -> None:
    out = np.empty(1)
    _ratios(np.array([1.0]), 0.0, out)
    assert np.isinf(out).all()


@lean_kernel
def _first_two(values: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    part = values[:2]
    for i in range(len(part)):
        out[i] = part[i]


@lean_kernel
def _allocates(size: int) -> float:
    return float(np.empty(size)[0])


def test_a_kernel_may_look_at_a_part_of_an_array() -> None:
    out = np.zeros(2)
    _first_two(np.array([3.0, 4.0, 5.0]), out)
    assert out.tolist() == [3.0, 4.0]


def test_a_kernel_that_allocates_does_not_compile() -> None:
    with pytest.raises(NumbaError, match="Only accept returning of array passed into the function"):
        _allocates(3)


@inlined
def _third(value: float) -> float:
    return value / 3


@lean_kernel
def _thirds(values: npt.NDArray[np.float64]) -> None:
    for i in range(len(values)):
        values[i] = _third(values[i])


def test_an_inlined_kernel_computes_what_python_does() -> None:
    values = np.array([3.0, 6.0])
    _thirds(values)
    assert values.tolist() == [1.0, 2.0]


def loaded(one: Any) -> bool:
    return "dispatcher" not in vars(one)


def test_a_kernel_comes_from_the_disk_until_what_it_was_made_from_changes(written: Any) -> None:
    called = "SIZE = {size}\n@lean_kernel\ndef add(value):\n    return value + SIZE\n"
    caller = f"from {written.package}.called import add\n@lean_kernel\ndef twice(value):\n    return 2 * add(value)\n"
    module = written(called=called.format(size=1), caller=caller)
    assert (module.twice(1), loaded(module.twice)) == (4, False)

    module = written(called=f"# why\n{called.format(size=1)}", caller=f"# why\n{caller}")
    assert (module.twice(1), loaded(module.twice)) == (4, True)

    module = written(called=called.format(size=5), caller=caller)
    assert (module.twice(1), loaded(module.twice)) == (12, False)
    module = written(called=called.format(size=5).replace("+", "-"), caller=caller)
    assert (module.twice(1), loaded(module.twice)) == (-8, False)


_PAIR = np.dtype([("one", "u2"), ("other", "i8")], align=True)


@lean_kernel
def _sum(values: npt.NDArray[np.int64], more: int) -> int:
    total = more
    for value in values:
        total += value
    return total


@lean_kernel
def _other(pair: Any, by: float, up: bool) -> tuple[float, bool, int]:  # noqa: FBT001  what a kernel may take
    pair.other = pair.one * by
    return by * 2, not up, pair.one


@lean_kernel
def _first_of(both: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]) -> float:
    return float(both[0][0] + both[1][0])


def test_numbers_come_and_go_as_pythons_own() -> None:
    assert _sum(np.arange(4), 10) == 16
    assert _sum(np.arange(4), cast("int", np.int64(-10))) == -4
    assert _sum(np.zeros(0, np.int64), -(1 << 63)) == -(1 << 63)
    pair = np.zeros(3, _PAIR)
    pair["one"] = 1, 2, 3
    found = _other(pair[2], 1.5, True)
    assert (found, [type(one) for one in found]) == ((3.0, False, 3), [float, bool, int])
    assert pair["other"].tolist() == [0, 0, 4]
    assert _other(pair[1], np.float64(1.5), cast("bool", np.False_)) == (3.0, True, 2)


def test_a_tuple_of_arrays_is_looked_into() -> None:
    assert _first_of((np.array([1]), np.array([0.5]))) == 1.5
    with pytest.raises(NumbaError):
        _first_of((np.array([1]),))  # type: ignore[arg-type]


def test_other_types_are_other_code_and_never_read_as_what_they_are_not() -> None:
    values = np.arange(8)
    assert _sum(values, 0) == 28
    assert _sum(values[::2], 0) == 12
    assert _sum(values.astype(np.int8), 0) == 28
    assert _sum(np.arange(8.0), 0) == 28.0  # type: ignore[arg-type]
    assert _sum(np.arange(8)[::-1], 0) == 28
    packed = np.zeros(8, np.dtype([("pad", "u1"), ("value", "i8")]))["value"]
    assert _sum(packed, 5) == 5
    fixed = np.arange(8)
    fixed.flags.writeable = False
    assert _sum(fixed, 0) == 28
    assert _sum(values, 1 << 63) == 28.0 + (1 << 63)
    with pytest.raises(OverflowError, match="18446744073709551616: whole numbers of a kernel have 64 bits"):
        _sum(values, 1 << 64)
    assert _sum(values, 0) == 28


@pytest.mark.parametrize("arguments", [(np.arange(8).reshape(2, 4), 0), (None, 0), (np.arange(3), "1")])
def test_what_a_kernel_cannot_take_is_an_error(arguments: tuple[Any, Any]) -> None:
    with pytest.raises((NumbaError, TypeError)):
        _sum(*arguments)


def test_too_few_or_too_many_arguments_are_an_error() -> None:
    with pytest.raises(TypeError, match="_sum: takes 2 arguments, not 1"):
        _sum(np.arange(3))  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="_sum: takes 2 arguments, not 3"):
        _sum(np.arange(3), 1, 2)  # type: ignore[call-arg]


@lean_kernel
def _raise(value: int) -> int:
    if value > 1:
        raise ValueError
    return value


def test_what_a_kernel_raises_is_not_lost() -> None:
    assert _raise(1) == 1
    with pytest.raises(RuntimeError, match="a kernel raised an error"):
        _raise(2)


def _made(size: int) -> Callable[[int], int]:
    def add(value: int) -> int:
        return value + size

    return lean_kernel(add)


def test_a_closure_is_left_to_numba() -> None:
    assert [_made(size)(1) for size in (1, 2, 1)] == [2, 3, 2]


def test_kernels_run_in_threads_side_by_side() -> None:
    values = np.arange(100_000)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: _sum(values, 1), range(200))) == {4999950001}


def test_no_kernel_calls_itself() -> None:
    for path in (Path(__file__).resolve().parents[2] / "src").rglob("*.py"):
        text = path.read_text()
        for function in ast.walk(ast.parse(text if "kernel" in text else "")):
            if isinstance(function, ast.FunctionDef) and any(
                "kernel" in ast.dump(one) for one in function.decorator_list
            ):
                called = {
                    node.func.id
                    for node in ast.walk(function)
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                }
                assert function.name not in called, f"{path}: {function.name}"
