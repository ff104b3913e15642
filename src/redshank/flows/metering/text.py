"""Letters from numbers: addresses, MACs, history.

In: rows that went out. Out: letters of a text column, and where each text ends in them. Letters come from tables,
several at a time, and what is written may be longer than its text: what is too much is overwritten by the next.
So no branch says how long a text is, and behind the last SPARE bytes must be free.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import copy
from redshank.flows.metering.table import HISTORY, Int, Records

Bytes = npt.NDArray[np.uint8]
Ends = npt.NDArray[np.int32]

SPARE = 64
V4_LETTERS, V6_LETTERS, MAC_LETTERS = 15, 45, 17

_HEX = b"0123456789abcdef"
_OCTETS = np.frombuffer(b"".join(f"{octet}.".encode().ljust(4) for octet in range(256)), np.uint8)
_BYTES = np.frombuffer(b"".join(f"{byte:02x}: ".encode() for byte in range(256)), np.uint8)


def pairs_of(alphabet: bytes) -> Bytes:
    """Return all pairs of letters: those of the number i * len(alphabet) + k are alphabet[i] and alphabet[k]."""
    return np.frombuffer(b"".join(bytes((one, other)) for one in alphabet for other in alphabet), np.uint8)


@lean_kernel
def write_addresses(rows: Records, first: int, ends: npt.NDArray[np.int32], source: Bytes, target: Bytes) -> None:
    """Write the addresses of originators and responders, as the texts from `first` on.

    Shape:
        rows: [k]; ends: [2, n + 1], of source and of target.
    """
    from_end: Int = np.int64(ends[0, first])
    to_end: Int = np.int64(ends[1, first])
    for k in range(len(rows)):
        row = rows[k]
        one, other = np.int64(row.a_lo), np.int64(row.b_lo)
        from_lo, to_lo = (one, other) if row.orig_is_a else (other, one)
        if row.version == 4:
            from_end = _dotted(from_lo, source, from_end)
            to_end = _dotted(to_lo, target, to_end)
        else:
            one, other = np.int64(row.a_hi), np.int64(row.b_hi)
            from_hi, to_hi = (one, other) if row.orig_is_a else (other, one)
            from_end = _colons(from_hi, from_lo, source, from_end)
            to_end = _colons(to_hi, to_lo, target, to_end)
        ends[0, first + k + 1], ends[1, first + k + 1] = from_end, to_end


@lean_kernel
def write_macs(rows: Records, first: int, ends: npt.NDArray[np.int32], source: Bytes, target: Bytes) -> None:
    """Write the link-layer addresses of originators and responders, none for 0, as the texts from `first` on.

    Shape:
        rows: [k]; ends: [2, n + 1], of source and of target.
    """
    from_end: Int = np.int64(ends[0, first])
    to_end: Int = np.int64(ends[1, first])
    for k in range(len(rows)):
        from_end = _mac(np.int64(rows[k].orig_mac), source, from_end)
        to_end = _mac(np.int64(rows[k].resp_mac), target, to_end)
        ends[0, first + k + 1], ends[1, first + k + 1] = from_end, to_end


@lean_kernel
def write_histories(rows: Records, first: int, ends: Ends, out: Bytes) -> None:
    """Write histories, as the texts from `first` on.

    Shape:
        rows: [k]; ends: [n + 1].
    """
    at = np.int64(ends[first])
    for k in range(len(rows)):
        copy(out, at, rows[k].history, 0, HISTORY)
        at += np.int64(rows[k].history_length)
        ends[first + k + 1] = at


@lean_kernel
def _dotted(value: Int, out: Bytes, at: Int) -> Int:
    """Write an IPv4 address; return where it ends."""
    for shift in (24, 16, 8, 0):
        number = value >> shift & 255
        copy(out, at, _OCTETS, 4 * number, 4)
        at += 2 + np.int64(number > 9) + np.int64(number > 99)
    return at - 1  # the last dot


@lean_kernel
def _mac(value: Int, out: Bytes, at: Int) -> Int:
    """Write a link-layer address unless it is 0; return where it ends."""
    for octet in range(6):
        copy(out, at + 3 * octet, _BYTES, 4 * (value >> (40 - 8 * octet) & 255), 4)
    return at + (MAC_LETTERS if value != 0 else 0)


@lean_kernel
def _group(hi: Int, lo: Int, place: int) -> Int:
    """Return one of the eight groups of an IPv6 address."""
    return ((hi if place < 4 else lo) >> (48 - 16 * (place & 3))) & 0xFFFF


@lean_kernel
def _colons(hi: Int, lo: Int, out: Bytes, at: Int) -> Int:
    """Write an IPv6 address as RFC 5952 and inet_ntop do; return where it ends."""
    first, most, run = -1, 1, 0
    for place in range(8):
        run = run + 1 if _group(hi, lo, place) == 0 else 0
        if run > most:
            first, most = place + 1 - run, run
    place = 0
    while place < 8:
        if place == first:
            out[at] = out[at + 1] = 58
            at += 2
            place += most
            continue
        if place > 0 and place != first + most:
            out[at] = 58
            at += 1
        if place == 6 and first == 0 and (most == 6 or (most == 5 and _group(hi, lo, 5) == 0xFFFF)):
            return _dotted(lo & 0xFFFFFFFF, out, at)
        value = _group(hi, lo, place)
        for shift in (12, 8, 4, 0):
            if value >> shift or shift == 0:
                out[at] = _HEX[(value >> shift) & 15]
                at += 1
        place += 1
    return at
