"""Community ID: one name for a flow that other tools compute too.

In: ROW records, whose key is already in the canonical order that the specification asks for. Out: "1:" and the
base64 SHA-1 of seed, addresses, protocol and ports. Null for SCTP: its ports are part of the name, and not metered.
SHA-1 is computed here, many flows at once: the text of any flow fits into one block of it.
Source: https://github.com/corelight/community-id-spec, version 1, seed 0; FIPS 180-4 for SHA-1; RFC 4648 for base64.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel
from redshank.flows.orient import ICMP, ICMPV6, TCP, UDP
from redshank.flows.table import Int, Record, Records
from redshank.flows.text import texts

_SCTP = 132
_LENGTH = 30
_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_MASK = 0xFFFFFFFF


def community_ids(rows: npt.NDArray[Any]) -> pa.StringArray:
    """Return the Community ID of each row.

    Args:
        rows: ROW records; two-way flows in canonical order, one-way ICMP as sent.

    Example:
        >>> from redshank.flows.table import ROW
        >>> row = np.zeros(1, ROW)
        >>> row["version"], row["proto"], row["a_port"], row["b_port"] = 4, 6, 80, 34855
        >>> row["a_lo"], row["b_lo"] = 0x42230FAE, 0x80E8E5A4
        >>> len(community_ids(row)[0].as_py())
        30
    """
    letters = np.zeros((len(rows), _LENGTH), np.uint8)
    _name(rows, letters, _BASE64)
    return texts(letters, np.where(rows["proto"] == _SCTP, 0, _LENGTH))


@kernel
def _put(words: npt.NDArray[np.int64], at: Int, value: Int, size: Int) -> Int:
    """Append `size` big-endian bytes to a block of 32-bit words."""
    for k in range(size):
        byte = np.int64(value >> np.uint64(8 * (size - 1 - k))) & 255
        words[at >> 2] |= byte << (24 - 8 * (at & 3))
        at += 1
    return at


@kernel
def _block(row: Record, words: npt.NDArray[np.int64]) -> None:
    """Lay out seed, addresses, protocol, a zero and ports, then what SHA-1 pads with."""
    words[:] = 0
    at = 2
    if row.version == 4:
        at = _put(words, at, np.uint64(row.a_lo), 4)
        at = _put(words, at, np.uint64(row.b_lo), 4)
    else:
        for value in (row.a_hi, row.a_lo, row.b_hi, row.b_lo):
            at = _put(words, at, np.uint64(value), 8)
    at = _put(words, at, np.uint64(row.proto), 1) + 1
    if row.proto in (ICMP, TCP, UDP, ICMPV6):
        at = _put(words, at, np.uint64(row.a_port), 2)
        at = _put(words, at, np.uint64(row.b_port), 2)
    _put(words, at, np.uint64(0x80), 1)
    words[15] = 8 * at


@kernel
def _rotate(value: Int, bits: Int) -> Int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


@kernel
def _sha1(words: npt.NDArray[np.int64], digest: npt.NDArray[np.int64]) -> None:
    """Hash one block: words [80], of which 16 are set, into digest [5]."""
    for k in range(16, 80):
        words[k] = _rotate(words[k - 3] ^ words[k - 8] ^ words[k - 14] ^ words[k - 16], 1)
    digest[0], digest[1], digest[2] = 0x67452301, 0xEFCDAB89, 0x98BADCFE
    digest[3], digest[4] = 0x10325476, 0xC3D2E1F0
    a, b, c, d, e = digest[0], digest[1], digest[2], digest[3], digest[4]
    for k in range(80):
        if k < 20:
            mixed = ((b & c) | (~b & _MASK & d)) + 0x5A827999
        elif k < 40:
            mixed = (b ^ c ^ d) + 0x6ED9EBA1
        elif k < 60:
            mixed = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
        else:
            mixed = (b ^ c ^ d) + 0xCA62C1D6
        a, b, c, d, e = (_rotate(a, 5) + mixed + e + words[k]) & _MASK, a, _rotate(b, 30), c, d
    digest[0] = (digest[0] + a) & _MASK
    digest[1] = (digest[1] + b) & _MASK
    digest[2] = (digest[2] + c) & _MASK
    digest[3] = (digest[3] + d) & _MASK
    digest[4] = (digest[4] + e) & _MASK


@kernel
def _name(rows: Records, letters: npt.NDArray[np.uint8], base64: npt.NDArray[np.uint8]) -> None:
    words, digest = np.zeros(80, np.int64), np.zeros(5, np.int64)
    for index in range(len(rows)):
        _block(rows[index], words)
        _sha1(words, digest)
        line = letters[index]
        line[0], line[1] = 49, 58  # 1:
        for k in range(27):  # 160 bits are 26 letters of 6 bits, and one of the 4 left
            value = 0
            for bit in range(6 * k, 6 * k + 6):
                value <<= 1
                if bit < 160:
                    value |= (digest[bit >> 5] >> (31 - (bit & 31))) & 1
            line[2 + k] = base64[value]
        line[29] = 61  # =
