"""Two ways to compile a numba kernel: typed, cached on disk, without the interpreter lock.

In: a plain function over numpy arrays. Out: the same signature, compiled at first use.
`kernel` may allocate arrays; `lean_kernel` may not, and calls other lean kernels without counting references.
Bounds checks are off unless NUMBA_BOUNDSCHECK=1 is in the environment; the fuzz tests run with it.
numba's cache follows the file of the kernel only: after changing a kernel that others call, run `make clean-cache`.
Source: https://numba.readthedocs.io/en/stable/developer/caching.html
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba in nopython mode.

    Division by zero gives inf or nan as in numpy: wire data must not raise.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("Callable[P, R]", compiled)


def lean_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as `kernel` does, without numba's reference counting.

    For chains of small kernels that are called once per packet: each array handed on would be counted up and down,
    which took two thirds of the time of decoding. Wrong for a function that allocates or returns an array: numba
    refuses to compile it.
    """
    options: dict[str, Any] = {"_nrt": False}  # numba's own option, without a public name
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    return cast("Callable[P, R]", compiled)
