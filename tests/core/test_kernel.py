import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel


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
