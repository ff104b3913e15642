"""Community ID: one name for a flow that other tools compute too.

In: ROW records, whose key is already in the canonical order that the specification asks for. Out: "1:" and the
base64 SHA-1 of seed, addresses, protocol and ports. Null for SCTP: its ports are part of the name, and not metered.
SHA-1 is computed here, LANES flows in step, so that the processor's vectors do the rounds: the text of any flow fits
into one block of it.
Source: https://github.com/corelight/community-id-spec, version 1, seed 0; FIPS 180-4 for SHA-1; RFC 4648 for base64.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel, lean_kernel
from redshank.flows.metering.orient import ICMP, ICMPV6, TCP, UDP
from redshank.flows.metering.table import Int, Record, Records
from redshank.flows.metering.text import texts

LANES = 128
"""Flows hashed in step: many, so that what a loop over vectors costs once is shared; their blocks fit a first cache."""

_SCTP = 132
_LENGTH = 30
_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_BEGIN = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0], np.uint32)
_ADDED = np.array([0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6], np.uint32)


def community_ids(rows: npt.NDArray[Any]) -> pa.StringArray:
    """Return the Community ID of each row.

    Args:
        rows: ROW records; two-way flows in canonical order, one-way ICMP as sent.

    Example:
        >>> from redshank.flows.metering.table import ROW
        >>> row = np.zeros(1, ROW)
        >>> row["version"], row["proto"], row["a_port"], row["b_port"] = 4, 6, 80, 34855
        >>> row["a_lo"], row["b_lo"] = 0x42230FAE, 0x80E8E5A4
        >>> len(community_ids(row)[0].as_py())
        30
    """
    letters = np.zeros((len(rows), _LENGTH), np.uint8)
    _name(rows, letters, _BASE64, _BEGIN, _ADDED)
    return texts(letters, np.where(rows["proto"] == _SCTP, 0, _LENGTH))


@lean_kernel
def _put(words: npt.NDArray[np.uint32], lane: Int, at: Int, value: Int) -> Int:
    """Append the lower 2 bytes of a value, the higher first, to the block of a lane; `at` is even."""
    words[at >> 2, lane] |= np.uint32((value & np.uint64(0xFFFF)) << np.uint64(16 if at & 2 == 0 else 0))
    return at + 2


@lean_kernel
def _block(row: Record, words: npt.NDArray[np.uint32], lane: Int) -> None:
    """Lay out seed, addresses, protocol, a zero and ports, then what SHA-1 pads with."""
    for k in range(16):
        words[k, lane] = 0
    at = 2
    if row.version == 4:
        for value in (row.a_lo, row.b_lo):
            at = _put(words, lane, at, value >> np.uint64(16))
            at = _put(words, lane, at, value)
    else:
        for value in (row.a_hi, row.a_lo, row.b_hi, row.b_lo):
            for shift in (48, 32, 16, 0):
                at = _put(words, lane, at, value >> np.uint64(shift))
    at = _put(words, lane, at, np.uint64(row.proto) << np.uint64(8))
    if row.proto in (ICMP, TCP, UDP, ICMPV6):
        at = _put(words, lane, at, np.uint64(row.a_port))
        at = _put(words, lane, at, np.uint64(row.b_port))
    _put(words, lane, at, np.uint64(0x8000))
    words[15, lane] = 8 * at


@lean_kernel
def _rotate(value: Int, bits: Int) -> Int:
    return np.uint32(value << np.uint32(bits)) | np.uint32(value >> np.uint32(32 - bits))


@lean_kernel
def _round(
    phase: Int,
    a: npt.NDArray[np.uint32],
    b: npt.NDArray[np.uint32],
    c: npt.NDArray[np.uint32],
    d: npt.NDArray[np.uint32],
    e: npt.NDArray[np.uint32],
    word: npt.NDArray[np.uint32],
    add: Int,
) -> None:
    # One loop for each phase: a choice within would keep the compiler from using vectors.
    if phase == 0:
        for lane in range(LANES):
            e[lane] += ((b[lane] & c[lane]) | (~b[lane] & d[lane])) + add + word[lane] + _rotate(a[lane], 5)
    elif phase == 2:
        for lane in range(LANES):
            mixed = (b[lane] & c[lane]) | (b[lane] & d[lane]) | (c[lane] & d[lane])
            e[lane] += mixed + add + word[lane] + _rotate(a[lane], 5)
    else:
        for lane in range(LANES):
            e[lane] += (b[lane] ^ c[lane] ^ d[lane]) + add + word[lane] + _rotate(a[lane], 5)
    for lane in range(LANES):
        b[lane] = _rotate(b[lane], 30)


@lean_kernel
def _sha1(
    words: npt.NDArray[np.uint32],
    digest: npt.NDArray[np.uint32],
    begin: npt.NDArray[np.uint32],
    added: npt.NDArray[np.uint32],
) -> None:
    """Hash one block of each lane: words [80, LANES], of which 16 are set, into digest [5, LANES]."""
    for k in range(16, 80):
        for lane in range(LANES):
            words[k, lane] = _rotate(
                words[k - 3, lane] ^ words[k - 8, lane] ^ words[k - 14, lane] ^ words[k - 16, lane], 1
            )
    for word in range(5):
        for lane in range(LANES):
            digest[word, lane] = begin[word]
    # Instead of moving a to b, b to c and so on, their places move.
    for k in range(80):
        a, b, c, d, e = (80 - k) % 5, (81 - k) % 5, (82 - k) % 5, (83 - k) % 5, (84 - k) % 5
        _round(k // 20, digest[a], digest[b], digest[c], digest[d], digest[e], words[k], added[k // 20])
    for word in range(5):
        for lane in range(LANES):
            digest[word, lane] = np.uint32(digest[word, lane] + begin[word])


@lean_kernel
def _letters(
    digest: npt.NDArray[np.uint32], lane: Int, line: npt.NDArray[np.uint8], base64: npt.NDArray[np.uint8]
) -> None:
    line[0], line[1] = 49, 58  # 1:
    for group in range(7):  # 20 bytes: six groups of three, and one of two
        three: Int = 0
        for byte in range(3 * group, 3 * group + 3):
            three <<= 8
            if byte < 20:
                three |= np.int64(digest[byte >> 2, lane] >> np.uint32(24 - 8 * (byte & 3))) & 255
        for k in range(4):
            line[2 + 4 * group + k] = base64[three >> (18 - 6 * k) & 63]
    line[29] = 61  # =


@kernel
def _name(
    rows: Records,
    letters: npt.NDArray[np.uint8],
    base64: npt.NDArray[np.uint8],
    begin: npt.NDArray[np.uint32],
    added: npt.NDArray[np.uint32],
) -> None:
    words, digest = np.zeros((80, LANES), np.uint32), np.zeros((5, LANES), np.uint32)
    for first in range(0, len(rows), LANES):
        count = min(LANES, len(rows) - first)
        for lane in range(count):
            _block(rows[first + lane], words, lane)
        _sha1(words, digest, begin, added)
        for lane in range(count):
            _letters(digest, lane, letters[first + lane], base64)
