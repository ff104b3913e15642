"""The plain loop with scapy: packets and bytes by address pair, ports and protocol; prints packets and flows."""

import sys

from scapy.layers.inet import IP, TCP, UDP  # type: ignore[import-not-found]  # lives in .venv-bench
from scapy.layers.inet6 import IPv6  # type: ignore[import-not-found]
from scapy.utils import PcapReader  # type: ignore[import-not-found]

packets = 0
flows: dict[tuple[object, ...], list[float]] = {}
with PcapReader(sys.argv[1]) as reader:
    for packet in reader:
        packets += 1
        ip = packet.getlayer(IP) or packet.getlayer(IPv6)
        if ip is None:
            continue
        inner = packet.getlayer(TCP) or packet.getlayer(UDP)
        near, far = (ip.src, inner.sport if inner else 0), (ip.dst, inner.dport if inner else 0)
        key = (inner.name if inner else "", *((near, far) if near < far else (far, near)))
        flow = flows.setdefault(key, [float(packet.time), float(packet.time), 0, 0])
        flow[1] = float(packet.time)
        flow[2] += 1
        flow[3] += packet.wirelen or len(packet)
print(packets, len(flows))
