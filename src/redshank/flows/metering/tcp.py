"""TCP as Zeek reads it: the state of each end, letters of history, when a connection closes.

In: the header of one segment and the flow it belongs to. Out: changed ROW and ENDs. `conn_state` is read off the two
states when the flow ends (columns.py). Both ends are tracked by what they sent; nothing here judges windows or times.
Sequence numbers are 64-bit integers here: counted on past their wrap-around, or relative to the (assumed) SYN.
Source: Zeek's manual (conn_state, history, duration of conn.log; the tcp_* options), RFC 9293 for the flags.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import inlined, lean_kernel
from redshank.flows.metering.history import (
    ACK_BIT,
    BOTH_BIT,
    DATA_BIT,
    FIN_BIT,
    MIX_BIT,
    RETRANSMIT,
    RST_BIT,
    SYN_BIT,
    WINDOW,
    add,
    once,
    scaled,
)
from redshank.flows.metering.pools import end_of, more_of
from redshank.flows.metering.prefix import forget, keep_segment
from redshank.flows.metering.stream import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    MAX_BUFFERED,
    PARTIAL,
    RESET,
    SYN_ACK_SENT,
    SYN_SENT,
    acknowledged,
    data_seen,
    give_up,
)
from redshank.flows.metering.table import IN_ORDER, Int, Memory, Record, all_ends, all_more, all_rows
from redshank.flows.metering.tcp_states import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    advance,
    answer_was_first,
    check_end,
    end_closes,
    starts_with_answer,
    wake,
)

TOO_LARGE_JUMP = 1 << 20
"""A SYN or RST further than this from the last number is not believed."""
_LOW = 0xFFFFFFFF
_HALF = 1 << 31


@inlined
def delta(a: Int, b: Int) -> Int:
    """Return a - b in the 32-bit sequence space, -2**31 to 2**31 - 1."""
    distance = (a - b) & _LOW
    return distance - (1 << 32) if distance >= _HALF else distance


@lean_kernel
def _relative(end: Record, number: Int, last: Int) -> tuple[Int, bool]:
    """Return `number` relative to the start of `end`, and whether it lies before it."""
    wraps = last >> 32
    low = last & _LOW
    distance = delta(number, low)
    if distance < 0:
        if wraps > 0 and number > low:
            wraps -= 1
    elif distance > 0 and number < low:
        wraps += 1
    if wraps == 0:
        relative = delta(number, 0 + end.start_seq)
        return relative, relative < 0
    return (wraps << 32) + number - end.start_seq, False


@lean_kernel
def _begin(end: Record, flags: Int, seq: Int, past: Int) -> None:
    """Set the first sequence numbers of an end, or set them anew where a SYN says so."""
    if end.state == INACTIVE:
        if flags & SYN:
            end.start_seq = seq
        else:
            end.start_seq = (seq - 1) & _LOW  # as if the SYN had been seen
            past = seq
        end.acked = (end.acked & ~_LOW) | end.start_seq
        end.last = (end.last & ~_LOW) | past
    elif flags & SYN and seq != end.start_seq:
        # A connection that never came to be, or a forged RST before: this SYN is the one that counts.
        if end.state in (SYN_SENT, SYN_ACK_SENT, ESTABLISHED, PARTIAL) or (
            end.state == RESET and end.previous_state == INACTIVE
        ):
            end.start_seq = seq
            end.acked = (end.acked & ~_LOW) | seq
            end.last = (end.last & ~_LOW) | past
            forget(end)
    elif flags & SYN and end.state in (ESTABLISHED, PARTIAL):
        end.acked = (end.acked & ~_LOW) | seq
        end.last = (end.last & ~_LOW) | past


@lean_kernel
def _write_history(row: Record, end: Record, side: Int, flags: Int, relative: Int, length: Int) -> None:
    control = flags & (SYN | FIN | RST)
    number = relative & _LOW
    if control == SYN:
        letter = 72 if flags & ACK else 83  # H, S
        if once(row, SYN_BIT, letter, side) and number != end.last_syn:
            add(row, letter, side)
        end.last_syn = number
    elif control == FIN:
        number = (relative + length) & _LOW
        if once(row, FIN_BIT, 70, side) and number != end.last_fin:
            add(row, 70, side)
        end.last_fin = number
    elif control == RST:
        if once(row, RST_BIT, 82, side) and number != end.last_rst:
            add(row, 82, side)
        end.last_rst = number
    elif control:
        if control & FIN and control & RST:
            once(row, BOTH_BIT, 73, side)
        else:
            once(row, MIX_BIT, 81, side)
    elif length > 0:
        once(row, DATA_BIT, 68, side)
    elif flags & ACK:
        once(row, ACK_BIT, 65, side)


@lean_kernel
def _update_last(t: Memory, index: Int, end: Record, side: Int, past: Int, flags: Int, length: Int) -> None:
    low = end.last & _LOW
    ahead = delta(past, low)
    if flags & (SYN | RST) and abs(ahead) > TOO_LARGE_JUMP:
        return
    if flags & FIN and low == ((end.start_seq + 1) & _LOW):
        pass  # only SYN and FIN were seen: believe the FIN even if more than 2 GiB lie between
    elif end.state == RESET:
        return
    elif ahead <= 0:
        if length > 0:
            more = all_more(t)[more_of(t, index)]
            more.retransmits[side] += 1
            scaled(all_rows(t)[index], more.retransmits[side], RETRANSMIT, side)
        return
    end.last += ((past - low) & _LOW) if past < low else past - low


@lean_kernel
def _acknowledge(end: Record, number: Int) -> None:
    low = end.acked & _LOW
    ahead = delta(number, low)
    if ahead <= 0 or (number == 0 and ahead > TOO_LARGE_JUMP):
        return
    end.acked += ahead


@inlined
def begins_anew(orig: Record, resp: Record, flags: Int, seq: Int) -> bool:
    """Tell whether a segment on a known tuple begins a new connection: a SYN that cannot belong to the old one."""
    if not flags & SYN:
        return False
    start = orig.start_seq
    if flags & ACK:
        if orig.state != INACTIVE:
            return False
        start = resp.start_seq
    if not orig.did_close and not resp.did_close:
        if seq == start:
            return False
        reversed_handshake = not flags & ACK and orig.state == SYN_ACK_SENT and resp.state == INACTIVE
        if reversed_handshake and seq == resp.start_seq:
            return False
    return True


@inlined
def plain(
    t: Memory, index: Int, end: Record, peer: Record, side: Int, packet: Record, data: npt.NDArray[np.uint8], now: Int
) -> bool:
    """Take a segment that needs no judgment: what `segment` does with data in order or an acknowledgment in between.

    Args:
        t: The table.
        index: The row of the flow, of which both sides spoke.
        end: The sender's END.
        peer: The other.
        side: 0 if the originator sent it.
        packet: Its PACKET record.
        data: What the packet came with.
        now: Its time, ns.

    Returns:
        Whether it was such a segment; otherwise nothing was changed.
    """
    row = all_rows(t)[index]
    flags = packet.tcp_flags & ~PSH
    if flags != ACK or packet.window == 0 or end.state != ESTABLISHED or peer.state != ESTABLISHED:
        return False
    length, ack = 0 + packet.payload_length, 0 + packet.ack
    bit = DATA_BIT if length > 0 else ACK_BIT
    last, acked = end.last, peer.acked
    relative = last - end.start_seq
    ahead = delta(ack, acked & _LOW)
    number = acked + ahead - peer.start_seq
    if (
        row.first_seen != 3
        or not row.history_seen & (1 << (bit + 16 * side))
        or packet.seq != last & _LOW
        or relative < 0  # a SYN with data just before its numbers wrapped around
        or (relative >= _HALF and last >> 32 == 0)
        or ahead < 0
        or ack == 0
        or number < 0
        or (number >= _HALF and (acked + ahead) >> 32 == 0)
        or end.acked - end.start_seq <= 1
        or end.order != IN_ORDER
        or peer.order != IN_ORDER
    ):
        return False
    row.last_ns = now
    end.last = last + length
    peer.acked = acked + ahead
    if number > peer.delivered:
        acknowledged(t, index, peer, end, 1 - side, number)
    elif number > peer.trimmed:
        peer.trimmed = number
    if length > 0:
        if packet.payload_captured >= length:
            if max(relative, end.trimmed) > end.delivered:
                data_seen(t, end, peer, relative, length)
            elif relative + length > end.trimmed:
                stop = relative + length
                end.reach = max(end.reach, stop)
                end.delivered = max(end.delivered, stop)
                if end.delivered - end.trimmed > MAX_BUFFERED:
                    give_up(t, end)
        if not end.prefix_done:
            captured = 0 + packet.payload_captured
            keep_segment(t, end, data, 0 + packet.payload_offset, relative - 1, length, captured)
    return True


@lean_kernel
def segment(
    t: Memory, index: Int, side: Int, packet: Record, data: npt.NDArray[np.uint8], now: Int, timeouts: Record
) -> Int:
    """Take one segment into a flow.

    Args:
        t: The table.
        index: The row of the flow.
        side: 0 if the originator sent it.
        packet: Its PACKET record.
        data: What the packet came with.
        now: Its time, ns.
        timeouts: As in deadline.py, ns.

    Returns:
        The side of the sender afterwards: it changes where SYN-ACK and SYN came in the wrong order.
    """
    row = all_rows(t)[index]
    flags = 0 + packet.tcp_flags
    seq, ack, length = 0 + packet.seq, 0 + packet.ack, 0 + packet.payload_length
    goes_on = not flags & (SYN | RST) and (length > 0 or flags & (ACK | FIN) == ACK)
    if goes_on and starts_with_answer(row, all_ends(t)[row.orig_end], all_ends(t)[row.resp_end]):
        answer_was_first(t, index)
        side = 1 - side
    end = all_ends(t)[end_of(t, index, side)]
    if flags & ACK:
        end_of(t, index, 1 - side)  # its numbers are known from now on
    peer = all_ends(t)[row.resp_end if side == 0 else row.orig_end]

    if not row.first_seen & (1 << side):
        if side == 0:
            row.partial = not flags & SYN or flags & ACK != 0
        elif not row.partial:
            row.partial = not flags & SYN
    used = (0 if flags & RST else length) + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
    past = (seq + used) & _LOW
    _begin(end, flags, seq, past)
    relative, before_start = _relative(end, seq, end.last)

    _write_history(row, end, side, flags, relative, length)
    if packet.window == 0 and not flags & RST and peer.state != CLOSED and end.state != RESET:
        more = all_more(t)[more_of(t, index)]
        more.zero_windows[side] += 1
        scaled(row, more.zero_windows[side], WINDOW, side)
    if not end.did_close or not peer.did_close:
        row.last_ns = now
    if flags & FIN:
        end.fin += 1
        end.fin_seq = relative + used

    relative_ack = 0
    if flags & ACK:
        if peer.state == INACTIVE:
            # Number the peer as if its SYN had been seen, so that its data fits in later.
            relative_ack = 1
            peer.start_seq = (ack - 1) & _LOW
            peer.acked = (peer.acked & ~_LOW) | peer.start_seq
            peer.last = (peer.last & ~_LOW) | peer.start_seq
        else:
            relative_ack, ack_before_start = _relative(peer, ack, peer.acked)
            if ack_before_start:
                relative_ack = 0
            elif not flags & RST:
                _acknowledge(peer, ack)
    _update_last(t, index, end, side, past, flags, length)

    sender = side
    if end.state == INACTIVE:
        sender, close = wake(t, index, side, flags, seq, length, now, timeouts)
    else:
        close = advance(row, end, peer, flags)
    if flags & ACK and acknowledged(t, index, peer, end, 1 - sender, relative_ack):
        check_end(row, peer, end, timeouts)
    row.first_seen |= 1 << sender
    if length > 0 and not flags & RST and not before_start:
        place = relative + (1 if flags & SYN else 0)
        if packet.payload_captured >= length:
            data_seen(t, end, peer, place, length)
        if not end.prefix_done:
            keep_segment(t, end, data, 0 + packet.payload_offset, place - 1, length, 0 + packet.payload_captured)
    check_end(row, end, peer, timeouts)
    if close:
        end_closes(row, end, peer, timeouts)
    return sender


@inlined
def count_flags(end: Record, flags: Int) -> None:
    """Add the flags of a segment to the counts of its sender; FIN is counted by `segment`, which looks at it."""
    end.psh += (flags >> 3) & 1
    if flags & ~PSH != ACK:
        end.syn += (flags >> 1) & 1
        end.rst += (flags >> 2) & 1
        end.bare += 1 - ((flags >> 4) & 1)
        end.urg += (flags >> 5) & 1
        end.ece += (flags >> 6) & 1
        end.cwr += (flags >> 7) & 1
