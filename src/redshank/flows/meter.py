"""The meter: packets -> flows, in one compiled loop over memory that never grows.

In: PACKET records in the order of capture, and the data they point into. Out: rows of flows, each with the first bytes
of both directions, so that services can be recognized.

A row is final or interim. A flow's final row goes out when its deadline passes in packet time (what moves the deadline:
Zeek's timeouts below), when its tuple begins anew, when the full table needs its place, or at the end of the input.
An interim row of a flow that goes on goes out

- with the packet that makes it `interim_packets` (N) packets of both sides, after that packet;
- at the age of `interim_s` (T) since its first packet, if a packet came since its last interim row. It holds what the
  flow was when the clock reached that time: packets that came before;
- then again with the packet that doubles the packets of the last interim row (N at least), and at the time that doubles
  the age which the flow had then (T at least), but at latest 300 s after it. A time at which no packet came since the
  last row passes without one, and the next follows from it in the same way.

No interim row goes out by age if the flow's deadline, as it is then, is not more than T / 2 later: its final row tells
the same soon. That time passes without a row. None goes out of a flow that gets its final row for another reason first.

The clock is the time of the latest packet. Packet time may step: a step forward ends what it ends; backward by more
than TOLERANCE_NS the clock follows, by less it stays. What is due by the clock comes before the packet that set it.
Rows are a function of the packets alone: not of how they are cut into blocks, of the hash key, nor of when anybody
looks (but for which flows a full table gives up, and which first bytes a full ring loses, on a wire that is watched).
Source: Zeek's manual, the tcp_*, udp_* and icmp_* timeouts of init-bare.zeek.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.errors import ConfigError
from redshank.flows.metering.deadline import LIMITS
from redshank.flows.metering.intake import ANOMALIES, DEPTHS, feed, finish, remember, watch
from redshank.flows.metering.lookup import KEYS
from redshank.flows.metering.table import DATA_BYTES, KEY, Table

__all__ = ["ANOMALIES", "ROWS", "Ended", "Meter", "MeterSettings"]

ROWS = 4096
"""Rows handed out at a time."""
HOLD_NS = 5_000_000_000
"""Rows are handed out at least this often: a batch of a few costs as much as one of thousands."""

_SECONDS = ("tcp_idle_s", "udp_idle_s", "icmp_idle_s", "tcp_attempt_s", "tcp_close_s", "tcp_linger_s", "dns_idle_s")
_MAX_INTERIM = 1_000_000
_PAYLOAD_EVICTED = ANOMALIES.index("payload_evicted")


@dataclass(frozen=True)
class MeterSettings:
    """How to meter; the timeouts are Zeek's.

    Args:
        capacity: Flows in the table, 16 to 16,777,216; each takes 0.5 to 1 kB once used.
        seed: Of the keyed hash; None draws one. Results do not depend on it.
        tcp_idle_s, udp_idle_s, icmp_idle_s: A flow without packets for this long ended; udp's holds for all protocols
            but TCP and ICMP, and for TCP in its handshake.
        tcp_attempt_s: A SYN that nobody answered for this long is a flow of its own.
        tcp_close_s: A TCP flow ends this long after both sides closed.
        tcp_linger_s: A TCP flow that one side reset or half closed ends after this long without packets.
        dns_idle_s: The same for a flow to a UDP port of DNS.
        interim_packets: Packets of both sides with which the first interim row goes out, 0 to 1,000,000; 0: never.
        interim_s: Age with which it goes out, 0 or 0.001 to 86,400; 0: never.
        payload_mib: Memory for the first bytes of all flows, 1 to 4,096.
        checksums: Verify checksums: a TCP or UDP packet that fails only leaves letter c in the history, an ICMP packet
            nothing. Off, because sending hosts' captures hold packets whose card fills the checksum in later.

    Raises:
        ConfigError: If a value is outside its range; all are named.

    Example:
        >>> MeterSettings(capacity=4096).tcp_idle_s
        300.0
    """

    capacity: int = 131_072
    seed: int | None = None
    tcp_idle_s: float = 300.0
    udp_idle_s: float = 60.0
    icmp_idle_s: float = 60.0
    tcp_attempt_s: float = 5.0
    tcp_close_s: float = 5.0
    tcp_linger_s: float = 6.0
    dns_idle_s: float = 10.0
    interim_packets: int = 32
    interim_s: float = 10.0
    payload_mib: int = 32
    checksums: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        problems = []
        if not 16 <= self.capacity <= 1 << 24:
            problems.append(f"meter.capacity: {self.capacity} is not 16 to 16777216 flows")
        for name, value in zip(_SECONDS, self._seconds(), strict=True):
            if not 0.001 <= value <= 86_400:
                problems.append(f"meter.{name}: {value} is not 0.001 to 86400 seconds")
        if not 0 <= self.interim_packets <= _MAX_INTERIM:
            problems.append(f"meter.interim_packets: {self.interim_packets} is not 0 (never) to {_MAX_INTERIM} packets")
        if not (self.interim_s == 0 or 0.001 <= self.interim_s <= 86_400):
            problems.append(f"meter.interim_s: {self.interim_s} is not 0 (never) or 0.001 to 86400 seconds")
        if not 1 <= self.payload_mib <= 4_096:
            problems.append(f"meter.payload_mib: {self.payload_mib} is not 1 to 4096 MiB")
        if problems:
            raise ConfigError(problems)

    def limits(self) -> npt.NDArray[Any]:
        """Return one LIMITS record, as the kernels take it."""
        times = [round(value * 1e9) for value in (*self._seconds(), self.interim_s)]
        return np.array([(*times, self.interim_packets, int(self.checksums))], LIMITS)

    def _seconds(self) -> tuple[float, ...]:
        return tuple(getattr(self, name) for name in _SECONDS)


@dataclass(frozen=True)
class Ended:
    """Rows that went out, in the order in which they did; overwritten by the next packets.

    Args:
        rows: ROW records; `reason` is an index into emit.REASONS, and says whether a row is interim.
        more: MORE records, set where ROW.more is not 0, as far as the row's packets and pauses go.
        ends: END records, two for each: originator, responder.
        parents: Names of tunnels, set for as many as ROW.parents says.
        streams: STREAM records: where the first bytes of both directions lie.
        data: What they point into.

    Shape:
        rows, more, streams: [n]; ends: [2 n]; parents: [n, 4]; data: [b] uint8.
    """

    rows: npt.NDArray[Any]
    more: npt.NDArray[Any]
    ends: npt.NDArray[Any]
    parents: npt.NDArray[np.uint64]
    streams: npt.NDArray[Any]
    data: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


class Meter:
    """Meters one stream of packets.

    Args:
        settings: How.

    Example:
        >>> from redshank.capture.packet import PACKET
        >>> packets = np.zeros(2, PACKET)
        >>> packets["version"], packets["proto"], packets["ts_ns"] = 4, 17, [10**9, 2 * 10**9]
        >>> packets["src_lo"], packets["dst_lo"], packets["src_port"], packets["dst_port"] = [1, 2], [2, 1], 5, 5
        >>> meter = Meter(MeterSettings(capacity=16))
        >>> list(meter.feed(packets, np.zeros(0, np.uint8))), meter.take(), meter.flows
        ([], None, 1)
        >>> [int(n) for ended in meter.finish() for n in ended.ends["packets"]]
        [1, 1]
    """

    def __init__(self, settings: MeterSettings = MeterSettings()) -> None:
        self.table = Table(settings.capacity, settings.seed, settings.payload_mib << 20, ROWS)
        self._counts = np.zeros(len(ANOMALIES), np.int64)
        self._limits = settings.limits()[0]
        self._memory = self.table.memory
        self._keys = np.zeros(KEYS, KEY)
        self._carriers = np.zeros((DEPTHS, 2), np.uint64)
        self._taken_ns = 0

    @property
    def flows(self) -> int:
        """Flows in the table now."""
        return int(self._memory["live"])

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How often each of ANOMALIES was seen, by index."""
        self._counts[_PAYLOAD_EVICTED] = self._memory["lost"]
        return self._counts

    def feed(self, packets: npt.NDArray[Any], data: npt.NDArray[np.uint8]) -> Iterator[Ended]:
        """Take packets; give rows wherever there is no room for more of them. `take` gives the others.

        Nothing happens unless it is iterated over.

        Args:
            packets: PACKET records; what a tunnel carries comes in the same call as the tunnel's packet.
            data: What their payload offsets point into; it is not needed afterwards.
        """
        at = 0
        while at < len(packets):
            at = feed(
                packets,
                data,
                at,
                self._memory,
                self._limits,
                self._counts,
                self._keys,
                self._carriers,
            )
            if at < len(packets):
                yield self._ended()

    def advance(self, clock_ns: int) -> Iterator[Ended]:
        """Settle what is due by `clock_ns`, on a wire on which nothing may come for long; give rows as `feed` does.

        Args:
            clock_ns: Until then the wire was watched: no earlier packet will come.
        """
        if self._memory["packets"]:
            while not watch(self._memory, clock_ns, self._limits):
                yield self._ended()

    def take(self, *, force: bool = False) -> Ended | None:
        """Give the rows that went out, if they are many, or if the last were given HOLD_NS ago in packet time.

        Args:
            force: Give them however few they are.
        """
        memory = self._memory
        count = int(memory["out"])
        enough = count >= 3 * ROWS // 4 or memory["out_bytes"] >= DATA_BYTES // 2
        if not count or not (force or enough or memory["clock"] - self._taken_ns > HOLD_NS):
            return None
        return self._ended()

    def finish(self) -> Iterator[Ended]:
        """End every flow that is left, in the order of their first packets; give all rows."""
        rows = self.table.rows[: int(self._memory["started_row"])]
        live = np.flatnonzero(rows["live"])
        live = live[np.argsort(rows["serial"][live])]
        at = 0
        while at < len(live):
            at = finish(live, at, self._memory, self._limits)
            if at < len(live):
                yield self._ended()
        if self._memory["out"]:
            yield self._ended()

    def remember(self, ended: Ended) -> None:
        """Keep the services of interim rows for the flows that go on, and for later rows of the same flow in `ended`.

        Args:
            ended: What was given last, with `services` set in its rows.
        """
        if remember(self.table.rows, ended.rows):
            rows = ended.rows
            known: dict[int, int] = {}
            for k in np.flatnonzero(np.isin(rows["serial"], rows["serial"][rows["services"] != 0])).tolist():
                serial = int(rows["serial"][k])
                known[serial] = known.get(serial, 0) | int(rows["services"][k])
                rows["services"][k] = known[serial]

    def _ended(self) -> Ended:
        memory, table = self._memory, self.table
        count = int(memory["out"])
        memory["out"] = memory["out_bytes"] = 0
        self._taken_ns = int(memory["clock"])
        return Ended(
            table.out_rows[:count],
            table.out_more[:count],
            table.out_ends[: 2 * count],
            table.out_parents.reshape(-1, 4)[:count],
            table.out_streams[:count],
            table.out_data,
        )
