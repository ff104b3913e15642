"""TCP as Zeek reads it: the state of each end, letters of history, when a connection closes.

In: the header of one segment and the flow it belongs to. Out: changed ROW and ENDs. `conn_state` is read off the two
states when the flow ends (columns.py). Both ends are tracked by what they sent; nothing here judges windows or times.
Sequence numbers are 64-bit integers here: 32-bit values as on the wire, or relative to the (assumed) SYN.
Source: Zeek's manual (conn_state, history, duration of conn.log; the tcp_* options), RFC 9293 for the flags.
"""

from typing import Any

import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.deadline import ATTEMPT, CLOSE
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
    flipped,
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
    data_pending,
    data_seen,
    full,
)
from redshank.flows.table import Record

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TOO_LARGE_JUMP = 1 << 20
"""A SYN or RST further than this from the last number is not believed."""


@kernel
def delta(a: int, b: int) -> int:
    """Return a - b in the 32-bit sequence space, -2**31 to 2**31 - 1."""
    distance = (a - b) & 0xFFFFFFFF
    return distance - (1 << 32) if distance >= 1 << 31 else distance


@kernel
def _relative(end: Record, number: int, last: int, wraps: int) -> tuple[int, bool]:
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
def _set_state(row: Record, end: Record, peer: Record, state: int) -> None:
    if state != end.state:
        if state > SYN_ACK_SENT and end.state <= SYN_ACK_SENT and peer.state <= SYN_ACK_SENT:
            row.established = 1
        end.previous_state = end.state
        end.state = state


@kernel
def _begin(end: Record, flags: int, seq: int, past: int) -> None:
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
def _write_history(row: Record, end: Record, side: int, flags: int, relative: int, length: int) -> None:
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
def _update_last(row: Record, end: Record, side: int, past: int, flags: int, length: int) -> None:
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
def _acknowledge(end: Record, number: int) -> None:
    ahead = delta(number, end.ack_seq)
    if ahead <= 0 or (number == 0 and ahead > TOO_LARGE_JUMP):
        return
    if number < end.ack_seq:
        end.ack_wraps += 1
    end.ack_seq = number


@kernel
def exchange_roles(rows: npt.NDArray[Any], ends: npt.NDArray[Any], index: int) -> None:
    """Make the originator the responder and write '^'."""
    row = rows[index]
    spare = ends[2 * index : 2 * index + 1].copy()
    ends[2 * index] = ends[2 * index + 1]
    ends[2 * index + 1] = spare[0]
    row.orig_is_a = 1 - row.orig_is_a
    row.orig_mac, row.resp_mac = row.resp_mac, row.orig_mac
    row.first_seen = ((row.first_seen & 1) << 1) | ((row.first_seen >> 1) & 1)
    row.payload_seen = ((row.payload_seen & 1) << 1) | ((row.payload_seen >> 1) & 1)
    row.services[0], row.services[1] = row.services[1], row.services[0]
    row.partial = 0
    flipped(row)


@kernel
def is_new_connection(orig: Record, resp: Record, flags: int, seq: int) -> bool:
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
def _from_inactive(
    rows: npt.NDArray[Any],
    ends: npt.NDArray[Any],
    index: int,
    side: int,
    flags: int,
    seq: int,
    length: int,
    now: int,
    timeouts: npt.NDArray[Any],
) -> tuple[int, bool]:
    """Move an end that had not spoken; return its side afterwards and whether it closes."""
    row = rows[index]
    end, peer = ends[2 * index + side], ends[2 * index + 1 - side]
    close = False
    if flags & SYN:
        if side == 0:
            _set_state(row, end, peer, SYN_ACK_SENT if flags & ACK else SYN_SENT)
            row.attempt_ns = now + timeouts[ATTEMPT]
        elif not flags & ACK and peer.state == SYN_ACK_SENT and seq == end.start_seq:
            # SYN-ACK and SYN came in the wrong order (two capture points): the SYN's sender is the originator.
            exchange_roles(rows, ends, index)
            side = 0
            end, peer = ends[2 * index], ends[2 * index + 1]
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


@kernel
def _advance(row: Record, end: Record, peer: Record, flags: int) -> bool:
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


@kernel
def _close(row: Record, end: Record, peer: Record, timeouts: npt.NDArray[Any]) -> None:
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
        if row.delete_ns == 0:
            row.delete_ns = row.last_ns + timeouts[CLOSE]


@kernel
def _check_eof(row: Record, end: Record, peer: Record, timeouts: npt.NDArray[Any]) -> None:
    if not end.eof and (end.fins > 0 or end.state in (CLOSED, RESET)) and not data_pending(end, peer):
        end.eof = 1
        if row.close_deferred:
            _close(row, end, peer, timeouts)
            row.close_deferred = 0


@kernel
def _starts_with_answer(row: Record, orig: Record, resp: Record) -> bool:
    """Tell whether all that was seen is a SYN-ACK."""
    if orig.state != SYN_ACK_SENT or resp.state != INACTIVE:
        return False
    return bool(row.history_length == 1 and row.history[0] == 72)


@kernel
def _answer_was_first(rows: npt.NDArray[Any], ends: npt.NDArray[Any], index: int) -> None:
    """Make the sender of a lone SYN-ACK the responder, now that an ACK or data followed.

    A scan with SYN-ACKs gets a RST or nothing, so this was an answer whose question we missed.
    """
    row = rows[index]
    row.history_length = 0
    exchange_roles(rows, ends, index)
    add(row, 72, 1)
    _set_state(row, ends[2 * index + 1], ends[2 * index], ESTABLISHED)


@kernel
def segment(
    rows: npt.NDArray[Any],
    ends: npt.NDArray[Any],
    index: int,
    side: int,
    packet: Record,
    now: int,
    timeouts: npt.NDArray[Any],
) -> int:
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
    if goes_on and _starts_with_answer(row, ends[2 * index], ends[2 * index + 1]):
        _answer_was_first(rows, ends, index)
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
        sender, close = _from_inactive(rows, ends, index, side, flags, seq, length, now, timeouts)
        if sender != side:
            end, peer = ends[2 * index + sender], ends[2 * index + 1 - sender]
    else:
        close = _advance(row, end, peer, flags)
    if flags & ACK and acknowledged(row, peer, end, 1 - sender, relative_ack):
        _check_eof(row, peer, end, timeouts)
    row.first_seen |= 1 << sender
    if length > 0 and not flags & RST and not before_start and packet.payload_captured >= length:
        data_seen(end, peer, relative + (1 if flags & SYN else 0), length)
    _check_eof(row, end, peer, timeouts)
    if close:
        _close(row, end, peer, timeouts)
    return sender
