"""The states of the two ends of a TCP connection, and when it closes.

In: the flags of one segment and the flow it belongs to. Out: changed states, deadlines, roles. A state is about what
its end sent: INACTIVE nothing, PARTIAL no SYN, CLOSED a FIN, RESET a RST.
Source: Zeek's manual (conn_state of conn.log; tcp_attempt_delay, tcp_close_delay); RFC 9293 for the flags.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.history import add, flipped
from redshank.flows.metering.pools import end_of
from redshank.flows.metering.stream import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    PARTIAL,
    RESET,
    SYN_ACK_SENT,
    SYN_SENT,
    data_pending,
)
from redshank.flows.metering.table import Int, Memory, Record, all_ends, all_more, all_rows

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@lean_kernel
def _set_state(row: Record, end: Record, peer: Record, state: Int) -> None:
    if state != end.state:
        if state > SYN_ACK_SENT and end.state <= SYN_ACK_SENT and peer.state <= SYN_ACK_SENT:
            row.established = 1
        end.previous_state = end.state
        end.state = state


@lean_kernel
def exchange_roles(t: Memory, index: Int) -> None:
    """Make the originator the responder and write '^'."""
    row = all_rows(t)[index]
    row.orig_end, row.resp_end = row.resp_end, row.orig_end
    row.orig_is_a = 1 - row.orig_is_a
    row.orig_mac, row.resp_mac = row.resp_mac, row.orig_mac
    row.first_seen = ((row.first_seen & 1) << 1) | ((row.first_seen >> 1) & 1)
    if row.more > 0:
        more = all_more(t)[row.more]
        for counts in (more.retransmits, more.content_gaps, more.zero_windows, more.bad_checksums):
            first = counts[0]
            counts[0] = counts[1]
            counts[1] = first
    row.partial = 0
    flipped(row)


@lean_kernel
def wake(
    t: Memory,
    index: Int,
    side: Int,
    flags: Int,
    seq: Int,
    length: Int,
    now: Int,
    timeouts: Record,
) -> tuple[Int, bool]:
    """Move an end that had not spoken; return its side afterwards and whether it closes."""
    row = all_rows(t)[index]
    end = all_ends(t)[row.orig_end if side == 0 else row.resp_end]
    peer = all_ends(t)[row.resp_end if side == 0 else row.orig_end]
    close = False
    if flags & SYN:
        if side == 0:
            _set_state(row, end, peer, SYN_ACK_SENT if flags & ACK else SYN_SENT)
            row.attempt_ns = now + timeouts.tcp_attempt
        elif not flags & ACK and peer.state == SYN_ACK_SENT and seq == end.start_seq:
            # SYN-ACK and SYN came in the wrong order (two capture points): the SYN's sender is the originator.
            exchange_roles(t, index)
            side = 0
            _set_state(row, peer, end, ESTABLISHED)
            row.first_seen |= 1
            _set_state(row, end, peer, ESTABLISHED)
        else:
            if peer.state == SYN_SENT:
                _set_state(row, peer, end, ESTABLISHED)
            _set_state(row, end, peer, ESTABLISHED)
    if flags & FIN:
        _set_state(row, end, peer, CLOSED)
        close = True
    if flags & RST:
        _set_state(row, end, peer, RESET)
        close = True
    if end.state == INACTIVE:
        if side == 1 and length == 0 and peer.state == SYN_SENT:
            pass  # some servers acknowledge a SYN before they answer it
        elif flags & ACK and peer.state == ESTABLISHED:
            _set_state(row, end, peer, ESTABLISHED)  # we missed the SYN, not the handshake
            row.partial = 0
            row.first_seen |= 1 << side
        else:
            _set_state(row, end, peer, PARTIAL)
    return side, close


@lean_kernel
def advance(row: Record, end: Record, peer: Record, flags: Int) -> bool:
    """Move an end that had spoken; return whether it closes."""
    if end.state == RESET:
        return False
    if end.state == CLOSED:
        if flags & RST and peer.state != CLOSED:
            _set_state(row, end, peer, RESET)
            return not end.did_close
        return False
    if end.state in (SYN_SENT, SYN_ACK_SENT):
        if flags & FIN:
            _set_state(row, end, peer, CLOSED)
    else:
        if flags & SYN and not flags & ACK and end.state == PARTIAL and peer.state == INACTIVE:
            _set_state(row, end, peer, SYN_SENT)
        if flags & FIN and not flags & RST:
            _set_state(row, end, peer, CLOSED)
            if peer.state == RESET and peer.previous_state == CLOSED:
                _set_state(row, peer, end, CLOSED)  # FIN, then RST: a normal end after all
    if flags & RST:
        _set_state(row, end, peer, RESET)
    return bool(flags & (FIN | RST))


@lean_kernel
def end_closes(row: Record, end: Record, peer: Record, timeouts: Record) -> None:
    """Close an end, or put it off while data is missing; once both are closed the flow has a fixed time to live."""
    if data_pending(end, peer):
        row.close_deferred = 1
        return
    row.close_deferred = 0
    if end.did_close:
        return
    end.did_close = 1
    if end.state == RESET or peer.did_close or peer.state == INACTIVE:
        row.attempt_ns = 0
        row.delete_ns = row.last_ns + timeouts.tcp_close  # anew where the other side closes, too, as in Zeek


@lean_kernel
def check_end(row: Record, end: Record, peer: Record, timeouts: Record) -> None:
    """Note once that an end has sent all it will; what was put off for it closes now."""
    if not end.eof and (end.fin > 0 or end.state in (CLOSED, RESET)) and not data_pending(end, peer):
        end.eof = 1
        if row.close_deferred:
            end_closes(row, end, peer, timeouts)
            row.close_deferred = 0


@lean_kernel
def starts_with_answer(row: Record, orig: Record, resp: Record) -> bool:
    """Tell whether all that was seen is a SYN-ACK."""
    if orig.state != SYN_ACK_SENT or resp.state != INACTIVE:
        return False
    return bool(row.history_length == 1 and row.history[0] == 72)


@lean_kernel
def answer_was_first(t: Memory, index: Int) -> None:
    """Make the sender of a lone SYN-ACK the responder, now that an ACK or data followed.

    A scan with SYN-ACKs gets a RST or nothing, so this was an answer whose question we missed.
    """
    row = all_rows(t)[index]
    row.history_length = 0
    exchange_roles(t, index)
    add(row, 72, 1)
    orig = end_of(t, index, 0)
    _set_state(row, all_ends(t)[row.resp_end], all_ends(t)[orig], ESTABLISHED)
