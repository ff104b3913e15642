"""One way to compile a numba kernel: typed, cached on disk, without the interpreter lock.

In: a plain function over numpy arrays. Out: the same signature, compiled at first use.
Bounds checks are off unless NUMBA_BOUNDSCHECK=1 is in the environment; the fuzz tests run with it.
numba's cache follows the file of the kernel only: after changing a kernel that others call, run `make clean-cache`.
Source: https://numba.readthedocs.io/en/stable/developer/caching.html
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba in nopython mode.

    Division by zero gives inf or nan as in numpy: wire data must not raise.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("Callable[P, R]", compiled)
