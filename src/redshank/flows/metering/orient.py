"""Who talks to whom: the key of a packet's flow, and which end counts as the originator.

In: a PACKET record. Out: its KEY (endpoints in canonical order, so that both directions find the same
flow), and for a new flow whether its roles are exchanged. The first packet decides; it is overruled by ports where
servers are likely (a UDP answer whose question was missed, a TCP flow seen from the middle).
ICMP has its type as source port and the type of the answer as destination port; a message that has no answer has its
code there, and is a flow of one direction.
Source: Zeek's manual: likely_server_ports and the ports that its protocol scripts add; RFC 792, RFC 4443, RFC 4861.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import inlined, lean_kernel
from redshank.flows.metering.table import Int, Record

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
SYN, ACK = 2, 16

TCP_SERVERS = (
    *(21, 22, 25, 53, 79, 80, 81, 88, 110, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636, 989, 990),
    *(992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 5672, 6379, 6666, 6667),
    *(6668, 6669, 8000, 8080, 8883, 8888, 20000),
)
UDP_SERVERS = (
    *(53, 67, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3389, 3544, 4789, 5060, 5072, 5353, 5355, 5683),
    *(6081, 20000),
)

DNS_SERVERS = (53, 137, 5353, 5355)
"""UDP ports of DNS and its relatives; its flows are single questions and end sooner."""

_ANSWERS = ((8, 0), (13, 14), (15, 16), (10, 9), (17, 18))
_ANSWERS_6 = ((128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145))


def _table(pairs: tuple[tuple[int, int], ...]) -> npt.NDArray[np.int16]:
    table = np.full(256, -1, np.int16)
    for question, answer in pairs:
        table[question], table[answer] = answer, question
    return table


def _ports(ports: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    table = np.zeros(65536, np.bool_)
    table[list(ports)] = True
    return table


COUNTERPART = np.stack([_table(_ANSWERS), _table(_ANSWERS_6)])
"""[2, 256]: by ICMP version and type, the type that answers it, -1 if none does."""
LIKELY_SERVER = np.stack([_ports(TCP_SERVERS), _ports(UDP_SERVERS)])
"""[2, 65536]: for TCP and UDP, ports where a server is likely."""


@lean_kernel
def is_dns(port: Int) -> bool:
    """Tell whether a UDP server port is one of DNS."""
    return bool(port in DNS_SERVERS)


@inlined
def key_of(packet: Record, key: Record) -> None:
    """Write the key of the packet's flow.

    Source and destination with equal address and port are told apart by nothing: all their packets come from a.
    Which end is a cannot be guessed ahead, so there is no branch on it: what differs is exchanged by a mask.
    """
    source: Int = np.int64(packet.src_port)
    target: Int = np.int64(packet.dst_port)
    one_way = 0
    if packet.proto not in (TCP, UDP):
        if packet.proto in (ICMP, ICMPV6):
            answer = COUNTERPART[0 if packet.proto == ICMP else 1, source & 255]
            if answer < 0:
                one_way = 1
            else:
                target = np.int64(answer)
        else:
            source = target = 0
    s_hi, s_lo, d_hi, d_lo = packet.src_hi, packet.src_lo, packet.dst_hi, packet.dst_lo
    lower = (s_lo < d_lo) | ((s_lo == d_lo) & (source <= target))
    from_a = np.int64((one_way != 0) | (s_hi < d_hi) | ((s_hi == d_hi) & lower))
    mask = np.uint64(from_a - 1)  # all ones where the ends are exchanged
    hi, lo, ports = (s_hi ^ d_hi) & mask, (s_lo ^ d_lo) & mask, (source ^ target) & (from_a - 1)
    key.a_hi, key.a_lo, key.a_port = s_hi ^ hi, s_lo ^ lo, source ^ ports
    key.b_hi, key.b_lo, key.b_port = d_hi ^ hi, d_lo ^ lo, target ^ ports
    key.proto = packet.proto
    key.version = packet.version
    key.one_way = one_way
    key.from_a = from_a


@lean_kernel
def roles_exchanged(packet: Record) -> bool:
    """Tell whether the sender of a flow's first packet is more likely its responder."""
    if packet.version == 4 and packet.dst_lo == 0xFFFFFFFF:
        return False  # nobody starts a conversation as the broadcast address
    if packet.proto == UDP:
        return bool(LIKELY_SERVER[1, packet.src_port] and not LIKELY_SERVER[1, packet.dst_port])
    if packet.proto == TCP and not (packet.tcp_flags & SYN and not packet.tcp_flags & ACK):
        if not LIKELY_SERVER[0, packet.src_port]:
            return False
        if LIKELY_SERVER[0, packet.dst_port]:
            # Not for a SYN-ACK: that would hide stealth scans.
            return bool(not packet.tcp_flags & SYN and packet.src_port < packet.dst_port)
        return True
    return False
