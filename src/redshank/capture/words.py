"""Numbers of several bytes at any place of some bytes, each read by one instruction or two.

In: an array of bytes and a place in it, in a kernel. Out: the number that starts there.
The one idea: numba reads byte by byte and asks of every signed place whether it counts from the end; ours never do.
Reading waits for what the cache does not hold: who knows the place before may have it fetched.
Bounds are checked where numba checks them (NUMBA_BOUNDSCHECK=1).
Source: words_code.py
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from redshank.core.intrinsic import Intrinsic

Bytes = npt.NDArray[np.uint8]
Read = Callable[[Bytes, int], int]
"""(data, at), at >= 0: the number."""

_TOLD = "redshank.capture.words_code"

u8: Read = Intrinsic(_TOLD, "reading", 1, "low")
"""Read 8 bits. numba makes uint64 of `uint8 << n` and float64 of uint64 + int64; this is int64."""
u16: Read = Intrinsic(_TOLD, "reading", 2, "high")
"""Read 16 bits, big-endian."""
u32: Read = Intrinsic(_TOLD, "reading", 4, "high")
"""Read 32 bits, big-endian."""
u64: Read = Intrinsic(_TOLD, "reading", 8, "high")
"""Read 64 bits, big-endian, unsigned."""
little_u16: Read = Intrinsic(_TOLD, "reading", 2, "low")
"""Read 16 bits, little-endian."""
little_u32: Read = Intrinsic(_TOLD, "reading", 4, "low")
"""Read 32 bits, little-endian."""

fetch: Callable[[Bytes, int], None] = Intrinsic(_TOLD, "fetching")
"""(data, at): fetch the cache line at a place that is read soon; never wrong, wherever it is."""
