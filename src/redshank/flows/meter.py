"""The meter: packets -> flows, in one compiled loop over memory that never grows.

In: PACKET records in the order of capture. Out: rows of flows that ended, with the reason; and for each direction's
first payload where it lies, so that services can be recognized. A flow ends when its deadline passes in packet time
(what moves the deadline: Zeek's timeouts below), when its tuple begins anew, when the full table needs its place, or at
the end of the input. Nothing depends on how packets are cut into blocks, nor on the hash key.
Packet time may step: a step forward ends what it ends; backward by more than TOLERANCE_NS the clock follows, by less it
stays. Later fragments have no ports: their bytes go to the flow of the latest first fragment between the two addresses,
no packet is counted (Zeek puts fragments together and counts one packet of the full length); without a first fragment
they are counted as an anomaly.
Source: Zeek's manual, the tcp_*, udp_* and icmp_* timeouts of init-bare.zeek.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.errors import ConfigError
from redshank.flows import table
from redshank.flows.deadline import TIMEOUTS
from redshank.flows.intake import ANOMALIES, feed, finish
from redshank.flows.service import PAYLOAD
from redshank.flows.table import CLOCK, LIVE, OUT, PAYLOAD_COUNT

__all__ = ["ANOMALIES", "ROWS", "Meter", "MeterSettings"]

ROWS = 8192
"""Flows handed out at a time."""
PAYLOADS = 8192
HOLD_NS = 5_000_000_000
"""Flows that ended are handed out at least this often: a batch of a few rows costs as much as one of thousands."""


_SECONDS = ("tcp_idle_s", "udp_idle_s", "icmp_idle_s", "tcp_attempt_s", "tcp_close_s", "tcp_linger_s", "dns_idle_s")


@dataclass(frozen=True)
class MeterSettings:
    """How to meter; the defaults are Zeek's.

    Args:
        capacity: Flows in the table, 16 to 16,777,216; each takes 1.2 kB once used.
        seed: Of the keyed hash; None draws one. Results do not depend on it.
        tcp_idle_s, udp_idle_s, icmp_idle_s: A flow without packets for this long ended; udp's holds for all protocols
            but TCP and ICMP, and for TCP in its handshake.
        tcp_attempt_s: A SYN that nobody answered for this long is a flow of its own.
        tcp_close_s: A TCP flow ends this long after both sides closed.
        dns_idle_s: A flow to a UDP port of DNS is looked at every so often, and ends if it had no packet since.
        tcp_linger_s: A TCP flow that one side reset or half closed ends after this long without packets.
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
    checksums: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        problems = []
        if not 16 <= self.capacity <= 1 << 24:
            problems.append(f"meter.capacity: {self.capacity} is not 16 to 16777216 flows")
        for name, value in zip(_SECONDS, self._seconds(), strict=True):
            if not 0.001 <= value <= 86_400:
                problems.append(f"meter.{name}: {value} is not 0.001 to 86400 seconds")
        if problems:
            raise ConfigError(problems)

    def timeouts(self) -> npt.NDArray[Any]:
        """Return one TIMEOUTS record, as the kernels take it."""
        return np.array([(*(round(value * 1e9) for value in self._seconds()), int(self.checksums))], TIMEOUTS)

    def _seconds(self) -> tuple[float, ...]:
        return tuple(getattr(self, name) for name in _SECONDS)


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
        >>> [len(payloads) for payloads in meter.feed(packets)], meter.take(), meter.flows
        ([0], None, 1)
        >>> [int(n) for _, ends in meter.finish() for n in ends["packets"]]
        [1, 1]
    """

    def __init__(self, settings: MeterSettings = MeterSettings()) -> None:
        self.counts = np.zeros(len(ANOMALIES), np.int64)
        self.table = table.make(settings.capacity, settings.seed)
        self._timeouts = settings.timeouts()
        self._rows = np.zeros(ROWS, table.ROW)
        self._ends = np.zeros(2 * ROWS, table.END)
        self._payloads = np.zeros(PAYLOADS, PAYLOAD)
        self._scratch = np.zeros(1, table.ROW)
        self._taken_ns = 0

    @property
    def flows(self) -> int:
        """Flows in the table now."""
        return int(self.table.state[LIVE])

    def feed(self, packets: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """Take packets; stop to give the first payloads among them, and wherever there is no room for more.

        At every stop the payloads must be dealt with, and `take` be called: room is needed.

        Shape:
            packets: [n] PACKET; yields: [m] PAYLOAD, valid until the next.
        """
        at = 0
        while at < len(packets):
            at = feed(
                packets,
                at,
                self.table.rows,
                self.table.ends,
                self.table.slots,
                self.table.buckets,
                self.table.fragments,
                self.table.state,
                self.table.key,
                self._timeouts,
                self.counts,
                self._rows,
                self._ends,
                self._payloads,
                self._scratch,
            )
            count = int(self.table.state[PAYLOAD_COUNT])
            self.table.state[PAYLOAD_COUNT] = 0
            yield self._payloads[:count]

    def waiting(self) -> npt.NDArray[Any]:
        """Return the ROWs of flows that ended and were not taken yet."""
        return self._rows[: int(self.table.state[OUT])]

    def take(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        """Hand out the flows that ended, if there are many, or if one ended more than HOLD_NS ago in packet time.

        Returns:
            ROW records in the order in which the flows ended, and END records, two for each: originator, responder.
            They are overwritten by the next packets.
        """
        count = int(self.table.state[OUT])
        if count < ROWS // 2 and not (count and self.table.state[CLOCK] - self._taken_ns > HOLD_NS):
            return None
        self._taken_ns = int(self.table.state[CLOCK])
        return self._out()

    def finish(self) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """End every flow that is left, in the order of their first packets; hand out all, as `take` does."""
        if self.table.state[OUT]:
            yield self._out()
        live = np.flatnonzero(self.table.rows["live"])
        live = live[np.argsort(self.table.rows["serial"][live])]
        for start in range(0, len(live), ROWS):
            finish(
                live[start : start + ROWS],
                self.table.rows,
                self.table.ends,
                self.table.slots,
                self.table.buckets,
                self.table.state,
                self._timeouts,
                self._rows,
                self._ends,
            )
            yield self._out()

    def _out(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        count = int(self.table.state[OUT])
        self.table.state[OUT] = 0
        return self._rows[:count], self._ends[: 2 * count]
