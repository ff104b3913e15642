"""Flows that another flow announces: data of FTP, and files sent from one user of IRC to another (DCC).

Nothing in their content tells what they are. But before such a flow begins its endpoint is said in clear text, and so
it is named with its first packet, whatever ends first: what is announced is looked for in each TCP packet that begins
as such a message does, and waits in a table for five minutes. 256 sets of four, by port: the fifth overwrites the one
that waits longest. Lines that are split over packets, and control flows inside TLS, announce nothing.
Anybody who may send TCP past us can announce anything, as he can by speaking FTP: a name is no proof.
Source: RFC 959, section 4.1.2 (PORT, 227); RFC 2428 (EPRT, 229); the DCC protocol of IRC clients; Zeek's
Analyzer::schedule_analyzer for what it is good for.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import place_of, starts, starts_word
from redshank.flows.payload.lines import next_line
from redshank.flows.service import NAMES, Bytes, Records

Record = Any
"""One record of a structured array, inside a kernel."""

FTP_DATA, IRC_DCC_DATA = 1, 2
ANNOUNCED = ("ftp-data", "irc-dcc-data")
"""Names in FLOW.service, as Zeek gives them; kind k is the k-th."""
BITS = np.array([0, *(1 << NAMES.index(name) for name in ANNOUNCED)], np.uint64)
"""By kind, what ROW.services says."""

EXPECTED = np.dtype(
    [
        ("until_ns", "i8"),  # 0: nothing waits here
        ("orig_hi", "u8"),
        ("orig_lo", "u8"),
        ("resp_hi", "u8"),
        ("resp_lo", "u8"),
        ("resp_port", "u2"),
        ("version", "u1"),  # 4 or 6
        ("kind", "u1"),
        ("any_orig", "u1"),  # whoever comes is expected
        ("spare", "u1", (3,)),
    ]
)
"""One flow that was announced."""

_SETS, _WAYS = 256, 4
ROOM = _SETS * _WAYS
"""Length of the table: so many EXPECTED, empty ones are zero."""
_WAIT_NS = 300 * 10**9
_LOOKED_AT = 1500
_LINES = 16
_SHORTEST = 12


def _first_letters() -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(b"2PpEe:@")] = True
    return table


FIRST = _first_letters()
"""Whether a line of that first byte may announce anything: asked before all else, as most packets do not."""


@lean_kernel
def set_of(port: Any) -> Any:  # noqa: ANN401  an integer inside a kernel
    """Return where in the table flows to a port wait."""
    return (port & (_SETS - 1)) * _WAYS


@lean_kernel
def announced(expected: Records, row: Record, clock_ns: int) -> int:
    """Return what a new TCP flow was announced as: FTP_DATA, IRC_DCC_DATA, or 0.

    Args:
        expected: The table.
        row: The flow's ROW, of which only the endpoints are looked at.
        clock_ns: The time of its first packet.
    """
    orig_hi, orig_lo, resp_hi, resp_lo, port = row.a_hi, row.a_lo, row.b_hi, row.b_lo, row.b_port
    if not row.orig_is_a:
        orig_hi, orig_lo, resp_hi, resp_lo, port = row.b_hi, row.b_lo, row.a_hi, row.a_lo, row.a_port
    first = set_of(port)
    for way in range(first, first + _WAYS):
        entry = expected[way]
        if (
            entry.until_ns > clock_ns
            and entry.resp_port == port
            and entry.resp_lo == resp_lo
            and entry.resp_hi == resp_hi
            and entry.version == row.version
            and (entry.any_orig == 1 or (entry.orig_lo == orig_lo and entry.orig_hi == orig_hi))
        ):
            return int(entry.kind)
    return 0


@lean_kernel
def _has_lines(data: Bytes, at: int, end: int) -> bool:
    """Tell whether a line ends in data[at:end]: of what only looks like the beginning of one, most has no line."""
    ends = 0
    for place in range(at, end):  # no way out before the end: many bytes are compared at once
        ends |= data[np.uint64(place)] == 10
    return ends != 0


@lean_kernel
def announce(expected: Records, packet: Record, data: Bytes) -> None:
    """Note what a TCP packet announces, whose payload begins with a byte of FIRST.

    Args:
        expected: The table.
        packet: A PACKET record.
        data: What its payload offset points into.
    """
    at = 0 + packet.payload_offset
    end = at + min(0 + packet.payload_captured, _LOOKED_AT)
    if not _has_lines(data, at, end):
        if end - at >= _SHORTEST:
            _read_line(expected, packet, data, at, end)
        return
    for _ in range(_LINES):
        stop = next_line(data, at, end)
        if stop - at >= _SHORTEST and FIRST[data[at]]:
            _read_line(expected, packet, data, at, stop)
        at = stop


@lean_kernel
def _read_line(expected: Records, packet: Record, data: Bytes, at: int, end: int) -> None:
    if starts(data, at, end, b"227 ") or starts_word(data, at, end, b"PORT "):
        # The server says where it waits for the client, or the client where it waits for the server.
        address, port = _six_numbers(data, at + 4, end)
        if port > 0:
            lo = np.uint64(address) if address > 0 else packet.src_lo
            _add(expected, packet, FTP_DATA, 4, np.uint64(0), lo, port)
    elif starts(data, at, end, b"229 ") or starts_word(data, at, end, b"EPRT "):
        _read_extended(expected, packet, data, at + 4, end)
    elif data[at] in (58, 64, 80, 112):  # a prefix, tags, or PRIVMSG itself
        place = place_of(data, at, end, b"\x01DCC SEND ")
        if place >= 0:
            _read_dcc(expected, packet, data, place + 10, end)


@lean_kernel
def _number(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the decimal number at `at` and where it ends; -1 if there is none of at most 10 digits."""
    value, place = 0, at
    while place < end and place - at <= 10 and 48 <= data[place] <= 57:
        value = value * 10 + int(data[place]) - 48
        place += 1
    return (value, place) if 0 < place - at <= 10 else (-1, at)


@lean_kernel
def _six_numbers(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the address and port of the first h1,h2,h3,h4,p1,p2 of a line; port -1 if there are none."""
    while at < end:
        value, place, count = 0, at, 0
        while count < 6:
            part, after = _number(data, place, end)
            if not 0 <= part <= 255 or after >= end or (count < 5 and data[after] != 44):
                break
            value, place, count = value << 8 | part, after + 1, count + 1
        if count == 6:
            return value >> 16, value & 0xFFFF
        while at < end and 48 <= data[at] <= 57:
            at += 1
        while at < end and not 48 <= data[at] <= 57:
            at += 1
    return 0, -1


@lean_kernel
def _read_extended(expected: Records, packet: Record, data: Bytes, at: int, end: int) -> None:
    """Read |family|address|port|, with any letter between; without an address it is the sender's."""
    while at < end and data[at] not in (40, 124):
        at += 1
    if at < end and data[at] == 40:
        at += 1
    if at >= end:
        return
    mark, first = data[at], at + 1
    second = first
    while second < end and data[second] != mark:
        second += 1
    third = second + 1
    while third < end and data[third] != mark:
        third += 1
    port, after = _number(data, third + 1, end)
    if not 0 < port < 65536 or after >= end or data[after] != mark:
        return
    if third == second + 1:
        _add(expected, packet, FTP_DATA, packet.version, packet.src_hi, packet.src_lo, port)
    elif data[first] == 49:
        value, count, place = 0, 0, second + 1
        while count < 4:
            part, after = _number(data, place, third)
            if not 0 <= part <= 255 or (count < 3 and (after >= third or data[after] != 46)):
                return
            value, count, place = value << 8 | part, count + 1, after + 1
        if place != third + 1:
            return
        _add(expected, packet, FTP_DATA, 4, np.uint64(0), np.uint64(value), port)
    elif data[first] == 50:
        known, hi, lo = _address_6(data, second + 1, third)
        if known:
            _add(expected, packet, FTP_DATA, 6, hi, lo, port)


@lean_kernel
def _hex_digit(letter: int) -> int:
    if 48 <= letter <= 57:
        return letter - 48
    if 97 <= letter <= 102:
        return letter - 87
    return letter - 55 if 65 <= letter <= 70 else -1


@lean_kernel
def _address_6(data: Bytes, at: int, end: int) -> tuple[bool, np.uint64, np.uint64]:
    """Return whether data[at:end] is an IPv6 address without dots, and its halves."""
    hi = lo = np.uint64(0)
    total = 8
    for _ in range(2):  # the first time to count the groups: then it is known where those behind a gap belong
        hi = lo = np.uint64(0)
        groups, gap, place = 0, False, at
        while place < end:
            if starts(data, place, end, b"::") and not gap:
                gap = True
                place += 2
                continue
            value, digits = 0, 0
            while place < end and digits < 4 and _hex_digit(int(data[place])) >= 0:
                value, digits, place = value << 4 | _hex_digit(int(data[place])), digits + 1, place + 1
            if digits == 0 or groups == 8 or (place < end and data[place] != 58):
                return False, hi, lo
            where = 8 - total + groups if gap else groups
            part = np.uint64(value) << np.uint64(16 * (3 - where % 4))
            hi, lo = (hi | part, lo) if where < 4 else (hi, lo | part)
            groups += 1
            if place < end and not starts(data, place, end, b"::"):
                place += 1
        if (groups == 8) == gap:
            return False, hi, lo
        total = groups
    return True, hi, lo


@lean_kernel
def _read_dcc(expected: Records, packet: Record, data: Bytes, at: int, end: int) -> None:
    """Read the name of a file, which may stand in quotes, an address as one number, and a port."""
    closing = 34 if data[at] == 34 else 32
    at += 1
    while at < end and data[at] != closing:
        at += 1
    at += 2 if closing == 34 else 1
    address, after = _number(data, at, end)
    port, _ = _number(data, after + 1, end)
    if 0 < address < 1 << 32 and 0 < port < 65536:
        _add(expected, packet, IRC_DCC_DATA, 4, np.uint64(0), np.uint64(address), port)


@lean_kernel
def _add(expected: Records, packet: Record, kind: int, version: int, hi: np.uint64, lo: np.uint64, port: int) -> None:
    """Let a flow wait to that address and port: of FTP from the other end of the packet, of IRC from anybody."""
    first = set_of(port)
    chosen = first
    for way in range(first, first + _WAYS):
        entry = expected[way]
        if entry.resp_port == port and entry.resp_lo == lo and entry.resp_hi == hi and entry.kind == kind:
            chosen = way
            break
        if entry.until_ns < expected[chosen].until_ns:
            chosen = way
    entry = expected[chosen]
    entry.until_ns = packet.ts_ns + _WAIT_NS
    entry.orig_hi, entry.orig_lo = packet.dst_hi, packet.dst_lo
    entry.resp_hi, entry.resp_lo, entry.resp_port = hi, lo, port
    entry.version, entry.kind = version, kind
    entry.any_orig = 1 if kind == IRC_DCC_DATA else 0
