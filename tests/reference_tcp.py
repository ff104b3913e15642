"""A TCP connection as Zeek reads it, in plain Python and written to be read: the slow half of test_reference.py.

In: segments of one flow, in the order of capture. Out: states of both ends, history, missed bytes. Written from Zeek's
own order of steps (TCPSessionAdapter, TCP_Endpoint, TCP_Reassembler, Reassem), not from the kernels that it is compared
with: data is a list of blocks as they came, numbers are Python integers, states are words.
Ours, not Zeek's: at most BLOCKS stretches above a hole are remembered, history stops at HISTORY letters, and the places
of the last SYN, FIN and RST are known modulo 2**32.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

BLOCKS = 6
FIRST_BYTES = 4096
HISTORY = 48
INACTIVE, SYN_SENT, SYN_ACK_SENT = "inactive", "syn sent", "syn-ack sent"
PARTIAL, ESTABLISHED, CLOSED, RESET = "partial", "established", "closed", "reset"
HANDSHAKE = (INACTIVE, SYN_SENT, SYN_ACK_SENT)
FAR = 1 << 20
UNACKNOWLEDGED = 16_384
BUFFERED = 10 * 1024 * 1024


class Segment(NamedTuple):
    """What TCP needs to know of a packet."""

    flags: int
    seq: int
    ack: int
    window: int
    length: int
    captured: int

    def has(self, letters: str) -> bool:
        return any(self.flags & 1 << "FSRPAUEC".index(letter) for letter in letters)


def distance(a: int, b: int) -> int:
    """Return a - b in 32-bit sequence space, the short way round."""
    return (a - b + 2**31) % 2**32 - 2**31


@dataclass
class End:
    """One end of a connection: what it sent, and what the peer acknowledged of it."""

    state: str = INACTIVE
    previous: str = INACTIVE
    start: int = 0
    last: int = 0
    last_wraps: int = 0
    acked: int = 0
    acked_wraps: int = 0
    did_close: bool = False
    ended: bool = False  # all its data was seen, after FIN or RST
    fins: int = 0
    fin_at: int = 0
    counts: dict[str, int] = field(default_factory=dict)  # of the letters that are scaled
    last_of: dict[str, int] = field(default_factory=lambda: {"S": 0, "F": 0, "R": 0})
    blocks: list[tuple[int, int]] = field(default_factory=list)  # seen, not acknowledged; ascending, disjoint
    reassembled: int = 1  # relative: all before was seen, or given up
    trimmed: int = 1  # relative: all before was acknowledged
    forgot_to: int = 0  # end of data seen that BLOCKS did not let us remember
    skips: bool = False  # too much came without an acknowledgement: no more gaps are looked for
    kept: list[tuple[int, int]] = field(default_factory=list)  # bytes of the payload captured, the first is 0
    cut: bool = False  # the snap length took some

    def last_64(self) -> int:
        return self.last_wraps * 2**32 + self.last

    def acked_64(self) -> int:
        return self.acked_wraps * 2**32 + self.acked

    def number_from(self, start: int, last: int) -> None:
        self.start, self.acked, self.last = start, start, last

    def relative(self, number: int, last: int, wraps: int) -> tuple[int, bool]:
        """Return `number` counted from `start`, and whether it lies before it."""
        ahead = distance(number, last)
        if ahead < 0 and wraps > 0 and number > last:
            wraps -= 1
        elif ahead > 0 and number < last:
            wraps += 1
        if wraps == 0:
            ahead = distance(number, self.start)
            return ahead, ahead < 0
        return wraps * 2**32 + number - self.start, False

    def nothing_acked(self) -> bool:
        return self.acked_64() in {self.start, self.start + 1}

    def set_acked(self, number: int) -> None:
        ahead = distance(number, self.acked)
        if ahead > 0 and not (number == 0 and ahead > FAR):
            self.acked_wraps += number < self.acked
            self.acked = number

    def set_last(self, number: int) -> None:
        self.last_wraps += number < self.last
        self.last = number

    def first_bytes(self) -> int:
        """Return how many bytes were captured from the first on without a hole."""
        reach = 0
        for start, stop in sorted(self.kept):
            if start <= reach:
                reach = max(reach, stop)
        return min(reach, FIRST_BYTES)

    def unacked_end(self) -> int:
        """Return the end of what was seen and is not acknowledged; `trimmed` if there is none."""
        return max([self.trimmed, self.forgot_to, *(stop for _, stop in self.blocks)])


class Tcp:
    """Both ends of a connection; `ends[0]` is the originator."""

    def __init__(self) -> None:
        self.ends = [End(), End()]
        self.history = ""
        self.once: set[tuple[str, int]] = set()
        self.is_partial = False
        self.spoke = [False, False]
        self.missed = 0
        self.long_timeout = False
        self.close_deferred = False
        self.attempt_ns: int | None = None
        self.delete_ns: int | None = None
        self.last_ns = 0
        self.flipped = False  # since the last look

    # History

    def write(self, letter: str, side: int) -> None:
        if len(self.history) < HISTORY:
            self.history += letter.lower() if side else letter

    def write_once(self, what: str, letter: str, side: int) -> bool:
        """Write a letter the first time; tell whether it was not."""
        if (what, side) in self.once:
            return True
        self.once.add((what, side))
        self.write(letter, side)
        return False

    def write_scaled(self, letter: str, side: int) -> None:
        end = self.ends[side]
        end.counts[letter] = end.counts.get(letter, 0) + 1
        if str(end.counts[letter]).rstrip("0") == "1":
            self.write(letter, side)

    def flip(self) -> None:
        self.ends.reverse()
        self.spoke.reverse()
        self.once = {(what, 1 - side) for what, side in self.once}
        self.is_partial = False
        self.flipped = not self.flipped
        if len(self.history) < HISTORY:
            self.history += "^"

    # States

    def enter(self, end: End, state: str) -> None:
        if state == end.state:
            return
        if state not in HANDSHAKE and end.state in HANDSHAKE and self.peer(end).state in HANDSHAKE:
            self.long_timeout = True
        end.previous, end.state = end.state, state

    def peer(self, end: End) -> End:
        return self.ends[1] if end is self.ends[0] else self.ends[0]

    def side(self, end: End) -> int:
        return 0 if end is self.ends[0] else 1

    def sent(self, end: End) -> int:
        """Return the payload bytes of an end."""
        half_open = end.previous == SYN_SENT and end.state == RESET and self.peer(end).state == INACTIVE
        if half_open and not end.nothing_acked():
            return 0
        size = max(end.last_64(), end.acked_64()) - end.start
        size -= size > 0
        size -= size > 0 and end.fins > 0
        return max(size, 0)

    def begins_anew(self, segment: Segment) -> bool:
        """Tell whether this SYN cannot belong to the connection as it was."""
        orig, resp = self.ends
        if not segment.has("S"):
            return False
        asked = orig
        if segment.has("A"):
            if orig.state != INACTIVE:
                return False
            asked = resp
        if orig.did_close or resp.did_close:
            return True
        if segment.seq == asked.start:
            return False
        swapped = not segment.has("A") and asked.state == SYN_ACK_SENT and resp.state == INACTIVE
        return not (swapped and segment.seq == resp.start)

    # One segment

    def take(self, segment: Segment, side: int, now: int, attempt_ns: int, close_ns: int) -> int:
        """Take a segment; return the side of its sender afterwards."""
        if self._only_answered() and not segment.has("SR") and (segment.length or (segment.flags & 17) == 16):
            self._answer_was_first()
            side = 1 - side
        end, peer = self.ends[side], self.ends[1 - side]
        if not self.spoke[side]:
            if side == 0:
                self.is_partial = not segment.has("S") or segment.has("A")
            elif not self.is_partial:
                self.is_partial = not segment.has("S")
        length = 0 if segment.has("R") else segment.length
        past = (segment.seq + length + segment.has("S") + segment.has("F")) % 2**32
        self._init(end, segment, past)
        relative, before = end.relative(segment.seq, end.last, end.last_wraps)
        self._note(segment, side, relative)
        if segment.window == 0 and not segment.has("R") and peer.state != CLOSED and end.state != RESET:
            self.write_scaled("W", side)
        if not (end.did_close and peer.did_close):
            self.last_ns = now
        if segment.has("F"):
            end.fins += 1
            end.fin_at = relative + length + segment.has("S") + 1
        acked = 0
        if segment.has("A"):
            if peer.state == INACTIVE:
                acked = 1
                before_it = (segment.ack - 1) % 2**32
                peer.number_from(before_it, before_it)
            else:
                acked, underflow = peer.relative(segment.ack, peer.acked, peer.acked_wraps)
                if underflow:
                    acked = 0
                elif not segment.has("R"):
                    peer.set_acked(segment.ack)
        self._advance_last(end, segment, past, side)

        closes = self._change_state(end, peer, segment, now + attempt_ns)
        if segment.has("A"):
            self._acknowledge(peer, acked, close_ns)
        self.spoke[self.side(end)] = True
        if segment.length and not segment.has("R") and not before:
            place = relative + segment.has("S")
            if segment.captured >= segment.length:
                self._data(end, place, segment.length)
            if place >= 1:
                end.kept.append((place - 1, place - 1 + segment.captured))
                end.cut |= segment.captured < segment.length
        self._check_ended(end, close_ns)
        if closes:
            self._close(end, close_ns)
        return self.side(end)

    def _only_answered(self) -> bool:
        return self.ends[0].state == SYN_ACK_SENT and self.ends[1].state == INACTIVE and self.history == "H"

    def _answer_was_first(self) -> None:
        """All that came was a SYN-ACK, and now its answer: the SYN was missed, and its sender is the responder."""
        self.history = ""
        self.flip()
        self.history += "h"
        self.enter(self.ends[1], ESTABLISHED)

    def _init(self, end: End, segment: Segment, past: int) -> None:
        if end.state == INACTIVE:
            if segment.has("S"):
                end.number_from(segment.seq, past)
            else:
                end.number_from((segment.seq - 1) % 2**32, segment.seq)
        elif segment.has("S") and (
            (end.state in {SYN_SENT, SYN_ACK_SENT} and segment.seq != end.start)
            or end.state in {ESTABLISHED, PARTIAL}
            or (end.state == RESET and end.previous == INACTIVE and segment.seq != end.start)
        ):
            if segment.seq != end.start:
                end.kept, end.cut = [], False
            end.number_from(segment.seq, past)

    def _note(self, segment: Segment, side: int, relative: int) -> None:
        """Write the letters of the flags."""
        last = self.ends[side].last_of
        control = "".join(letter for letter in "SFR" if segment.has(letter))
        if len(control) > 1:
            both = segment.has("F") and segment.has("R")
            self.write_once("fin and rst" if both else "mix", "I" if both else "Q", side)
        elif control:
            letter = "H" if control == "S" and segment.has("A") else control
            place = (relative + segment.length * (control == "F")) % 2**32
            if self.write_once(control, letter, side) and place != last[control]:
                self.write(letter, side)
            last[control] = place
        elif segment.length:
            self.write_once("data", "D", side)
        elif segment.has("A"):
            self.write_once("ack", "A", side)

    def _advance_last(self, end: End, segment: Segment, past: int, side: int) -> None:
        ahead = distance(past, end.last)
        if segment.has("SR") and abs(ahead) > FAR:
            return
        if segment.has("F") and end.last == (end.start + 1) % 2**32:
            end.set_last(past)
        elif end.state == RESET:
            return
        elif ahead > 0:
            end.set_last(past)
        elif segment.length > 0:
            self.write_scaled("T", side)

    def _change_state(self, end: End, peer: End, segment: Segment, attempt_ns: int) -> bool:
        """Move `end`; tell whether it closes."""
        match end.state:
            case "inactive":
                return self._first_words(end, peer, segment, attempt_ns)
            case "syn sent" | "syn-ack sent":
                if segment.has("F"):
                    self.enter(end, CLOSED)
                if segment.has("R"):
                    self.enter(end, RESET)
                return segment.has("FR")
            case "established" | "partial":
                if segment.has("S") and not segment.has("A") and end.state == PARTIAL and peer.state == INACTIVE:
                    self.enter(end, SYN_SENT)
                if segment.has("F") and not segment.has("R"):
                    self.enter(end, CLOSED)
                    if peer.state == RESET and peer.previous == CLOSED:
                        self.enter(peer, CLOSED)
                if segment.has("R"):
                    self.enter(end, RESET)
                return segment.has("FR")
            case "closed":
                if segment.has("R") and peer.state != CLOSED:
                    self.enter(end, RESET)
                    return not end.did_close
        return False

    def _first_words(self, end: End, peer: End, segment: Segment, attempt_ns: int) -> bool:
        is_orig = end is self.ends[0]
        if segment.has("S") and is_orig:
            self.enter(end, SYN_ACK_SENT if segment.has("A") else SYN_SENT)
            self.attempt_ns = attempt_ns
        elif segment.has("S"):
            if not segment.has("A") and peer.state == SYN_ACK_SENT and segment.seq == end.start:
                self.flip()
                self.enter(peer, ESTABLISHED)
                self.spoke[0] = True
            if peer.state == SYN_SENT:
                self.enter(peer, ESTABLISHED)
            self.enter(end, ESTABLISHED)
        if segment.has("F"):
            self.enter(end, CLOSED)
        if segment.has("R"):
            self.enter(end, RESET)
        if end.state == INACTIVE:
            if end is self.ends[1] and segment.length == 0 and self.ends[0].state == SYN_SENT:
                pass
            elif segment.has("A") and peer.state == ESTABLISHED:
                self.enter(end, ESTABLISHED)
                self.is_partial = False
                self.spoke[self.side(end)] = True
            else:
                self.enter(end, PARTIAL)
        return segment.has("FR")

    # Data and gaps

    def _gap(self, end: End, length: int) -> None:
        def clean(one: End) -> bool:
            return one.state == ESTABLISHED or (one.state == CLOSED and one.previous == ESTABLISHED)

        if length > 0 and clean(end) and clean(self.peer(end)):
            self.write_scaled("G", self.side(end))
            self.missed += length

    @staticmethod
    def _deliver(end: End) -> None:
        """Go on through all blocks that touch what was reassembled."""
        for start, stop in end.blocks:
            if start <= end.reassembled:
                end.reassembled = max(end.reassembled, stop)

    @staticmethod
    def _above_hole(end: End) -> list[tuple[int, int]]:
        return [block for block in end.blocks if block[0] > end.reassembled]

    def _data(self, end: End, start: int, length: int) -> None:
        stop = start + length
        if end.skips or stop <= end.trimmed:
            return
        start = max(start, end.trimmed)
        touching = [(a, b) for a, b in end.blocks if a <= stop and b >= start]
        if start > end.reassembled and not touching and len(self._above_hole(end)) >= BLOCKS:
            end.forgot_to = max(end.forgot_to, stop)
        else:
            merged = (min(a for a, _ in [*touching, (start, stop)]), max(b for _, b in [*touching, (start, stop)]))
            end.blocks = sorted([block for block in end.blocks if block not in touching] + [merged])
        if start <= end.reassembled:
            self._deliver(end)
            if end.nothing_acked() and self.sent(end) > UNACKNOWLEDGED:
                self._trim(end, end.reassembled)
        high = end.unacked_end()
        buffered = sum(b - a for a, b in end.blocks)
        waits = high > end.trimmed and end.nothing_acked() and high - end.reassembled > UNACKNOWLEDGED
        if waits or buffered > BUFFERED:
            end.blocks, end.forgot_to, end.skips = [], 0, True

    @staticmethod
    def _trim(end: End, number: int) -> None:
        end.trimmed = number
        end.blocks = [(max(start, number), stop) for start, stop in end.blocks if stop > number]

    def _acknowledge(self, end: End, number: int, close_ns: int) -> None:
        if end.fins > 0 and number >= end.fin_at:
            number = end.fin_at - 1
        if number <= end.trimmed:
            return
        if number > end.reassembled and not (number <= 2 and self.is_partial):
            if not end.skips:
                for start, _ in list(end.blocks):
                    if end.reassembled < start < number:
                        self._gap(end, start - end.reassembled)
                        end.reassembled = start
                        self._deliver(end)
                self._gap(end, number - end.reassembled)
            end.reassembled = max(end.reassembled, number)
            self._deliver(end)
        self._trim(end, number)
        self._check_ended(end, close_ns)

    # The end

    def _pending(self, end: End) -> bool:
        """Tell whether data of an end is still awaited."""
        if end.skips:
            return False
        seen, last = end.start + end.reassembled, end.last_64()
        if last < seen:
            return False
        if seen not in {last, last - 1}:
            return True
        peer = self.peer(end)
        return end.state != RESET and peer.unacked_end() > peer.trimmed

    def _check_ended(self, end: End, close_ns: int) -> None:
        if not end.ended and (end.fins > 0 or end.state in {CLOSED, RESET}) and not self._pending(end):
            end.ended = True
            if self.close_deferred:
                self._close(end, close_ns)
                self.close_deferred = False

    def _close(self, end: End, close_ns: int) -> None:
        if self._pending(end):
            self.close_deferred = True
            return
        self.close_deferred = False
        if end.did_close:
            return
        end.did_close = True
        peer = self.peer(end)
        if end.state == RESET or peer.did_close or peer.state == INACTIVE:
            self.attempt_ns = None
            self.delete_ns = self.last_ns + close_ns
