"""Argus's records as a source of flows.

In: the table that `ra` prints with `-c ,`, under the names that ra gives its columns, those of CTU-13 (binetflow) or of
BoT-IoT; plain or gzip. Out: FLOW batches, one final row for each record. Argus meters both directions, so a record is a
flow; what only some columns tell is null without them. Of a long flow Argus writes a record every so often, each a row
here; `racluster` joins them before.
Argus counts bytes of whole frames: link headers are taken off; what fills a short frame up cannot be told and stays in.
`conn_state` needs flags by direction, which `ra -Z b` prints; other states of TCP (FIN, RST, CON) are not Zeek's.
Source: ra(1) of argus-clients 3.0.8; the CTU-13 dataset (Garcia et al. 2014); BoT-IoT (Koroniotis et al. 2019).
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.records.columns import flow_rows, numbered, numbers, span_s, times, typed
from redshank.flows.records.csv_log import CsvLog
from redshank.flows.records.log_file import Files
from redshank.flows.records.other_tools import (
    Numbers,
    conn_state,
    counts_of,
    flag_bits,
    icmp_reply,
    ip_bytes,
    protocols,
    whole,
)
from redshank.flows.records.record_source import Columns, PrintedTable

NAMES = {
    "starttime": "start",
    "stime": "start",
    "lasttime": "end",
    "ltime": "end",
    "dur": "duration",
    "duration": "duration",
    "rundur": "duration",
    "proto": "proto",
    "srcaddr": "src_ip",
    "saddr": "src_ip",
    "srcip": "src_ip",
    "sport": "src_port",
    "dir": "dir",
    "dstaddr": "dst_ip",
    "daddr": "dst_ip",
    "dstip": "dst_ip",
    "dport": "dst_port",
    "state": "state",
    "totpkts": "pkts",
    "pkts": "pkts",
    "srcpkts": "src_pkts",
    "spkts": "src_pkts",
    "dstpkts": "dst_pkts",
    "dpkts": "dst_pkts",
    "totbytes": "bytes",
    "bytes": "bytes",
    "srcbytes": "src_bytes",
    "sbytes": "src_bytes",
    "dstbytes": "dst_bytes",
    "dbytes": "dst_bytes",
    "srcmac": "src_mac",
    "smac": "src_mac",
    "dstmac": "dst_mac",
    "dmac": "dst_mac",
    "svid": "vlan",
}
"""By the header's name, in small letters, what the column is."""

_NEEDS = (("src_ip",), ("dst_ip",), ("proto",), ("pkts", "src_pkts", "bytes", "src_bytes", "start"))
_KIND = "a table of Argus; write one with: ra -r FILE -n -u -Z b -c , -s +ltime +spkts +dpkts +sbytes +dbytes"
_PORT = r"^(?:0x[0-9A-Fa-f]{1,4}|\d{1,5}(?:\.0+)?)$"
_FLAGS = r"^(?P<src>[FSRPAUEC]*)_(?P<dst>[FSRPAUEC]*)$"


class Argus(PrintedTable):
    """Flows that Argus metered.

    Wrong for addresses or services printed as names: run ra with -n. Times without a zone are taken as UTC: run ra with
    -u, or with TZ=UTC.

    Args:
        path: A table as `ra -c ,` prints it.
        link_bytes: Bytes of the link header that Argus counted with each packet: 14 for Ethernet.

    Raises:
        ConfigError: If `path` does not exist.
        SourceError: If it is no such table, or cannot be read.
    """

    STAGE = "argus"
    WANTED = "a table that ra printed (ra -r FILE -n -c ,)"

    def __init__(self, path: Path, *, link_bytes: int = 14) -> None:
        self._link_bytes = link_bytes
        super().__init__(path)

    def _tables(self) -> Iterator[tuple[Columns, int]]:
        with closing(Files([self._path], self._count)) as lines:
            yield from CsvLog(lines, NAMES, _NEEDS, _KIND, self._count, blank=("*", "-")).tables()

    def _flows(self, columns: Columns, rows: int, before: int) -> Iterator[pa.RecordBatch]:
        texts = columns
        proto, ip_proto = protocols(texts["proto"])
        carried = pc.is_valid(ip_proto)
        if others := rows - (pc.sum(carried, min_count=0).as_py() or 0):
            self._count("not_ip", others)  # ARP, link-layer control, and Argus's own status records
        nothing = pa.nulls(rows, pa.string())
        texts = {name: text.filter(carried) for name, text in {"uid": numbered(before, rows), **texts}.items()}
        proto, ip_proto, nothing = proto.filter(carried), ip_proto.filter(carried), nothing.filter(carried)
        counts = {
            name: counts_of(texts.get(name, nothing), name, self._count)
            for name in ("pkts", "src_pkts", "dst_pkts", "bytes", "src_bytes", "dst_bytes")
        }
        for unit in ("pkts", "bytes"):
            _complete(counts[unit], counts[f"src_{unit}"], counts[f"dst_{unit}"])
        columns = {name: texts.get(name, nothing) for name in ("uid", "src_ip", "dst_ip")}
        columns |= {name: texts[name] for name in ("src_mac", "dst_mac", "vlan") if name in texts}
        columns |= {"proto": proto, "ip_proto": ip_proto}
        columns |= {name: whole(port) for name, port in self._ports(texts, proto, nothing).items()}
        for side in ("src", "dst"):
            octets, odd = ip_bytes(counts[f"{side}_bytes"], counts[f"{side}_pkts"], self._link_bytes)
            self._count("bytes_below_headers", odd)
            columns[f"{side}_pkts"], columns[f"{side}_ip_bytes"] = whole(counts[f"{side}_pkts"]), whole(octets)
        flags = pc.extract_regex(texts.get("state", nothing), _FLAGS)
        src_flags, dst_flags = (flag_bits(pc.struct_field(flags, side)) for side in ("src", "dst"))
        columns["conn_state"] = conn_state(proto, src_flags, dst_flags, counts["src_pkts"], counts["dst_pkts"])
        columns["ts"] = texts.get("start", nothing)
        columns["duration"] = self._duration(texts, nothing, counts["pkts"])
        direction = texts.get("dir", nothing)
        swapped = pc.fill_null(pc.equal(direction, "<-"), fill_value=False)
        if pc.any(swapped, min_count=0).as_py():
            columns = _turned(columns, swapped)
            # The state of what was turned is told by flags in the other order.
            told = conn_state(proto, dst_flags, src_flags, counts["dst_pkts"], counts["src_pkts"])
            columns["conn_state"] = pc.if_else(swapped, told, columns["conn_state"])
        flows, _ = flow_rows(columns, len(proto), before, self._count)
        yield flows

    def _ports(
        self, texts: dict[str, pa.StringArray], proto: pa.StringArray, nothing: pa.StringArray
    ) -> dict[str, Numbers]:
        """Return both ports; of ICMP its type, and the type of the answer or the code."""
        src, dst = (self._port(name, texts.get(name, nothing)) for name in ("src_port", "dst_port"))
        icmp = pc.equal(proto, "icmp").to_numpy(zero_copy_only=False)
        kind, code = src & 0xFF, src >> 8  # ra prints the two bytes in the machine's order
        return {
            "src_port": np.where(icmp & (src >= 0), kind, src),
            "dst_port": np.where(icmp, np.where(src >= 0, icmp_reply(kind, code), -1), dst),
        }

    def _port(self, name: str, text: pa.StringArray) -> Numbers:
        good = pc.fill_null(pc.match_substring_regex(text, _PORT), fill_value=False)
        plain = pc.if_else(good, pc.replace_substring_regex(text, r"\.0+$", ""), pa.scalar(None, pa.string()))
        found = numbers(plain.cast(pa.int64()))
        odd = (~good.to_numpy(zero_copy_only=False) & text.is_valid().to_numpy(zero_copy_only=False)) | (found > 65_535)
        self._count(f"{name}_unreadable", int(odd.sum()))
        return np.where(found > 65_535, -1, found)

    def _duration(self, texts: dict[str, pa.StringArray], nothing: pa.StringArray, packets: Numbers) -> pa.DoubleArray:
        """Return the duration; null for one packet, as in Zeek."""
        if "duration" in texts:
            found = typed("duration", texts["duration"], self._count)
        else:
            found = span_s(times(texts.get("start", nothing)), times(texts.get("end", nothing)))
        return pc.if_else(pa.array(packets == 1), pa.scalar(None, pa.float64()), found)


def _complete(total: Numbers, src: Numbers, dst: Numbers) -> None:
    """Fill in place what two of three counts tell."""
    for one, other in ((src, dst), (dst, src)):
        known = (one < 0) & (total >= 0) & (other >= 0) & (total >= other)
        one[known] = total[known] - other[known]
    known = (total < 0) & (src >= 0) & (dst >= 0)
    total[known] = src[known] + dst[known]


def _turned(columns: dict[str, pa.Array], swapped: pa.BooleanArray) -> dict[str, pa.Array]:
    """Exchange both ends where the record names the responder first."""
    turned = dict(columns)
    for end in ("ip", "port", "mac", "pkts", "ip_bytes"):
        one, other = columns.get(f"src_{end}"), columns.get(f"dst_{end}")
        if one is not None and other is not None:
            turned[f"src_{end}"] = pc.if_else(swapped, other, one)
            turned[f"dst_{end}"] = pc.if_else(swapped, one, other)
    return turned
