"""Capture from network interfaces, as they are now.

In: names of interfaces, a filter. Out: Blocks, as rings.py gives them.
The one idea: rings are opened while nothing arrives yet, and all are let go at once, so that every mistake is told
before the first packet.

What is seen is what the kernel sees. Both directions are taken; on the loopback interface every packet passes twice,
and is taken when it comes. Packets that this machine sends have unfinished checksums and may be larger than any wire
carries (the network card finishes and cuts them: TSO, GSO); those it receives may have been put together (GRO).
`ethtool -K IFACE gro off gso off tso off` shows single packets; without it counts of packets are those of the kernel's,
bytes are nearly the same. Leave sensor.checksums off on a machine that sends itself. A VLAN tag that the card took out
is in Block.vlan; Block.length is then without its four bytes.
`any` is all interfaces in one ring, the loopback interface and those that come up later too. What a bridge or a tunnel
passes on is seen at each interface that it passes, and its packets are counted as often.
Source: packet(7), tcpdump(8).
"""

from collections.abc import Sequence

from redshank.capture.bpf import Program, compiled
from redshank.capture.interface import Interface, find
from redshank.capture.ring import Ring, afford, opened
from redshank.capture.rings import Rings
from redshank.core.errors import ConfigError

_RANGES = {"snap_bytes": (64, 262_144, "bytes"), "ring_mib": (1, 4_096, "MiB")}


class Live(Rings):
    """Some interfaces. Packets are queued from the moment this is made; needs CAP_NET_RAW and nothing else.

    Args:
        interfaces: Names, as `ip link` shows them; or `any` alone.
        bpf: Which packets to take, as pcap-filter(7) says; None or blank: all.
        snap_bytes: Bytes of each packet that are looked at, 64 to 262,144.
        promiscuous: Also take frames addressed to others.
        ring_mib: Memory for each interface in which packets wait, 1 to 4,096 MiB.
        fanout: Share the packets of each interface, by flow, with other rings of this fan-out group; ring.NEW_GROUP
            makes a group. None: take all.

    Raises:
        ConfigError: If a value is out of range, the filter is wrong, or there is no such interface.
        SourceError: If an interface is down, we may not capture, or the rings would take too much memory.
    """

    def __init__(
        self,
        interfaces: Sequence[str],
        *,
        bpf: str | None = None,
        snap_bytes: int = 65_535,
        promiscuous: bool = True,
        ring_mib: int = 64,
        fanout: int | None = None,
    ) -> None:
        super().__init__([])
        found, programs = plan(interfaces, bpf, snap_bytes, ring_mib)
        try:
            for interface in found:
                handle = opened(interface, ring_mib, promiscuous=promiscuous, fanout=fanout)
                self.rings.append(Ring(handle, interface, ring_mib))
            for one, program in zip(self.rings, programs, strict=True):
                one.start(program)
        except BaseException:
            self.close()
            raise


def plan(
    interfaces: Sequence[str], bpf: str | None, snap_bytes: int, ring_mib: int, *, workers: int = 1
) -> tuple[list[Interface], list[Program]]:
    """Check what a person chose, and compile the filter for every interface.

    Args:
        interfaces: As Live.
        bpf: As Live.
        snap_bytes: As Live.
        ring_mib: As Live.
        workers: Rings for each interface.

    Raises:
        ConfigError: As Live.
        SourceError: As Live.
    """
    given = {"snap_bytes": snap_bytes, "ring_mib": ring_mib}
    problems = [
        f"sensor.{name}: {given[name]} is not {low:,} to {high:,} {unit}"
        for name, (low, high, unit) in _RANGES.items()
        if not low <= given[name] <= high
    ]
    if problems:
        raise ConfigError(problems)
    found = find(interfaces)
    afford(workers * len(found), ring_mib)
    return found, [compiled(bpf or "", interface.link_type, snap_bytes) for interface in found]
