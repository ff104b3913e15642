"""Numbers of several bytes at any place of some bytes, each read by one instruction or two.

In: an array of bytes and a place in it, in a kernel. Out: the number that starts there.
The one idea: numba reads byte by byte and asks of every signed place whether it counts from the end; ours never do.
Bounds are checked where numba checks them (NUMBA_BOUNDSCHECK=1).
Source: https://llvm.org/docs/LangRef.html (load, llvm.bswap),
https://numba.readthedocs.io/en/stable/extending/low-level.html
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

Bytes = npt.NDArray[np.uint8]
Read = Callable[[Bytes, int], int]
"""(data, at), at >= 0: the number."""

_TOOLS: Any = cgutils
_SETTINGS: Any = config
_NARROW = ir.IntType(64)


def _reading(size: int, *, swap: bool) -> Any:  # noqa: ANN401  numba has few types
    """Return a function of kernels that reads `size` bytes; int64, but uint64 of eight."""
    word = ir.IntType(8 * size)

    def typing(_typing: Any, data: Any, _at: Any) -> Any:  # noqa: ANN401  as above
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
            made = context.make_array(signature.args[0])(context, builder, arguments[0])
            at = arguments[1]
            if _SETTINGS.BOUNDSCHECK:
                (length,) = _TOOLS.unpack_tuple(builder, made.shape, count=1)
                _TOOLS.do_boundscheck(context, builder, at, length)
                _TOOLS.do_boundscheck(context, builder, builder.add(at, ir.Constant(_NARROW, size - 1)), length)
            place = builder.bitcast(builder.gep(made.data, [at]), word.as_pointer())
            value = builder.load(place, align=1)
            if swap:
                value = builder.bswap(value)
            return builder.zext(value, _NARROW) if size < 8 else value

        return (types.int64 if size < 8 else types.uint64)(data, types.intp), generate

    # What a kernel on disk is compared by.
    typing.__qualname__ = f"read {size} {'swapped' if swap else 'as they lie'}"
    return intrinsic(typing)


u8: Read = _reading(1, swap=False)
"""Read 8 bits. numba makes uint64 of `uint8 << n` and float64 of uint64 + int64; this is int64."""
u16: Read = _reading(2, swap=True)
"""Read 16 bits, big-endian."""
u32: Read = _reading(4, swap=True)
"""Read 32 bits, big-endian."""
u64: Read = _reading(8, swap=True)
"""Read 64 bits, big-endian, unsigned."""
little_u16: Read = _reading(2, swap=False)
"""Read 16 bits, little-endian."""
little_u32: Read = _reading(4, swap=False)
"""Read 32 bits, little-endian."""
