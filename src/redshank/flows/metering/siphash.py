"""SipHash-1-3 of a few 64-bit words.

In: a 128-bit key and words. Out: 64 bits that nobody without the key can steer. Flow keys are chosen by whoever sends
packets: a plain hash would let him put all his flows into one place of the table.
Source: Aumasson and Bernstein, SipHash: a fast short-input PRF, INDOCRYPT 2012.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import inlined, lean_kernel

Word = Any
"""A uint64 inside a kernel."""


@inlined
def _round(v0: Word, v1: Word, v2: Word, v3: Word) -> tuple[Word, Word, Word, Word]:
    v0 += v1
    v1 = ((v1 << np.uint64(13)) | (v1 >> np.uint64(51))) ^ v0
    v0 = (v0 << np.uint64(32)) | (v0 >> np.uint64(32))
    v2 += v3
    v3 = ((v3 << np.uint64(16)) | (v3 >> np.uint64(48))) ^ v2
    v0 += v3
    v3 = ((v3 << np.uint64(21)) | (v3 >> np.uint64(43))) ^ v0
    v2 += v1
    v1 = ((v1 << np.uint64(17)) | (v1 >> np.uint64(47))) ^ v2
    v2 = (v2 << np.uint64(32)) | (v2 >> np.uint64(32))
    return v0, v1, v2, v3


@inlined
def _begin(k0: Word, k1: Word) -> tuple[Word, Word, Word, Word]:
    return (
        k0 ^ np.uint64(0x736F6D6570736575),
        k1 ^ np.uint64(0x646F72616E646F6D),
        k0 ^ np.uint64(0x6C7967656E657261),
        k1 ^ np.uint64(0x7465646279746573),
    )


@inlined
def _finish(v0: Word, v1: Word, v2: Word, v3: Word) -> Word:
    v2 ^= np.uint64(0xFF)
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inlined
def siphash(k0: Word, k1: Word, a: Word, b: Word, c: Word, d: Word, e: Word) -> Word:
    """Return SipHash-1-3 of five 64-bit words under the key (k0, k1)."""
    v0, v1, v2, v3 = _begin(k0, k1)
    for word in (a, b, c, d, e, np.uint64(40 << 56)):
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
    return _finish(v0, v1, v2, v3)


@lean_kernel
def siphash_many(k0: Word, k1: Word, words: npt.NDArray[np.uint64], count: int) -> None:
    """Write SipHash-1-3 of `count` times five words: of words[0, k], ..., words[4, k] to words[5, k].

    The same as `siphash`, several at once: there is nothing here that a processor could not do with whole vectors.

    Shape:
        words: [6 * count]: [6, count], one row after the other.
    """
    for k in range(count):
        words[5 * count + k] = siphash(
            k0, k1, words[k], words[count + k], words[2 * count + k], words[3 * count + k], words[4 * count + k]
        )
