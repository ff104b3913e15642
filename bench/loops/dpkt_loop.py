"""The plain loop with dpkt: packets and bytes by address pair, ports and protocol; prints packets and flows."""

import sys
from pathlib import Path

import dpkt  # type: ignore[import-not-found]  # lives in .venv-bench

packets = 0
flows: dict[tuple[object, ...], list[float]] = {}
with Path(sys.argv[1]).open("rb") as file:
    for when, frame in dpkt.pcap.Reader(file):
        packets += 1
        ip = dpkt.ethernet.Ethernet(frame).data
        if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
            continue
        inner = ip.data
        near, far = (ip.src, getattr(inner, "sport", 0)), (ip.dst, getattr(inner, "dport", 0))
        key = (getattr(ip, "p", 0), *((near, far) if near < far else (far, near)))
        flow = flows.setdefault(key, [when, when, 0, 0])
        flow[1] = when
        flow[2] += 1
        flow[3] += len(frame)
print(packets, len(flows))
