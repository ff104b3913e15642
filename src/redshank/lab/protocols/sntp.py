"""SNTP: one request, one reply.

In: times in seconds since the epoch. Out: 48 bytes; and back.
Source: RFC 4330, section 4.
"""

import struct

ERA_OFFSET_S = 2_208_988_800
"""Seconds from 1900, NTP's epoch, to 1970."""
LENGTH_BYTES = 48


def _stamp(time_s: float) -> bytes:
    whole = int(time_s)
    return struct.pack("!II", (whole + ERA_OFFSET_S) & 0xFFFFFFFF, int((time_s - whole) * 2**32) & 0xFFFFFFFF)


def request(time_s: float) -> bytes:
    """Return a client's request, version 4."""
    return b"\x23" + bytes(39) + _stamp(time_s)


def reply(data: bytes, time_s: float) -> bytes | None:
    """Return a server's answer to a request, None if `data` is none."""
    if len(data) < LENGTH_BYTES or data[0] & 0x07 != 3:
        return None
    head = struct.pack("!BBBbII4s", 0x24, 2, 6, -20, 0x100, 0x200, b"LOCL")
    return head + _stamp(time_s) + data[40:48] + _stamp(time_s) + _stamp(time_s)


def time_of(data: bytes) -> float | None:
    """Return the transmit time of a reply, seconds since the epoch; None if `data` is none.

    Example:
        >>> time_of(reply(request(1.0), 1_700_000_000.5))
        1700000000.5
    """
    if len(data) < LENGTH_BYTES or data[0] & 0x07 != 4:
        return None
    whole, part = struct.unpack_from("!II", data, 40)
    return float(whole - ERA_OFFSET_S + part / 2**32)
