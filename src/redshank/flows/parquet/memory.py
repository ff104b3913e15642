"""What numba does not offer: arrays by their address, words at any byte, the lowest bit of a word.

In: numbers and arrays of a kernel. Out: what an instruction or two make of them (memory_code.py).
Arrow tells where its buffers lie, and Parquet sets numbers at any byte: neither is an array of numba's. Bounds are
checked here as anywhere (NUMBA_BOUNDSCHECK=1); an array by its address is trusted to be as long as it is said to be.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.intrinsic import Intrinsic
from redshank.core.kernel import lean_kernel

_TOLD = "redshank.flows.parquet.memory_code"

Number = Any
"""A whole number in a kernel: int, or one of numpy's."""
Octets = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint16]
Places = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint64]


@lean_kernel
def number_at(values: Places, k: Number) -> Number:
    """Return a number, which is below 2**31, as a signed one."""
    return np.int64(values[k])


def array_at(dtype: npt.DTypeLike) -> Any:  # noqa: ANN401  a function of kernels
    """Return a function of kernels, (address, length) -> the array that lies there; any address is fine.

    Whoever gives the address keeps what lies there alive.

    Args:
        dtype: The items.
    """
    return Intrinsic(_TOLD, "array_at", np.dtype(dtype))


get: Any = Intrinsic(_TOLD, "get")
"""(array of uint8, at): the 8 bytes from there on as uint64, the first lowest."""
put: Any = Intrinsic(_TOLD, "put", 8)
"""(array of uint8, at, uint64): set 8 bytes, the lowest first."""
put_4: Any = Intrinsic(_TOLD, "put", 4)
"""(array of uint8, at, uint64): set 4 bytes, the lowest first."""
lowest: Any = Intrinsic(_TOLD, "lowest")
"""(uint64 other than 0): the number of the lowest bit set."""
