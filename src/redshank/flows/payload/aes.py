"""AES-128, one block at a time, inside kernels.

For QUIC's first packets, whose keys are no secret: tables are looked up, which tells the key to who can measure time.
Source: FIPS 197.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel

KEYS = 176
"""Bytes of the keys of all rounds."""


def _boxes() -> npt.NDArray[np.uint8]:
    """Return the table that replaces bytes, and the doubles of its entries."""
    powers = [1]  # of 3, which gives every element of the field but 0
    while len(powers) < 255:
        double = powers[-1] << 1 ^ (0x11B if powers[-1] & 128 else 0)
        powers.append(powers[-1] ^ double)
    inverses = {power: powers[-place % 255] for place, power in enumerate(powers)}
    boxes = np.zeros((2, 256), np.uint8)
    for value in range(256):
        twice = inverses.get(value, 0) * 0x101
        replaced = (twice ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4 ^ 0x63) & 255
        boxes[:, value] = replaced, (replaced << 1 ^ (0x11B if replaced & 128 else 0)) & 255
    return boxes


_BOX = _boxes()


@lean_kernel
def expand(key: npt.NDArray[np.uint8], keys: npt.NDArray[np.uint8]) -> None:
    """Write the keys of all rounds.

    Args:
        key: 16 bytes.
        keys: KEYS bytes.
    """
    constant = 1
    for k in range(KEYS):
        if k < 16:
            keys[k] = key[k]
        elif k % 16 < 4:
            keys[k] = keys[k - 16] ^ _BOX[0, keys[k - 3 if k % 16 < 3 else k - 7]]
            if k % 16 == 0:
                keys[k] ^= constant
                constant = constant << 1 ^ (0x11B if constant & 128 else 0)
        else:
            keys[k] = keys[k - 16] ^ keys[k - 4]


@lean_kernel
def encrypt(keys: npt.NDArray[np.uint8], block: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> None:
    """Encrypt a block in place.

    Args:
        keys: As `expand` writes them.
        block: 16 bytes.
        other: 16 bytes to work with.
    """
    for k in range(16):
        block[k] ^= keys[k]
    for turn in range(1, 11):
        for k in range(16):
            other[k] = block[(k + 4 * (k % 4)) % 16]
        for k in range(16):
            one, two = other[k], other[k & 12 | (k + 1) & 3]
            if turn == 10:
                block[k] = _BOX[0, one]
            else:
                third, fourth = other[k & 12 | (k + 2) & 3], other[k & 12 | (k + 3) & 3]
                block[k] = _BOX[1, one] ^ _BOX[1, two] ^ _BOX[0, two] ^ _BOX[0, third] ^ _BOX[0, fourth]
            block[k] ^= keys[16 * turn + k]
