"""A meter in plain Python, slow and written to be read: what the compiled one is held against on random traffic.

In: PACKET records as Python objects. Out: FLOW rows as dictionaries, with all that the meter itself knows. No numpy,
no numba, no wheel, no table: flows are objects in a dictionary, and every packet looks at all of them. TCP is
reference_tcp.
Shared with the meter are only constants that are data: its timeouts, the ports of likely servers, widths of time steps.
Not here: a full table (nothing is evicted), Community IDs, texts of services.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import pairwise
from math import inf, sqrt
from typing import Any, NamedTuple

from redshank.flows.meter import MeterSettings
from redshank.flows.metering.orient import TCP_SERVERS, UDP_SERVERS
from reference_tcp import CLOSED, ESTABLISHED, INACTIVE, PARTIAL, RESET, SYN_ACK_SENT, SYN_SENT, Segment, Tcp

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmp"}
BURSTS = ("burst_count", "burst_max_pkts", "burst_max_bytes", "burst_mean_s", "idle_mean_s", "idle_max_s")
FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")
ICMP_ANSWERS = {
    1: {8: 0, 13: 14, 15: 16, 10: 9, 17: 18},
    58: {128: 129, 133: 134, 135: 136, 130: 131, 139: 140, 144: 145},
}
SERVERS = {TCP: frozenset(TCP_SERVERS), UDP: frozenset(UDP_SERVERS)}
DNS_PORTS = frozenset({53, 137, 5353, 5355})
TOLERANCE_NS = 60 * 10**9
LAST_NS = 1 << 62
PAUSE_NS = 10**9
SEQUENCE = 16
OFTEN_NS = 300 * 10**9
"""A flow to which packets come is told at least this often."""
PARENTS = 2
SECOND = 10**9
CARRIES = 1
DATAGRAM = 2048


class Packet(NamedTuple):
    """A PACKET record, in the order of its fields."""

    ts_ns: int
    src_hi: int
    src_lo: int
    dst_hi: int
    dst_lo: int
    src_port: int
    dst_port: int
    version: int
    proto: int
    tcp_flags: int
    bad_checksum: int
    seq: int
    ack: int
    payload_length: int
    ip_length: int
    src_mac: int
    dst_mac: int
    payload_offset: int
    payload_captured: int
    window: int
    vlan: int
    depth: int
    carrier: int


@dataclass
class Direction:
    """What one side sent."""

    times: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=lambda: [0] * 8)
    payload: int | None = None
    datagram: int = 0  # bytes captured of the first that has any

    def columns(self, side: str, *, tcp: bool) -> dict[str, Any]:
        gaps = [max(b - a, 0) for a, b in pairwise(self.times)]
        row: dict[str, Any] = {f"{side}_pkts": len(self.sizes), f"{side}_ip_bytes": sum(self.sizes)}
        row |= {f"{side}_size_{name}_bytes": value for name, value in statistics(self.sizes).items()}
        row |= {f"{side}_gap_{name}_s": scaled(value) for name, value in statistics(gaps).items()}
        return row | {f"{side}_{flag}_count": self.flags[k] if tcp else None for k, flag in enumerate(FLAGS)}


def scaled(value: float | None) -> float | None:
    return None if value is None else value / SECOND


def statistics(values: list[int]) -> dict[str, float | None]:
    if not values:
        return dict.fromkeys(("min", "mean", "max", "std"))
    mean = sum(values) / len(values)
    spread = sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    return {"min": min(values), "mean": mean, "max": max(values), "std": spread}


@dataclass
class Flow:
    """One flow while it lives."""

    number: int
    packet: Packet  # its first
    orig: tuple[int, ...]  # address and port
    resp: tuple[int, ...]
    first_ns: int
    tcp: Tcp  # its history and last time serve other protocols too
    sides: list[Direction] = field(default_factory=lambda: [Direction(), Direction()])
    packets: list[tuple[int, bool, int]] = field(default_factory=list)  # time, from who is originator now, length
    parents: list[Any] = field(default_factory=list)
    exchanged: bool = False
    deadline_ns: int = 0
    said: int = 0  # packets that the last interim row told
    due_packets: float = inf  # with how many packets the next goes out
    due_ns: float = inf  # and when

    @property
    def proto(self) -> int:
        return self.packet.proto

    def exchange(self) -> None:
        """Make the originator the responder."""
        self.orig, self.resp = self.resp, self.orig
        self.sides.reverse()
        self.packets = [(now, not from_orig, size) for now, from_orig, size in self.packets]
        self.exchanged = not self.exchanged

    def row(self, part: str, reason: str) -> dict[str, Any]:
        """Return the flow as a FLOW row; `uid` is its number."""
        tcp = self.proto == TCP
        lasts = self.tcp.last_ns - self.first_ns
        sizes = [
            self.tcp.sent(end) if tcp else side.payload or 0
            for end, side in zip(self.tcp.ends, self.sides, strict=True)
        ]
        macs = [self.packet.src_mac, self.packet.dst_mac]
        macs = macs[::-1] if self.exchanged else macs
        return {
            "ts": self.first_ns,
            "uid": self.number,
            "src_ip": address(self.packet.version, self.orig),
            "src_port": self.orig[2],
            "dst_ip": address(self.packet.version, self.resp),
            "dst_port": self.resp[2],
            "proto": NAMES.get(self.proto, "unknown_transport"),
            "ip_proto": self.proto,
            "duration": lasts / SECOND if lasts > 0 else None,
            "src_bytes": sizes[0] if lasts > 0 else None,
            "dst_bytes": sizes[1] if lasts > 0 else None,
            "conn_state": self.state(),
            "missed_bytes": self.tcp.missed,
            "history": self.tcp.history or None,
            "src_mac": mac(macs[0]),
            "dst_mac": mac(macs[1]),
            "vlan": None if self.packet.vlan < 0 else self.packet.vlan,
            "part": part,
            "part_reason": reason,
            **self.sides[0].columns("src", tcp=tcp),
            **self.sides[1].columns("dst", tcp=tcp),
            **self.sequence(),
            **self.bursts(),
            "parents": list(self.parents),
            "first_bytes": [self.first_bytes(side) for side in (0, 1)],
        }

    def first_bytes(self, side: int) -> tuple[int, int, bool]:
        """Return sequence number and length of a direction's first bytes, and whether fewer will do."""
        end = self.tcp.ends[side]
        if self.proto == TCP:
            return end.start + 1, end.first_bytes(), end.cut
        return 0, self.sides[side].datagram, False

    def state(self) -> str:
        """Return Zeek's conn_state, by its own order of questions."""
        if self.proto == UDP:
            sent = [side.payload is not None for side in self.sides]
            return ("SF" if sent[1] else "S0") if sent[0] else ("SHR" if sent[1] else "OTH")
        if self.proto != TCP:
            return "OTH"
        orig, resp = (end.state for end in self.tcp.ends)
        orig_silent, resp_silent = orig in {INACTIVE, PARTIAL}, resp in {INACTIVE, PARTIAL}
        if resp == RESET:
            nothing = not any(self.tcp.sent(end) for end in self.tcp.ends)
            if orig in {SYN_SENT, SYN_ACK_SENT} or (orig == RESET and nothing):
                return "REJ"
            return "RSTRH" if orig_silent else "RSTR"
        if orig == RESET:
            if not resp_silent:
                return "RSTO"
            return "RSTOS0" if re.fullmatch(r"\^?S[^HAFGIQ]*R.*", self.tcp.history) else "OTH"
        if orig == resp == CLOSED:
            return "SF"
        if orig == CLOSED:
            return "SH" if resp_silent else "S2"
        if resp == CLOSED:
            return "SHR" if orig_silent else "S3"
        if (orig, resp) == (SYN_SENT, INACTIVE):
            return "S0"
        return "S1" if orig == resp == ESTABLISHED else "OTH"

    def sequence(self) -> dict[str, Any]:
        """Return the first packets."""
        first = self.packets[:SEQUENCE]
        gaps = [max(now - then, 0) / SECOND for (then, *_), (now, *_) in pairwise(first)]
        sizes = [size if from_orig else -size for _, from_orig, size in first]
        return {"first_sizes_bytes": sizes, "first_gaps_s": [0.0, *gaps] if first else []}

    def bursts(self) -> dict[str, Any]:
        """Return the runs of packets without a pause."""
        if not self.packets:
            return dict.fromkeys(BURSTS)
        runs = [[self.packets[0]]]
        pauses = []
        for before, packet in pairwise(self.packets):
            if packet[0] - before[0] >= PAUSE_NS:
                pauses.append(packet[0] - before[0])
                runs.append([])
            runs[-1].append(packet)
        lasting = self.packets[-1][0] - self.first_ns - sum(pauses)
        return {
            "burst_count": len(runs),
            "burst_max_pkts": max(len(run) for run in runs),
            "burst_max_bytes": max(sum(size for *_, size in run) for run in runs),
            "burst_mean_s": max(lasting, 0) / len(runs) / SECOND,
            "idle_mean_s": sum(pauses) / len(pauses) / SECOND if pauses else None,
            "idle_max_s": max(pauses) / SECOND if pauses else None,
        }


def segment(packet: Packet) -> Segment:
    return Segment(
        packet.tcp_flags, packet.seq, packet.ack, packet.window, packet.payload_length, packet.payload_captured
    )


def address(version: int, end: tuple[int, ...]) -> str:
    if version == 4:
        return str(IPv4Address(end[1]))
    return socket.inet_ntop(socket.AF_INET6, (end[0] << 64 | end[1]).to_bytes(16, "big"))


def mac(number: int) -> str | None:
    return ":".join(f"{byte:02x}" for byte in number.to_bytes(6, "big")) if number else None


class ReferenceMeter:
    """Meters packets one by one; `rows` holds what went out so far."""

    def __init__(self, settings: MeterSettings) -> None:
        self.settings = settings
        self.flows: dict[tuple[Any, ...], Flow] = {}
        self.rows: list[dict[str, Any]] = []
        self.clock: int | None = None
        self.number = 0
        self.path: dict[int, Any] = {}  # by depth: what carries a record of the next

    def _ns(self, name: str) -> int:
        return round(float(getattr(self.settings, name)) * SECOND)

    def feed(self, packets: Iterable[Packet]) -> None:
        for packet in packets:
            if packet.version and packet.carrier == CARRIES:
                self.path[packet.depth] = ("tunnel", frozenset([packet[1:3], packet[3:5]]), packet.proto)
            elif packet.version:
                self._take(packet)

    def finish(self) -> list[dict[str, Any]]:
        """End what is left, and return all rows."""
        for key in list(self.flows):
            if not self._settle(key):
                self._end(key, "end_of_input")
        return self.rows

    def _take(self, packet: Packet) -> None:
        now = min(max(packet.ts_ns, 0), LAST_NS)
        if self.clock is None or now >= self.clock or self.clock - now > TOLERANCE_NS:
            self.clock = now
        for key in list(self.flows):
            self._settle(key)
        key, source, target = self._key(packet)
        if key in self.flows and packet.proto == TCP and self.flows[key].tcp.begins_anew(segment(packet)):
            self._end(key, "closed")
        if key not in self.flows:
            self.flows[key] = self._begin(packet, source, target, now)
        flow = self.flows[key]
        self._count(flow, packet, source, now)
        flow.deadline_ns = self._deadline(flow)
        if packet.depth:
            parent = self.path[packet.depth - 1]
            if parent not in flow.parents and len(flow.parents) < PARENTS:
                flow.parents.append(parent)
        if packet.carrier:
            self.path[packet.depth] = ("flow", flow.number)
        if len(flow.packets) >= flow.due_packets:
            self._tell(flow, "packets", now)

    # Who is who

    def _key(self, packet: Packet) -> tuple[tuple[Any, ...], tuple[int, ...], tuple[int, ...]]:
        """Return the key of the flow, the packet's source and its destination."""
        source_port, target_port, one_way = packet.src_port, packet.dst_port, False
        if packet.proto in ICMP_ANSWERS:
            answers = ICMP_ANSWERS[packet.proto]
            both = answers | {answer: question for question, answer in answers.items()}
            one_way = source_port % 256 not in both
            target_port = target_port if one_way else both[source_port % 256]
        elif packet.proto not in SERVERS:
            source_port = target_port = 0
        source = (packet.src_hi, packet.src_lo, source_port)
        target = (packet.dst_hi, packet.dst_lo, target_port)
        ends = (source, target) if one_way else tuple(sorted([source, target]))
        return (packet.version, packet.proto, one_way, *ends), source, target

    def _begin(self, packet: Packet, source: tuple[int, ...], target: tuple[int, ...], now: int) -> Flow:
        self.number += 1
        flow = Flow(self.number, packet, source, target, now, Tcp())
        flow.tcp.last_ns = now
        if self.settings.interim_packets:
            flow.due_packets = self.settings.interim_packets
        if self.settings.interim_s:
            flow.due_ns = now + self._ns("interim_s")
        if self._answers_first(packet):
            flow.exchange()
            flow.tcp.flip()
            flow.tcp.flipped = False
        return flow

    @staticmethod
    def _answers_first(packet: Packet) -> bool:
        """Tell whether the first packet of a flow rather comes from its responder."""
        if packet.version == 4 and packet.dst_lo == 2**32 - 1:
            return False
        servers = SERVERS.get(packet.proto, frozenset())
        source, target = packet.src_port in servers, packet.dst_port in servers
        syn, ack = packet.tcp_flags & 2, packet.tcp_flags & 16
        if packet.proto == UDP:
            return source and not target
        if packet.proto != TCP or (syn and not ack) or not source:
            return False
        return not target or (not syn and packet.src_port < packet.dst_port)

    # One packet

    def _count(self, flow: Flow, packet: Packet, source: tuple[int, ...], now: int) -> None:
        side = 0 if source == flow.orig else 1
        if flow.orig == flow.resp:
            side = int(flow.exchanged)
        if packet.bad_checksum and self.settings.checksums:
            if packet.proto in SERVERS:
                flow.tcp.write_scaled("C", side)
            return
        if packet.proto == TCP:
            side = flow.tcp.take(segment(packet), side, now, self._ns("tcp_attempt_s"), self._ns("tcp_close_s"))
            if flow.tcp.flipped:
                flow.exchange()
                flow.tcp.flipped = False
            for bit in range(8):
                flow.sides[side].flags[bit] += packet.tcp_flags >> bit & 1
        else:
            flow.tcp.last_ns = now
            if packet.proto in NAMES:
                flow.sides[side].payload = (flow.sides[side].payload or 0) + packet.payload_length
            if packet.proto == UDP:
                flow.tcp.write_once("data", "D", side)
                flow.sides[side].datagram = flow.sides[side].datagram or min(packet.payload_captured, DATAGRAM)
        sender = flow.sides[side]
        sender.times.append(now)
        sender.sizes.append(packet.ip_length)
        flow.packets.append((now, side == 0, packet.ip_length))

    # Time

    def _deadline(self, flow: Flow) -> int:
        tcp, (orig, resp) = flow.tcp, flow.tcp.ends
        if flow.proto == UDP and flow.resp[2] in DNS_PORTS:
            return tcp.last_ns + self._ns("dns_idle_s")
        if flow.proto != TCP:
            return tcp.last_ns + self._ns("icmp_idle_s" if flow.proto in ICMP_ANSWERS else "udp_idle_s")
        if tcp.delete_ns is not None:
            return tcp.delete_ns
        due = tcp.last_ns + self._ns("tcp_idle_s" if tcp.long_timeout else "udp_idle_s")
        if tcp.attempt_ns is not None and resp.state == INACTIVE and orig.state in {SYN_SENT, SYN_ACK_SENT}:
            due = min(due, tcp.attempt_ns)
        closed = orig.did_close + resp.did_close
        if closed == 2 or (closed and {orig.state, resp.state} & {RESET, INACTIVE}):
            due = min(due, tcp.last_ns + self._ns("tcp_linger_s"))
        return due

    def _settle(self, key: tuple[Any, ...]) -> bool:
        """Do what is due for a flow by the clock; tell whether it ended."""
        flow = self.flows[key]
        assert self.clock is not None
        while flow.due_ns <= self.clock and flow.due_ns < flow.deadline_ns:
            if len(flow.packets) > flow.said and flow.due_ns + self._ns("interim_s") // 2 < flow.deadline_ns:
                self._tell(flow, "time", int(flow.due_ns))
            else:
                flow.due_ns = self._after(flow, int(flow.due_ns))
        if flow.deadline_ns > self.clock:
            return False
        self._end(key, "idle" if flow.tcp.delete_ns is None else "closed")
        return True

    def _tell(self, flow: Flow, reason: str, moment: int) -> None:
        self.rows.append(flow.row("interim", reason))
        flow.said = len(flow.packets)
        if self.settings.interim_packets:
            flow.due_packets = max(self.settings.interim_packets, 2 * flow.said)
        if self.settings.interim_s:
            flow.due_ns = self._after(flow, moment)

    def _after(self, flow: Flow, moment: int) -> int:
        """Return when the age at `moment` has doubled, but not later than OFTEN_NS after it."""
        age = max(moment - flow.first_ns, 0)
        return min(flow.first_ns + max(self._ns("interim_s"), 2 * age), moment + OFTEN_NS)

    def _end(self, key: tuple[Any, ...], reason: str) -> None:
        self.rows.append(self.flows.pop(key).row("final", reason))
