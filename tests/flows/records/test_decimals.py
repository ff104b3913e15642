"""Texts of numbers beside Python's own: repr() gives the shortest decimal that reads back as the same float."""

import math
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.kernel import lean_kernel
from redshank.flows.records.decimals import (
    INTERVAL,
    WIDEST,
    put_double,
    put_seconds,
    put_single,
    put_time,
    put_whole,
)

Numbers = npt.NDArray[Any]


@lean_kernel
def _wholes(values: Numbers, out: npt.NDArray[np.uint8], ends: Numbers) -> None:
    for k in range(len(values)):
        ends[k + 1] = put_whole(values[k], out, ends[k])


@lean_kernel
def _times(values: Numbers, out: npt.NDArray[np.uint8], ends: Numbers) -> None:
    for k in range(len(values)):
        ends[k + 1] = put_time(values[k], out, ends[k])


@lean_kernel
def _doubles(values: Numbers, out: npt.NDArray[np.uint8], ends: Numbers) -> None:
    for k in range(len(values)):
        ends[k + 1] = put_double(values[k], out, ends[k])


@lean_kernel
def _singles(values: Numbers, out: npt.NDArray[np.uint8], ends: Numbers) -> None:
    for k in range(len(values)):
        ends[k + 1] = put_single(values[k], out, ends[k])


@lean_kernel
def _intervals(values: Numbers, out: npt.NDArray[np.uint8], ends: Numbers) -> None:
    for k in range(len(values)):
        ends[k + 1] = put_seconds(values[k], out, ends[k])


Kernel = Callable[[Numbers, npt.NDArray[np.uint8], Numbers], None]


def texts(kernel: Kernel, values: Numbers, widest: int = WIDEST) -> list[str]:
    out, ends = np.zeros(widest * len(values), np.uint8), np.zeros(len(values) + 1, np.int64)
    kernel(values, out, ends)
    assert np.diff(ends).max(initial=0) <= widest
    return [out[a:b].tobytes().decode() for a, b in pairwise(ends)]


def told(number: float | np.float32) -> str:
    """Write a float as Arrow does, from the digits of its repr."""
    sign, digits, exponent = Decimal(str(number)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0") or "0"
    stripped = text.rstrip("0") or "0"
    exponent += len(text) - len(stripped)
    first = exponent + len(stripped) - 1
    minus = "-" * sign
    if stripped == "0" or -6 <= first < 10:
        return minus + f"{Decimal((0, tuple(map(int, stripped)), exponent if stripped != '0' else 0)):f}"
    return f"{minus}{stripped[0]}{'.' * (len(stripped) > 1)}{stripped[1:]}e{first:+d}"


EDGES = [0.0, -0.0, 0.1, 1e-6, 9.99e-7, 1e9, 9_999_999_999.0, 1e10, 1.5e10, 2.0**24 + 2, 87_299_456.0, 4.35, 5e-324]


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_double_has_its_shortest_digits(values: list[float]) -> None:
    assert texts(_doubles, np.array(values)) == [told(value) for value in values]


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_single_has_its_own_shortest_digits(values: list[float]) -> None:
    singles = np.array(values, np.float32)
    assert texts(_singles, singles) == [told(value) for value in singles]


def test_every_power_of_two_and_ten_and_its_neighbors_are_exact() -> None:
    powers = np.concatenate([2.0 ** np.arange(-1074, 1024), 10.0 ** np.arange(-323, 309), EDGES])
    values = np.concatenate([powers, np.nextafter(powers, np.inf), np.nextafter(powers, 0)])
    assert texts(_doubles, values) == [told(value) for value in values.tolist()]
    singles = np.concatenate([2.0 ** np.arange(-149, 128), EDGES]).astype(np.float32)
    assert texts(_singles, singles) == [told(value) for value in singles]


def test_many_doubles_read_back_equal() -> None:
    values = np.random.default_rng(3).integers(0, 2**64, 20_000, np.uint64).view(np.float64)
    values = values[np.isfinite(values)]
    assert [float(text) for text in texts(_doubles, values)] == values.tolist()


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_whole_numbers_and_times_are_exact(values: list[int]) -> None:
    numbers = np.array(values, np.int64)
    assert texts(_wholes, numbers) == [str(value) for value in values]
    expected = [f"{Decimal(value).scaleb(-9):.9f}" for value in values]
    assert texts(_times, numbers) == [text.removesuffix("000") for text in expected]


@settings(max_examples=examples(80), deadline=None)
@given(
    st.lists(
        st.integers(0, 10**15).map(lambda micros: micros / 1e6) | st.floats(allow_nan=False, allow_infinity=False),
        min_size=1,
        max_size=20,
    )
)
def test_an_interval_has_six_decimals_or_as_many_as_it_takes(values: list[float]) -> None:
    for value, text in zip(values, texts(_intervals, np.array(values), INTERVAL), strict=True):
        whole, _, part = text.partition(".")
        assert float(text) == value
        assert whole.removeprefix("-").isdigit()
        assert len(part) == max(6, -int(Decimal(repr(value)).normalize().as_tuple().exponent))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.041654, "0.041654"),
        (-0.0, "0.000000"),
        (1e-9, "0.000000001"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e17, "100000000000000000.000000"),
        (math.ulp(0.0), f"0.{'0' * 323}5"),
    ],
)
def test_an_interval_stands_without_exponent(value: float, text: str) -> None:
    assert texts(_intervals, np.array([value]), INTERVAL) == [text]
