"""Ground truth: what the lab itself started, one row per flow.

In: each actor says what it starts, with the real local address, and when it ended. Out: labels.csv.gz.
The one idea: a label is a record of intent. It is never guessed from the traffic. The one derived family is mitm: a
benign flow counts as mitm if the lab was spoofing exactly its path when it began.
"""

import csv
import gzip
import io
import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from redshank.core.schema import BENIGN

COLUMNS = ("start_s", "end_s", "proto", "src_ip", "src_port", "dst_ip", "dst_port", "family", "activity")
MITM = "mitm"
MEMORY_S = 65.0
"""A little longer than the 60 s after which Zeek ends a silent ICMP flow."""


@dataclass(slots=True)
class Row:
    """One flow that the lab started.

    Times are seconds since the epoch; `end_s` is infinite while the flow is open. For ICMP the ports are type and code.
    """

    start_s: float
    end_s: float
    proto: str
    src_ip: str
    src_port: int
    dst_ip: str
    dst_port: int
    family: str
    activity: str


@dataclass(slots=True)
class Spoofing:
    """A time in which the path between two addresses led through an attacker.

    With `beyond`, the peer is the gateway: what the victim has with addresses outside that network is spoofed too.
    """

    start_s: float
    end_s: float
    victim: str
    peer: str
    beyond: ipaddress.IPv4Network | None


def _crosses(row: Row, spoofing: Spoofing) -> bool:
    if not spoofing.start_s <= row.start_s <= spoofing.end_s or spoofing.victim not in (row.src_ip, row.dst_ip):
        return False
    other = ipaddress.ip_address(row.dst_ip if row.src_ip == spoofing.victim else row.src_ip)
    if str(other) == spoofing.peer:
        return True
    return spoofing.beyond is not None and other.version == 4 and other not in spoofing.beyond


class Journal:
    """Everything the actors of one lab started.

    Args:
        clock: Gives seconds since the epoch; the same clock the capture uses.

    Example:
        >>> journal = Journal(clock=lambda: 5.0)
        >>> row = journal.begin("tcp", ("10.0.0.2", 40000), ("10.0.0.1", 80), "benign", "page")
        >>> journal.end(row)
        >>> journal.rows()[0].end_s
        5.0
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._rows: list[Row] = []
        self._by_proto: dict[str, list[Row]] = {}
        self._spoofings: list[Spoofing] = []

    def begin(self, proto: str, source: tuple[str, int], target: tuple[str, int], family: str, activity: str) -> Row:
        """Note that a flow starts now; call before its first packet."""
        row = Row(self._clock(), float("inf"), proto, *source, *target, family, activity)
        self._rows.append(row)
        self._by_proto.setdefault(proto, []).append(row)
        return row

    def end(self, row: Row) -> None:
        """Note that a flow ended now."""
        row.end_s = self._clock()

    def begin_spoofing(self, victim: str, peer: str, beyond: ipaddress.IPv4Network | None) -> Spoofing:
        """Note that the path between victim and peer leads through an attacker from now on.

        Args:
            victim: IPv4 address.
            peer: IPv4 address of the other end.
            beyond: If the peer is the gateway, the network of the bridge: what lies outside it goes through the peer.
        """
        spoofing = Spoofing(self._clock(), float("inf"), victim, peer, beyond)
        self._spoofings.append(spoofing)
        return spoofing

    def end_spoofing(self, spoofing: Spoofing) -> None:
        """Note that the path is clean again."""
        spoofing.end_s = self._clock()

    def recent(self, proto: str, source: tuple[str, int], target: tuple[str, int]) -> bool:
        """Tell whether the same flow was started within the last MEMORY_S: a sensor would take both for one."""
        since = self._clock() - MEMORY_S
        key = (proto, *source, *target)
        return any(
            (row.proto, row.src_ip, row.src_port, row.dst_ip, row.dst_port) == key and row.end_s > since
            # Asked of echoes, which are few among the flows of a long day.
            for row in self._by_proto.get(proto, ())
        )

    def __len__(self) -> int:
        """Return how many flows were started."""
        return len(self._rows)

    def rows(self) -> list[Row]:
        """Return all rows by start, the mitm family derived; flows still open end now."""
        now = self._clock()
        done = []
        for row in sorted(self._rows, key=lambda row: row.start_s):
            end_s = min(row.end_s, now)
            spoofed = row.family == BENIGN and any(_crosses(row, spoofing) for spoofing in self._spoofings)
            if spoofed:
                done.append(replace(row, end_s=end_s, family=MITM, activity=f"{row.activity}, intercepted"))
            else:
                done.append(replace(row, end_s=end_s))
        return done


def write(rows: list[Row], path: Path) -> None:
    """Write labels.csv.gz: times with 6 decimals, one row per flow; the same rows give the same bytes."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        times = (f"{row.start_s:.6f}", f"{row.end_s:.6f}")
        table.writerow(
            (*times, row.proto, row.src_ip, row.src_port, row.dst_ip, row.dst_port, row.family, row.activity)
        )
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def read(path: Path) -> list[Row]:
    """Read labels.csv.gz back."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [
            Row(
                float(line["start_s"]),
                float(line["end_s"]),
                line["proto"],
                line["src_ip"],
                int(line["src_port"]),
                line["dst_ip"],
                int(line["dst_port"]),
                line["family"],
                line["activity"],
            )
            for line in csv.DictReader(file)
        ]


def by_family(rows: list[Row]) -> dict[str, int]:
    """Count rows by family, most frequent first."""
    return dict(Counter(row.family for row in rows).most_common())
