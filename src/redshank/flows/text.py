"""Columns of text from numbers: addresses, MACs, fixed letters; whole columns at once.

In: arrays of numbers or letters. Out: Arrow text columns.
"""

import socket
import struct

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_WIDTH = 45
"""Letters of the longest IPv6 address as text."""


def texts(letters: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> pa.StringArray:
    """Build a text column from ASCII letters, of which the first `lengths` count; length 0 is null.

    Shape:
        letters: [n, w]; lengths: [n].

    Example:
        >>> texts(np.frombuffer(b"abcd", np.uint8).reshape(2, 2), np.array([1, 0])).to_pylist()
        ['a', None]
    """
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    data = letters[np.arange(letters.shape[1]) < lengths[:, None]]
    valid = np.packbits(lengths > 0, bitorder="little")
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(data), pa.py_buffer(valid))


def addresses(version: npt.NDArray[np.uint8], hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64]) -> pa.StringArray:
    """Write IP addresses as text.

    Args:
        version: 4 or 6.
        hi: Upper 64 bits, as in PACKET.
        lo: Lower 64 bits.

    Shape:
        version, hi, lo: [n].

    Example:
        >>> addresses(np.array([4, 6], "u1"), np.array([0, 0], "u8"), np.array([0x7F000001, 1], "u8")).to_pylist()
        ['127.0.0.1', '::1']
    """
    letters, lengths = np.zeros((len(lo), _WIDTH), np.uint8), np.zeros(len(lo), np.int64)
    _dotted(lo, letters, lengths)
    known: dict[tuple[int, int], bytes] = {}
    for index in np.flatnonzero(version != 4).tolist():
        pair = int(hi[index]), int(lo[index])
        if pair not in known:
            known[pair] = socket.inet_ntop(socket.AF_INET6, struct.pack(">QQ", *pair)).encode()
        text = known[pair]
        letters[index, : len(text)] = np.frombuffer(text, np.uint8)
        lengths[index] = len(text)
    return texts(letters, lengths)


@kernel
def _dotted(lo: npt.NDArray[np.uint64], letters: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> None:
    for index in range(len(lo)):
        at = 0
        for octet in range(4):
            value = np.int64(lo[index] >> np.uint64(24 - 8 * octet)) & 255
            if octet > 0:
                letters[index, at] = 46
                at += 1
            for unit in (100, 10, 1):
                if value >= unit or unit == 1:
                    letters[index, at] = 48 + value // unit % 10
                    at += 1
        lengths[index] = at


def macs(values: npt.NDArray[np.uint64]) -> pa.StringArray:
    """Write 48-bit link-layer addresses as text; 0 is null.

    Example:
        >>> macs(np.array([0x020000000001, 0], "u8")).to_pylist()
        ['02:00:00:00:00:01', None]
    """
    letters = np.full((len(values), 17), ord(":"), np.uint8)
    for octet in range(6):
        byte = (values >> np.uint64(8 * (5 - octet))).astype(np.int64) & 255
        letters[:, 3 * octet] = _HEX[byte >> 4]
        letters[:, 3 * octet + 1] = _HEX[byte & 15]
    return texts(letters, np.where(values == 0, 0, 17))
