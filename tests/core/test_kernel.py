import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import NumbaError

from redshank.core.kernel import kernel, lean_kernel


@kernel
def _ratios(values: npt.NDArray[np.float64], by: float) -> npt.NDArray[np.float64]:
    out = np.empty(len(values))
    for i in range(len(values)):
        out[i] = values[i] / by
    return out


def test_a_kernel_computes_what_python_does() -> None:
    assert _ratios(np.array([1.0, 4.0]), 2.0).tolist() == [0.5, 2.0]


def test_a_kernel_does_not_raise_on_division_by_zero() -> None:
    assert np.isinf(_ratios(np.array([1.0]), 0.0)).all()


@lean_kernel
def _first_two(values: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    part = values[:2]
    for i in range(len(part)):
        out[i] = part[i]


@lean_kernel
def _allocates(size: int) -> float:
    return float(np.empty(size)[0])


def test_a_lean_kernel_may_look_at_a_part_of_an_array() -> None:
    out = np.zeros(2)
    _first_two(np.array([3.0, 4.0, 5.0]), out)
    assert out.tolist() == [3.0, 4.0]


def test_a_lean_kernel_that_allocates_does_not_compile() -> None:
    with pytest.raises(NumbaError, match="Only accept returning of array passed into the function"):
        _allocates(3)
