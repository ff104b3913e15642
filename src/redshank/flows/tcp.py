"""TCP as Zeek reads it: the state of each end, letters of history, when a connection closes.

In: the header of one segment and the flow it belongs to. Out: changed ROW and ENDs. `conn_state` is read off the two
states when the flow ends (columns.py). Both ends are tracked by what they sent; nothing here judges windows or times.
Sequence numbers are 64-bit integers here: 32-bit values as on the wire, or relative to the (assumed) SYN.
Source: Zeek's manual (conn_state, history, duration of conn.log; the tcp_* options), RFC 9293 for the flags.
"""

from redshank.core.kernel import kernel
from redshank.flows.history import (
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
from redshank.flows.stream import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    PARTIAL,
    RESET,
    SYN_ACK_SENT,
    SYN_SENT,
    acknowledged,
    data_seen,
    full,
)
from redshank.flows.table import Int, Record, Records
from redshank.flows.tcp_states import (
    ACK,
    FIN,
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


@kernel
def delta(a: Int, b: Int) -> Int:
    """Return a - b in the 32-bit sequence space, -2**31 to 2**31 - 1."""
    distance = (a - b) & 0xFFFFFFFF
    return distance - (1 << 32) if distance >= 1 << 31 else distance


@kernel
def _relative(end: Record, number: Int, last: Int, wraps: Int) -> tuple[Int, bool]:
    """Return `number` relative to the start of `end`, and whether it lies before it."""
    distance = delta(number, last)
    if distance < 0:
        if wraps > 0 and number > last:
            wraps -= 1
    elif distance > 0 and number < last:
        wraps += 1
    if wraps == 0:
        relative = delta(number, end.start_seq)
        return relative, relative < 0
    return full(number, wraps) - end.start_seq, False


@kernel
def _begin(end: Record, flags: Int, seq: Int, past: Int) -> None:
    """Set the first sequence numbers of an end, or set them anew where a SYN says so."""
    if end.state == INACTIVE:
        if flags & SYN:
            end.start_seq = seq
        else:
            end.start_seq = (seq - 1) & 0xFFFFFFFF  # as if the SYN had been seen
            past = seq
        end.ack_seq = end.start_seq
        end.last_seq = past
    elif flags & SYN and seq != end.start_seq:
        # A connection that never came to be, or a forged RST before: this SYN is the one that counts.
        if end.state in (SYN_SENT, SYN_ACK_SENT, ESTABLISHED, PARTIAL) or (
            end.state == RESET and end.previous_state == INACTIVE
        ):
            end.start_seq = seq
            end.ack_seq = seq
            end.last_seq = past
    elif flags & SYN and end.state in (ESTABLISHED, PARTIAL):
        end.ack_seq = seq
        end.last_seq = past


@kernel
def _write_history(row: Record, end: Record, side: Int, flags: Int, relative: Int, length: Int) -> None:
    control = flags & (SYN | FIN | RST)
    if control == SYN:
        letter = 72 if flags & ACK else 83  # H, S
        if once(row, SYN_BIT, letter, side) and relative != end.last_syn:
            add(row, letter, side)
        end.last_syn = relative
    elif control == FIN:
        if once(row, FIN_BIT, 70, side) and relative + length != end.last_fin:
            add(row, 70, side)
        end.last_fin = relative + length
    elif control == RST:
        if once(row, RST_BIT, 82, side) and relative != end.last_rst:
            add(row, 82, side)
        end.last_rst = relative
    elif control:
        if control & FIN and control & RST:
            once(row, BOTH_BIT, 73, side)
        else:
            once(row, MIX_BIT, 81, side)
    elif length > 0:
        once(row, DATA_BIT, 68, side)
    elif flags & ACK:
        once(row, ACK_BIT, 65, side)


@kernel
def _update_last(row: Record, end: Record, side: Int, past: Int, flags: Int, length: Int) -> None:
    ahead = delta(past, end.last_seq)
    if flags & (SYN | RST) and abs(ahead) > TOO_LARGE_JUMP:
        return
    if flags & FIN and end.last_seq == ((end.start_seq + 1) & 0xFFFFFFFF):
        pass  # only SYN and FIN were seen: believe the FIN even if more than 2 GiB lie between
    elif end.state == RESET:
        return
    elif ahead <= 0:
        if length > 0:
            end.retransmits += 1
            scaled(row, end.retransmits, RETRANSMIT, side)
        return
    if past < end.last_seq:
        end.seq_wraps += 1
    end.last_seq = past


@kernel
def _acknowledge(end: Record, number: Int) -> None:
    ahead = delta(number, end.ack_seq)
    if ahead <= 0 or (number == 0 and ahead > TOO_LARGE_JUMP):
        return
    if number < end.ack_seq:
        end.ack_wraps += 1
    end.ack_seq = number


@kernel
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


@kernel
def segment(
    rows: Records,
    ends: Records,
    index: Int,
    side: Int,
    packet: Record,
    now: Int,
    timeouts: Record,
) -> Int:
    """Take one segment into a flow.

    Args:
        rows: The table's rows.
        ends: Its ends.
        index: The row of the flow.
        side: 0 if the originator sent it.
        packet: Its PACKET record.
        now: Its time, ns.
        timeouts: As in deadline.py, ns.

    Returns:
        The side of the sender afterwards: it changes where SYN-ACK and SYN came in the wrong order.
    """
    row = rows[index]
    flags = int(packet.tcp_flags)
    seq, ack, length = int(packet.seq), int(packet.ack), int(packet.payload_length)
    goes_on = not flags & (SYN | RST) and (length > 0 or flags & (ACK | FIN) == ACK)
    if goes_on and starts_with_answer(row, ends[2 * index], ends[2 * index + 1]):
        answer_was_first(rows, ends, index)
        side = 1 - side
    end, peer = ends[2 * index + side], ends[2 * index + 1 - side]

    if not row.first_seen & (1 << side):
        if side == 0:
            row.partial = not flags & SYN or flags & ACK != 0
        elif not row.partial:
            row.partial = not flags & SYN
    used = (0 if flags & RST else length) + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
    past = (seq + used) & 0xFFFFFFFF
    _begin(end, flags, seq, past)
    relative, before_start = _relative(end, seq, end.last_seq, end.seq_wraps)

    _write_history(row, end, side, flags, relative, length)
    if packet.window == 0 and not flags & RST and peer.state != CLOSED and end.state != RESET:
        end.zero_windows += 1
        scaled(row, end.zero_windows, WINDOW, side)
    if not end.did_close or not peer.did_close:
        row.last_ns = now
    if flags & FIN:
        end.fins += 1
        end.fin_seq = relative + used

    relative_ack = 0
    if flags & ACK:
        if peer.state == INACTIVE:
            # Number the peer as if its SYN had been seen, so that its data fits in later.
            relative_ack = 1
            peer.start_seq = (ack - 1) & 0xFFFFFFFF
            peer.ack_seq = (ack - 1) & 0xFFFFFFFF
            peer.last_seq = (ack - 1) & 0xFFFFFFFF
        else:
            relative_ack, ack_before_start = _relative(peer, ack, peer.ack_seq, peer.ack_wraps)
            if ack_before_start:
                relative_ack = 0
            elif not flags & RST:
                _acknowledge(peer, ack)
    _update_last(row, end, side, past, flags, length)

    sender = side
    if end.state == INACTIVE:
        sender, close = wake(rows, ends, index, side, flags, seq, length, now, timeouts)
        if sender != side:
            end, peer = ends[2 * index + sender], ends[2 * index + 1 - sender]
    else:
        close = advance(row, end, peer, flags)
    if flags & ACK and acknowledged(row, peer, end, 1 - sender, relative_ack):
        check_end(row, peer, end, timeouts)
    row.first_seen |= 1 << sender
    if length > 0 and not flags & RST and not before_start and packet.payload_captured >= length:
        data_seen(end, peer, relative + (1 if flags & SYN else 0), length)
    check_end(row, end, peer, timeouts)
    if close:
        end_closes(row, end, peer, timeouts)
    return sender
