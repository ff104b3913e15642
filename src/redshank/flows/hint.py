"""What a flow must begin with to be worth a service's closer look.

In: hints of services, the first bytes of both directions of flows. Out: one bit for each flow and service that may fit.
The one idea: for each of the first eight bytes a table says which services allow what stands there; a flow's bits are
what all eight leave. So nearly all that a kernel is shown is what it knows, and one that is shown nothing is not even
loaded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel

DEPTH = 8
"""Bytes of a side that a hint may speak of."""

LONGEST = 256
"""Bytes up to which a hint may ask for a length."""

_TCP, _UDP = 6, 17
_GONE = 256
"""Where a table says what holds for a byte that is not there."""

Places = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Side = bytes | tuple[bytes | None, ...] | None


@dataclass(frozen=True)
class Hint:
    r"""What a flow must begin with: the first bytes of its client or of its server fit, or those of both.

    A side that said nothing never fits.

    Args:
        proto: IP protocol, 6 or 17; 0: both.
        client: What the originator may begin with: the possible values of its first byte, or of each of its first
            bytes, up to DEPTH (None among them: anything, or nothing); None: anything; b"": it never fits.
        server: The same of the responder.
        least: Bytes that a side that fits has, 1 to LONGEST.
        both: Both sides must fit.

    Example:
        >>> fits(Hint(client=(b"GP", b"EOU")), b"GET"), fits(Hint(client=(b"GP", b"EOU")), b"GIF")
        (True, False)
    """

    proto: int = 0
    client: Side = None
    server: Side = None
    least: int = 1
    both: bool = False

    def sides(self) -> Iterator[tuple[int, int, tuple[bytes | None, ...]]]:
        """Give transport (0: TCP, 1: UDP), side (0: client, 1: server), and what its first bytes may be."""
        for side, said in enumerate((self.client, self.server)):
            if said != b"":
                first = (said,) if said is None or isinstance(said, bytes) else said
                for transport, proto in enumerate((_TCP, _UDP)):
                    if self.proto in (0, proto):
                        yield transport, side, first


class Hints:
    """The hints of many services, as tables.

    Args:
        hints: Those of each service; where one has several for a transport, any of them may fit.
    """

    def __init__(self, hints: Sequence[Sequence[Hint]]) -> None:
        self._tables = np.zeros((2, 2 * (DEPTH + 1), _GONE + 1), np.uint64)
        self._either = np.zeros(2, np.uint64)
        for place, several in enumerate(hints):
            for hint in several:
                self._add(np.uint64(1 << place), hint)

    def _add(self, bit: np.uint64, hint: Hint) -> None:
        for transport, side, first in hint.sides():
            table = self._tables[transport, side * (DEPTH + 1) :]
            for depth in range(DEPTH):
                values = first[depth] if depth < len(first) else None
                table[depth, slice(None) if values is None else list(values)] |= bit
            table[DEPTH, hint.least :] |= bit
            if not hint.both:
                self._either[transport] |= bit

    def look(self, data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], known: Bits) -> Bits:
        """Return the services that each flow may speak, bit s for the s-th, without those that are known.

        Shape:
            data: [b]; streams: [n] STREAM; known, returns: [n].
        """
        bits = np.empty(len(streams), np.uint64)
        _look(data, streams, self._tables[0], self._tables[1], self._either, known, bits)
        return bits


def fits(hint: Hint, client: bytes, server: bytes = b"", proto: int = 0) -> bool:
    """Tell whether a hint fits a flow."""
    stream = np.zeros(1, [(name, "i8") for name in ("client_at", "client_end", "server_at", "server_end", "proto")])
    stream[0] = 0, len(client), len(client), len(client) + len(server), proto or hint.proto or _TCP
    data = np.frombuffer(client + server, np.uint8).copy()
    return bool(Hints([[hint]]).look(data, stream, np.zeros(1, np.uint64))[0])


@lean_kernel
def _side(data: npt.NDArray[np.uint8], at: int, end: int, tables: Bits, first: int) -> np.uint64:
    """Return the services that one side fits, from the tables at `first`."""
    size = min(end - at, LONGEST)
    if size <= 0:
        return np.uint64(0)
    bits: np.uint64 = tables[first + DEPTH, size]
    place = np.uint64(at)
    for depth in range(DEPTH):
        if bits == 0:
            break
        bits &= tables[first + depth, data[place + np.uint64(depth)] if depth < size else _GONE]
    return bits


@lean_kernel
def _look(
    data: npt.NDArray[np.uint8],
    streams: npt.NDArray[Any],
    tcp: Bits,
    udp: Bits,
    either: Bits,
    known: Bits,
    bits: Bits,
) -> None:
    for k in range(len(streams)):
        stream = streams[k]
        bits[k] = 0
        if stream.proto in (_TCP, _UDP):
            tables = tcp if stream.proto == _TCP else udp
            client = _side(data, stream.client_at, stream.client_end, tables, 0)
            server = _side(data, stream.server_at, stream.server_end, tables, DEPTH + 1)
            enough = either[0 if stream.proto == _TCP else 1]
            bits[k] = (client & server | (client | server) & enough) & ~known[k]


_TURN = 0x03F79D71B4CB0A89
_BITS = np.array([(_TURN << bit & (1 << 64) - 1) >> 58 for bit in range(64)]).argsort().astype(np.int64)
"""Which bit it is, by the highest six of a product: multiplied by a power of two, each leaves others (de Bruijn)."""


@lean_kernel
def _number(bits: np.uint64) -> int:
    """Return the number of the lowest bit that is set."""
    return int(_BITS[((bits & (~bits + np.uint64(1))) * np.uint64(_TURN)) >> np.uint64(58)])


@lean_kernel
def _count(bits: Bits, ends: Places) -> None:
    """Set ends[s + 1] to where the list of those that have bit s will end; ends[s] is where it begins."""
    for k in range(len(bits)):
        left = bits[k]
        while left != 0:
            ends[_number(left) + 1] += 1
            left &= left - np.uint64(1)
    for s in range(1, len(ends)):
        ends[s] += ends[s - 1]


@lean_kernel
def _list(bits: Bits, places: Places, which: Places) -> None:
    for k in range(len(bits)):
        left = bits[k]
        while left != 0:
            s = _number(left)
            which[places[s]] = k
            places[s] += 1
            left &= left - np.uint64(1)


def listed(bits: Bits) -> tuple[list[int], Places]:
    """List which have a bit: ends and places, those with bit s are places[ends[s]:ends[s + 1]], in order.

    Shape:
        bits: [n]; returns: 65 ends, [m] places.

    Example:
        >>> ends, places = listed(np.array([0b10, 0b11], np.uint64))
        >>> places[ends[0] : ends[1]].tolist(), places[ends[1] : ends[2]].tolist()
        ([1], [0, 1])
    """
    ends = np.zeros(65, np.int64)
    _count(bits, ends)
    which = np.empty(int(ends[64]), np.int64)
    _list(bits, ends[:64].copy(), which)
    return ends.tolist(), which
