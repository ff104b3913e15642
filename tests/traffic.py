"""Random traffic for the meter: short acts of a few talkers, played into PACKET records.

In: a list of acts (who, what, how much, how long after). Out: PACKET records, some of a sane conversation, many not:
the talkers keep their sequence numbers, but lose, repeat, reorder and jump, send SYN, FIN and RST when they please, and
let any time pass. Lists of small tuples shrink well: a failing test shows few acts.
"""

import random
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from redshank.capture.packet import PACKET

START_NS = 1_700_000_000_000_000_000
MS = 10**6
BACK_NS = 59_000 * MS
STEPS_NS = (0, 1, 1_000, MS, MS, 40 * MS, 999 * MS, 1_000 * MS, 1_001 * MS, 3_000 * MS, 5_000 * MS, 5_100 * MS,
            6_100 * MS, 9_900 * MS, 10_000 * MS, 11_000 * MS, 61_000 * MS, 301_000 * MS, 4_000_000 * MS,
            -1, -500 * MS, -59_000 * MS, -61_000 * MS, -10**15, 3 * 10**16)  # fmt: skip
LENGTHS = (0, 1, 1, 10, 100, 1460, 1460, 9_000, 20_000, 65_000)
STARTS = (0, 1, 1_000, 2**31 - 700, 2**32 - 2, 2**32 - 1, 2**32 - 1_000)
F, S, R, P, A = 1, 2, 4, 8, 16
DATA = np.tile(np.arange(256, dtype=np.uint8), 300)
"""What payloads point into: the byte with sequence number n is n modulo 256, whoever sends it."""

TALKERS: tuple[tuple[int, int, int, int, int, int], ...] = (
    # version, proto, first's address and port, second's address and port
    (4, 6, 1, 40000, 2, 80),
    (4, 6, 1, 40000, 2, 80),
    (4, 6, 3, 40001, 2, 443),
    (6, 6, 1, 443, 2, 80),
    (4, 6, 5, 7, 5, 7),
    (4, 17, 1, 40000, 2, 53),
    (4, 17, 1, 5353, 9, 5353),
    (4, 17, 1, 40000, 2, 9999),
    (6, 17, 7, 123, 8, 50000),
    (4, 17, 1, 68, 2**32 - 1, 67),
    (4, 1, 1, 8, 2, 0),
    (6, 58, 1, 135, 2, 0),
    (4, 1, 2, 3, 1, 1),
    (4, 132, 1, 0, 2, 0),
)
GRE, VXLAN, GENEVE, IPIP = range(4)
PATHS = ((), (GRE,), (VXLAN,), (GRE, VXLAN), (GENEVE, IPIP), (VXLAN, GENEVE, GRE), (IPIP, IPIP))
"""What the talkers in TUNNELED come through: the outermost first."""
TUNNELED = frozenset({3, 7, 10})
TCP_ACTS = ("syn", "syn+data", "answer", "ack", "data", "data", "lost", "again", "ahead", "fin", "fin+data", "rst",
            "rst+ack", "window", "flags", "jump", "ack ahead", "ack zero", "cut", "bad", "keep alive", "ack behind",
            "handshake", "bye", "answer first", "half open", "holes")  # fmt: skip
ACTS = len(TCP_ACTS)
Act = tuple[int, int, int, int, int]
"""Talkers, who of the two, what, how much, how long after: indices, taken modulo what there is."""

act = st.tuples(
    st.integers(0, len(TALKERS) - 1),
    st.integers(0, 1),
    st.integers(0, ACTS - 1),
    st.integers(0, len(LENGTHS) - 1),
    st.integers(0, len(STEPS_NS) - 1),
)
acts = st.lists(act, min_size=1, max_size=40)


def random_acts(seed: int, most: int = 60) -> list[Act]:
    """Draw acts without hypothesis, for a campaign; a few talkers per draw, most of the time little time passes."""
    draw = random.Random(seed)
    talkers = [draw.randrange(len(TALKERS)) for _ in range(draw.randint(1, 3))]
    calm = draw.random()

    def step() -> int:
        return draw.randint(0, 5) if draw.random() < calm else draw.randrange(len(STEPS_NS))

    return [
        (draw.choice(talkers), draw.randint(0, 1), draw.randrange(ACTS), draw.randrange(len(LENGTHS)), step())
        for _ in range(draw.randint(1, most))
    ]


class Stage:
    """Plays acts; `packets` holds the records so far."""

    def __init__(self, start: int = 0, *, wild: bool = False) -> None:
        self.wild = wild  # whether time may go back for longer than disorder takes
        self.latest = 0
        self.packets: list[dict[str, int]] = []
        self.now = START_NS
        self.sent: dict[tuple[int, int], int] = {}  # by talkers and side: next sequence number
        self.start = start
        self.path: tuple[int, ...] = ()

    def play(self, done: list[Act]) -> npt.NDArray[Any]:
        for who, side, what, length, step in done:
            self.now = min(max(self.now + STEPS_NS[step % len(STEPS_NS)], -5), 2**62 + 5)
            if not self.wild:
                self.now = max(self.now, self.latest - BACK_NS)
            self.latest = max(self.latest, self.now)
            talkers = who % len(TALKERS)
            size = LENGTHS[length % len(LENGTHS)]
            self.path = PATHS[(what + length) % len(PATHS)] if talkers in TUNNELED else ()
            if TALKERS[talkers][1] == 6:
                self.tcp(talkers, side, TCP_ACTS[what % ACTS], size, what + length)
            else:
                self.other(talkers, side, what % ACTS, size)
        records = np.zeros(len(self.packets), PACKET)
        for record, values in zip(records, self.packets, strict=True):
            for name, value in values.items():
                record[name] = value
        return records

    def put(self, talkers: int, side: int, length: int, header: int, **values: int) -> None:
        version, proto, *ends = TALKERS[talkers]
        source, target = (ends[:2], ends[2:]) if side == 0 else (ends[2:], ends[:2])
        if proto in {1, 58}:  # type and code
            kind = ends[1] if side == 0 else {8: 0, 135: 136}.get(ends[1], ends[1])
            source, target = [source[0], kind], [target[0], 0 if kind != 3 else ends[3]]
        for depth, tunnel in enumerate(self.path):
            self.carry(depth, tunnel, side)
        self.packets.append(
            {
                "ts_ns": self.now,
                "version": version,
                "proto": proto,
                "src_hi": 0 if version == 4 else 0xFD << 56,
                "dst_hi": 0 if version == 4 else 0xFD << 56,
                "src_lo": source[0],
                "dst_lo": target[0],
                "src_port": source[1],
                "dst_port": target[1],
                "src_mac": 0x020000000000 + source[0],
                "dst_mac": 0x020000000000 + target[0],
                "vlan": -1 if talkers % 3 else talkers,
                "depth": len(self.path),
                "window": 1000,
                "payload_length": length,
                "payload_captured": length,
                "ip_length": header + length,
                "payload_offset": (values.get("seq", 0) + (values.get("tcp_flags", 0) & S > 0)) % 256,
                **values,
            }
        )

    def carry(self, depth: int, tunnel: int, side: int) -> None:
        """Put the packet that carries the next."""
        over_udp = tunnel in {VXLAN, GENEVE}
        ends = (20 + depth, 30)[:: 1 - 2 * side]
        values = {
            "ts_ns": self.now,
            "version": 4,
            "proto": 17 if over_udp else 47 if tunnel == GRE else 4,
            "src_lo": ends[0],
            "dst_lo": ends[1],
            "src_port": 50000 + depth if over_udp else 0,
            "dst_port": {VXLAN: 4789, GENEVE: 6081}.get(tunnel, 0),
            "vlan": -1,
            "payload_length": 60,
            "payload_captured": 60,
            "ip_length": 88,
            "depth": depth,
            "carrier": 2 if over_udp else 1,
        }
        self.packets.append(values)

    def other(self, talkers: int, side: int, what: int, length: int) -> None:
        odd = {"bad_checksum": 1} if what == 19 else {"payload_captured": 0} if what == 18 else {}
        self.put(talkers, side, length, 28, **odd)

    def tcp(self, talkers: int, side: int, what: str, length: int, spice: int) -> None:
        first = STARTS[(self.start + talkers + 3 * side) % len(STARTS)]
        seq, ack = self.sent.get((talkers, side), first), self.sent.get((talkers, 1 - side), 0)

        def send(flags: int, seq: int, ack: int, length: int = 0, **odd: int) -> None:
            self.put(
                talkers, side, length, 40, tcp_flags=flags, seq=seq % 2**32, ack=ack % 2**32 if flags & A else 0, **odd
            )

        match what:
            case "handshake" | "bye" | "answer first" | "half open":
                seq = self.several(talkers, side, what, length, first)
            case "holes":
                for number in range(1, 10):
                    send(A, seq + 20 * number, ack, 10)
            case "syn" | "syn+data" | "answer":
                if spice % 3:
                    seq = first
                data = length if what == "syn+data" else 0
                send(S | A if what == "answer" else S, seq, ack, data)
                seq += 1 + data
            case "ack":
                send(A, seq, ack)
            case "data":
                send(A | P, seq, ack, length)
                seq += length
            case "lost":
                seq += length
            case "again":
                send(A, seq - length, ack, length)
            case "ahead":
                send(A, seq + 2 * length + spice, ack, length)
            case "fin" | "fin+data":
                data = length if what == "fin+data" else 0
                send(F | A, seq, ack, data)
                seq += 1 + data
            case "rst":
                send(R, seq, 0, length if spice % 5 == 0 else 0)
            case "rst+ack":
                send(R | A, seq, ack)
            case "window":
                send(A, seq, ack, length if spice % 2 else 0, window=0)
            case "flags":
                send(spice * 37 % 256, seq, ack, length)
            case "jump":
                seq += (1 << 20 | 5, 1 << 31, (1 << 31) - 1, 3 << 30)[spice % 4]
                send(A | P, seq, ack, length)
            case "ack ahead":
                send(A, seq, ack + length)
            case "ack behind":
                send(A, seq, ack - length)
            case "ack zero":
                send(A, seq, 0)
            case "cut":
                send(A, seq, ack, length, payload_captured=length // 2)
                seq += length
            case "bad":
                send(A, seq, ack, length, bad_checksum=1)
            case "keep alive":
                send(A, seq - 1, ack, 1)
        self.sent[talkers, side] = seq % 2**32

    def several(self, talkers: int, side: int, what: str, length: int, first: int) -> int:
        """Play packets of both sides; return the next sequence number of `side`."""
        seq = self.sent.get((talkers, side), first)

        def send(flags: int, seq: int, ack: int = 0) -> None:
            self.put(talkers, side, 0, 40, tcp_flags=flags, seq=seq % 2**32, ack=ack % 2**32)

        def other_does(act: str, told: int) -> int:
            self.sent[talkers, side] = told % 2**32
            self.tcp(talkers, 1 - side, act, 0, 0)
            return self.sent[talkers, 1 - side]

        match what:
            case "handshake":
                send(S, seq)
                send(A, seq + 1, other_does("answer", seq + 1))
            case "bye":
                send(F | A, seq, self.sent.get((talkers, 1 - side), 0))
                send(A, seq + 1, other_does("fin", seq + 1))
            case "answer first":
                other_does("answer", first + 1)
                send(S, first)
                seq = first
            case "half open":
                send(S, first)
                other_does("ack", first + 1 + length)
                send(R, first + 1)
                seq = first
        return seq + 1
