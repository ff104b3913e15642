"""What numba does not offer: arrays by their address, fetching memory ahead, sums of squares of 128 bits.

In: numbers and records of a kernel. Out: what a few instructions make of them (machine_code.py); nothing here is a loop
or a call. numba hands on an array as seven words: a chain of kernels over a dozen arrays spends its time on that. A
record is one pointer, so a record says where the arrays lie (`array_of`); bounds are checked there as anywhere
(NUMBA_BOUNDSCHECK=1).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.intrinsic import Intrinsic

_TOLD = "redshank.flows.metering.machine_code"


def array_of(name: str, dtype: npt.DTypeLike) -> Any:  # noqa: ANN401  a function of kernels
    """Return a function of kernels that gives the array whose address and length a record holds.

    Whoever makes the record keeps the array alive.

    Args:
        name: The record's field with the address, int64; `<name>_length` has the number of items.
        dtype: The items.
    """
    return Intrinsic(_TOLD, "array_of", name, np.dtype(dtype))


add_square: Any = Intrinsic(_TOLD, "add_square")
"""(low, high, value), uint64: (high << 64 | low) + value * value as (low, high)."""
scaled_variance: Any = Intrinsic(_TOLD, "scaled_variance")
"""(count, total, low, high), uint64: count * (high << 64 | low) - total * total modulo 2**128 as (low, high)."""
product: Any = Intrinsic(_TOLD, "product")
"""(one, other), uint64: one * other as (low, high)."""
prefetch: Any = Intrinsic(_TOLD, "prefetch")
"""(array, index, offset): fetch the cache line `offset` bytes behind the start of array[index]; never wrong."""
copy: Any = Intrinsic(_TOLD, "copy")
"""(target, at, source, start, length), arrays of uint8, length > 0: target[at : at + length] = source[start : ...]."""
