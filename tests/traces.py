"""Wire traces as text, for tests of the meter.

`trace` turns lines such as "0.010 < SA 500 101 0" into PACKET records: seconds, direction (> from the client), TCP flag
letters, then seq, ack and payload bytes, 0 where left out; "w0" at the end announces a zero window, "!" marks a bad
checksum. "-" in place of the flags makes a UDP packet, "8/0" an ICMP packet of that type and code.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.capture.packet import PACKET
from redshank.flows.meter import Ended, Meter, MeterSettings
from redshank.flows.metering.rows import flow_rows

START_NS = 1_700_000_000_000_000_000
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
CLIENT, SERVER = 0x0A000001, 0x0A000002
SMALL = MeterSettings(capacity=64, seed=7, interim_packets=0, interim_s=0, payload_mib=1)
"""Without interim rows: most tests are about the last row of a flow."""


def trace(text: str, *, sport: int = 40000, dport: int = 80) -> npt.NDArray[Any]:
    """Return the packets of a trace between CLIENT and SERVER."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    packets = np.zeros(len(lines), PACKET)
    for packet, (seconds, direction, flags, *rest) in zip(packets, lines, strict=True):
        numbers = [int(word) for word in rest if word.isdigit()] + [0, 0, 0]
        packet["ts_ns"] = START_NS + round(float(seconds) * 1e9)
        there = direction == ">"
        packet["src_lo"], packet["dst_lo"] = (CLIENT, SERVER) if there else (SERVER, CLIENT)
        packet["src_port"], packet["dst_port"] = (sport, dport) if there else (dport, sport)
        packet["version"], packet["vlan"], packet["window"] = 4, -1, 0 if "w0" in rest else 1000
        packet["bad_checksum"] = "!" in rest
        if "/" in flags:
            packet["proto"] = 1
            packet["src_port"], packet["dst_port"] = map(int, flags.split("/"))
            length, header = numbers[0], 28
        elif flags == "-":
            packet["proto"], length, header = 17, numbers[0], 28
        else:
            packet["proto"] = 6
            packet["tcp_flags"] = sum(FLAGS[letter] for letter in flags)
            packet["seq"], packet["ack"], length = numbers[0], numbers[1], numbers[2]
            header = 40
        packet["payload_length"] = packet["payload_captured"] = length
        packet["ip_length"] = header + length
    return packets


def metered(packets: npt.NDArray[Any], settings: MeterSettings = SMALL, block: int = 8192) -> list[dict[str, Any]]:
    """Meter packets in blocks; return the FLOW rows, `ts` in ns, in the order in which they went out."""
    meter, rows, data = Meter(settings), [], np.zeros(0, np.uint8)
    if len(packets):
        data = np.zeros(int((packets["payload_offset"] + packets["payload_captured"]).max()), np.uint8)
    for start in range(0, len(packets), block):
        for ended in meter.feed(packets[start : start + block], data):
            rows += table(ended)
        rest = meter.take()
        if rest is not None:
            rows += table(rest)
    for ended in meter.finish():
        rows += table(ended)
    return rows


def table(ended: Ended) -> list[dict[str, Any]]:
    """Return rows that went out as dictionaries."""
    batch = flow_rows(ended)
    times = batch["ts"].cast("int64").to_pylist()
    rows: list[dict[str, Any]] = batch.drop_columns(["ts"]).to_pylist()
    return [{"ts": ts, **row} for ts, row in zip(times, rows, strict=True)]
