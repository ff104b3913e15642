"""The first bytes of each direction, in a ring that the newest overwrite.

In: payloads of packets. Out: of TCP the first TCP_BYTES of a direction in order of its sequence numbers, up to the
first byte that was never seen or that the snap length cut off; of UDP the first datagram that carries anything, at most
UDP_BYTES of it. Pieces are kept as they come, each with its place in the direction, and joined only when a row goes
out. Memory is the ring's: a direction whose pieces were overwritten before has no first bytes any more, and is counted.
An interim row joins pieces in the ring too, and so renews them.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import copy, prefetch
from redshank.flows.metering.table import Int, Memory, Record, ring_bytes, ring_words

TCP_BYTES = 4096
UDP_BYTES = 2048
PIECES = 64
"""Pieces kept of one direction: whoever sends single bytes is recognized by fewer."""
_HEADER = 16
_AHEAD = 12
"""Pieces of a direction that are asked for before they are needed."""
_PLACE = 0xFFFFFFFF
"""Where a piece begins is said by turns of the ring, in the upper half, and the place in it: there is no division."""


@lean_kernel
def _append(t: Memory, end: Record, data: npt.NDArray[np.uint8], at: Int, offset: Int, length: Int) -> None:
    """Write a piece: a word with the place of the direction's piece before, one with offset and length, the bytes."""
    size = _HEADER + ((length + 7) & ~7)
    position = t.written
    if (position & _PLACE) + size > len(ring_bytes(t)):
        position = (position >> 32) + 1 << 32
    place = position & _PLACE
    ring_words(t)[place >> 3] = end.prefix_at
    ring_words(t)[(place >> 3) + 1] = offset << 32 | length
    copy(ring_bytes(t), place + _HEADER, data, at, length)
    end.prefix_at = position
    t.written = position + size


@lean_kernel
def _written_since(t: Memory, position: Int) -> Int:
    """Return how many bytes of the ring were written since those at `position`, and with them."""
    now = t.written
    return ((now >> 32) - (position >> 32)) * len(ring_bytes(t)) + (now & _PLACE) - (position & _PLACE)


@lean_kernel
def keep_datagram(t: Memory, end: Record, data: npt.NDArray[np.uint8], at: Int, captured: Int) -> None:
    """Keep the first datagram of a direction, of which `captured` > 0 bytes lie at data[at]."""
    length = min(captured, UDP_BYTES)
    _append(t, end, data, at, 0, length)
    end.prefix_bytes = length
    end.prefix_pieces = 1
    end.prefix_done = 1


@lean_kernel
def keep_segment(
    t: Memory, end: Record, data: npt.NDArray[np.uint8], at: Int, offset: Int, length: Int, captured: Int
) -> None:
    """Keep what belongs to the first bytes of a TCP direction.

    Args:
        t: The table.
        end: The END of the sender, whose prefix is not done.
        data: What the packet came with.
        at: Where its payload starts.
        offset: Place of its first byte in the direction; below 0 it is ignored.
        length: Payload bytes, more than 0.
        captured: Those that are there.
    """
    have = 0 + end.prefix_bytes
    if offset < 0 or offset >= TCP_BYTES:
        return
    useful = min(captured, TCP_BYTES - offset)
    if offset <= have:
        skip = have - offset
        if useful > skip:
            _append(t, end, data, at + skip, have, useful - skip)
            end.prefix_pieces += 1
            have = offset + useful
            end.prefix_bytes = have
        cut = captured < length and offset + captured <= have < offset + length
        if cut or have == TCP_BYTES:
            end.prefix_done = 1
    elif useful > 0:
        _append(t, end, data, at, offset, useful)
        end.prefix_pieces += 1
    if end.prefix_pieces == PIECES:
        end.prefix_done = 1


@lean_kernel
def forget(end: Record) -> None:
    """Begin anew: the numbers of this direction did not mean what they seemed to."""
    end.prefix_at = 0
    end.prefix_bytes = end.prefix_pieces = end.prefix_done = 0


@lean_kernel
def join(t: Memory, end: Record, out: npt.NDArray[np.uint8], at: Int, pieces: npt.NDArray[np.int64]) -> Int:
    """Write the first bytes of a direction to out[at:]; return how many, or -1 if they were overwritten meanwhile.

    Args:
        t: The table.
        end: The END of the direction.
        out: Room for TCP_BYTES from `at` on.
        at: Where.
        pieces: Room for PIECES numbers.
    """
    position = end.prefix_at
    if end.prefix_pieces == 1 and end.prefix_bytes > 0 and _written_since(t, position) <= len(ring_bytes(t)):
        place = position & _PLACE
        copy(out, at, ring_bytes(t), place + _HEADER, 0 + end.prefix_bytes)
        pieces[0] = place
        return 0 + end.prefix_bytes
    count = 0
    while position > 0:
        if _written_since(t, position) > len(ring_bytes(t)):
            end.prefix_at = 0
            end.prefix_done = 1
            return -1
        pieces[count] = position & _PLACE
        position = ring_words(t)[pieces[count] >> 3]
        count += 1
    reach = 0
    again = count > 0
    while again:
        before, again = reach, False
        for k in range(count - 1, -1, -1):  # the oldest first: most come in order
            header = ring_words(t)[(pieces[k] >> 3) + 1]
            offset, length = header >> 32, header & 0xFFFFFFFF
            if offset > reach:
                again = True
            elif offset + length > reach:
                skip = reach - offset
                copy(out, at + reach, ring_bytes(t), pieces[k] + _HEADER + skip, length - skip)
                reach = offset + length
        again = again and reach > before
    return reach


@lean_kernel
def add_chain(t: Memory, end: Record, count: Int, chains: npt.NDArray[np.int64]) -> Int:
    """Ask for the latest piece of a direction; return how many directions there are in `chains` for `fetch_chains`."""
    at = end.prefix_at & _PLACE
    prefetch(ring_bytes(t), at, 0)
    prefetch(ring_bytes(t), at, 64)
    if end.prefix_pieces <= 1:
        return count
    chains[count] = at
    return count + 1


@lean_kernel
def fetch_chains(t: Memory, count: Int, chains: npt.NDArray[np.int64]) -> None:
    """Ask for the pieces before, of all directions in turn: what one waits for, the others do, too.

    Whether they were overwritten is not looked at here: then it is some other memory that is asked for.
    """
    for _ in range(_AHEAD):
        kept = 0
        for k in range(count):
            at = ring_words(t)[chains[k] >> 3] & _PLACE & ~7
            if 0 < at < len(ring_bytes(t)):
                prefetch(ring_bytes(t), at, 0)
                prefetch(ring_bytes(t), at, 64)
                chains[kept] = at
                kept += 1
        count = kept


@lean_kernel
def renew(
    t: Memory, end: Record, out: npt.NDArray[np.uint8], at: Int, length: Int, pieces: npt.NDArray[np.int64]
) -> None:
    """Write what `join` gave as one new piece, so that it stays in the ring for longer.

    Not where pieces lie beyond the first byte that is missing: it may still come.

    Args:
        t: The table.
        end: The END of the direction.
        out: What `join` wrote.
        at: Where.
        length: What it returned, more than 0.
        pieces: As `join` left them.
    """
    old = _written_since(t, end.prefix_at) > len(ring_bytes(t)) // 2
    if end.prefix_pieces == 1 and not old:
        return
    for k in range(end.prefix_pieces):
        header = ring_words(t)[(pieces[k] >> 3) + 1]
        if (header >> 32) + (header & 0xFFFFFFFF) > length:
            return
    end.prefix_at = 0
    _append(t, end, out, at, 0, length)
    end.prefix_pieces = 1
    end.prefix_bytes = length
    if length == TCP_BYTES:
        end.prefix_done = 1
