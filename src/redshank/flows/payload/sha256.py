"""SHA-256, and HMAC and HKDF on it, inside kernels.

For the keys of QUIC's first packets, which are no secret: whoever watches can derive them. For nothing that must be
safe from who measures time.
Source: FIPS 180-4, section 6.2; RFC 2104; RFC 5869; RFC 8446, section 7.1 for HKDF-Expand-Label.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel

WORK = 64 + 8 + 64 + 128
"""Numbers that a computation works with."""

_W, _STATE, _PADDED = 0, 64, 136  # places in them: schedule, state and, as bytes, what is hashed
_MASK = 0xFFFFFFFF


def _fractions(power: float, count: int) -> npt.NDArray[np.int64]:
    """Return the first 32 bits of the fractions of a root of the first primes."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, 18) if d < n)][:count]
    return np.array([int(prime**power % 1 * 2**32) for prime in primes], np.int64)


_ROUNDS = _fractions(1 / 3, 64)
_START = _fractions(1 / 2, 8)


@lean_kernel
def _turned(value: int, by: int) -> int:
    return (value >> by | value << (32 - by)) & _MASK


@lean_kernel
def _compress(work: npt.NDArray[np.int64], at: int) -> None:
    """Take the 64 bytes at work[at] into the state."""
    for k in range(16):
        place = at + 4 * k
        work[_W + k] = work[place] << 24 | work[place + 1] << 16 | work[place + 2] << 8 | work[place + 3]
    for k in range(16, 64):
        early, late = work[_W + k - 15], work[_W + k - 2]
        early = _turned(early, 7) ^ _turned(early, 18) ^ early >> 3
        late = _turned(late, 17) ^ _turned(late, 19) ^ late >> 10
        work[_W + k] = (work[_W + k - 16] + early + work[_W + k - 7] + late) & _MASK
    a, b, c, d = work[_STATE], work[_STATE + 1], work[_STATE + 2], work[_STATE + 3]
    e, f, g, h = work[_STATE + 4], work[_STATE + 5], work[_STATE + 6], work[_STATE + 7]
    for k in range(64):
        chosen = (e & f) ^ (~e & g)
        first = h + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)) + chosen + _ROUNDS[k] + work[_W + k]
        second = (_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
        a, b, c, d, e, f, g, h = (first + second) & _MASK, a, b, c, (d + first) & _MASK, e, f, g
    for k, value in enumerate((a, b, c, d, e, f, g, h)):
        work[_STATE + k] = (work[_STATE + k] + value) & _MASK


@lean_kernel
def _hash_behind(key: npt.NDArray[np.uint8], size: int, pad: int, work: npt.NDArray[np.int64], length: int) -> None:
    """Hash the padded key and the `length` bytes, at most 55, at work[_PADDED + 64]."""
    for k in range(8):
        work[_STATE + k] = _START[k]
    for k in range(64):
        work[_PADDED + k] = (int(key[k]) if k < size else 0) ^ pad
    inner = _PADDED + 64
    work[inner + length] = 128
    for k in range(length + 1, 64):
        work[inner + k] = 0
    bits = (64 + length) * 8
    work[inner + 62], work[inner + 63] = bits >> 8, bits & 255
    _compress(work, _PADDED)
    _compress(work, inner)


@lean_kernel
def hmac(
    key: npt.NDArray[np.uint8],
    size: int,
    message: npt.NDArray[np.uint8],
    length: int,
    out: npt.NDArray[np.uint8],
    work: npt.NDArray[np.int64],
) -> None:
    """Write the HMAC-SHA-256 of a short message.

    Args:
        key: The key.
        size: Its bytes, at most 64.
        message: What is authenticated.
        length: Its bytes, at most 55.
        out: 32 bytes; may be the key.
        work: WORK numbers.
    """
    for k in range(length):
        work[_PADDED + 64 + k] = message[k]
    _hash_behind(key, size, 0x36, work, length)
    for k in range(8):
        for shift in range(4):
            work[_PADDED + 64 + 4 * k + shift] = work[_STATE + k] >> (24 - 8 * shift) & 255
    _hash_behind(key, size, 0x5C, work, 32)
    for k in range(32):
        out[k] = work[_STATE + k // 4] >> (24 - 8 * (k % 4)) & 255


@lean_kernel
def expand_label(
    secret: npt.NDArray[np.uint8],
    label: bytes,
    size: int,
    out: npt.NDArray[np.uint8],
    message: npt.NDArray[np.uint8],
    work: npt.NDArray[np.int64],
) -> None:
    """Write HKDF-Expand-Label(secret, label, "", size).

    Args:
        secret: 32 bytes.
        label: Without "tls13 ", at most 40 bytes.
        size: How many bytes are wanted, at most 32.
        out: 32 bytes; the first `size` are wanted.
        message: 55 bytes to work with.
        work: WORK numbers.
    """
    prefix = b"tls13 "
    message[0], message[1], message[2] = 0, size, len(label) + 6
    for k in range(6):
        message[3 + k] = prefix[k]
    for k in range(len(label)):
        message[9 + k] = label[k]
    message[9 + len(label)], message[10 + len(label)] = 0, 1
    hmac(secret, 32, message, 11 + len(label), out, work)
