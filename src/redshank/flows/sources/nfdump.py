"""nfdump's records (NetFlow, IPFIX) as a source of flows.

In: what `nfdump -o csv` prints, under the old names (ts, te, sa, ...) or the new (firstSeen, srcAddr, ...), what
`-o csv-fast` prints, or the lines of `-o long`; plain or gzip. Out: FLOW batches. NetFlow counts each direction by
itself: two records of a flow become one row where both are there (flows/records/pairs.py), otherwise `dst_*` is null.
Records that hold both directions already (`nfdump -B`, biflow exporters) are taken as they are.
Bytes are those of IP, as NetFlow counts them. The old csv has whole seconds only; then so have we.
Source: nfdump(1) 1.7; RFC 3954 (NetFlow 9), RFC 7011 (IPFIX).
"""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.records.columns import ROWS, flow_rows, numbered, span_s, times
from redshank.flows.records.csv_log import CsvLog
from redshank.flows.records.log_file import Files, Log, Piece, utf8
from redshank.flows.records.other_tools import Numbers, conn_state, counts_of, flag_bits, icmp_reply, protocols, whole
from redshank.flows.records.pairs import IDLE_S, Pairs
from redshank.flows.records.record_source import Columns, PrintedTable

NAMES = {
    "ts": "start",
    "firstseen": "start",
    "te": "end",
    "lastseen": "end",
    "td": "duration",
    "duration": "duration",
    "pr": "proto",
    "proto": "proto",
    "sa": "src_ip",
    "srcaddr": "src_ip",
    "sp": "src_port",
    "srcport": "src_port",
    "da": "dst_ip",
    "dstaddr": "dst_ip",
    "dp": "dst_port",
    "dstport": "dst_port",
    "flg": "flags",
    "flags": "flags",
    "ipkt": "src_pkts",
    "inpackets": "src_pkts",
    "pkt": "src_pkts",
    "packets": "src_pkts",
    "ibyt": "src_bytes",
    "inbytes": "src_bytes",
    "byt": "src_bytes",
    "bytes": "src_bytes",
    "opkt": "dst_pkts",
    "outpackets": "dst_pkts",
    "obyt": "dst_bytes",
    "outbytes": "dst_bytes",
    "svln": "vlan",
    "srcvlan": "vlan",
}
"""By the header's name, in small letters, what the column is."""

_NEEDS = (("src_ip",), ("dst_ip",), ("proto",), ("start",), ("src_pkts",))
_KIND = "records of nfdump; write them with: TZ=UTC nfdump -r FILE -o csv"
_LONG_HEADER = re.compile(rb"^Date[^\n]*Duration[^\n]*Src IP Addr:Port[^\n]*Dst IP Addr:Port[^\n]*Packets[^\n]*Bytes")
_LONG_NAMES = ("start", "duration", "proto", "src", "dst", "flags", "src_pkts", "src_bytes")
_LONG = (
    r"^(?P<start>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\s+(?P<duration>[\d:.]+)\s+(?P<proto>\S+)\s+(?P<src>\S+)\s+->"
    r"\s+(?P<dst>\S+)\s+(?P<flags>[.A-Z]{6,8})\s+\d+\s+(?P<src_pkts>[\d.]+(?: [KMGT])?)"
    r"\s+(?P<src_bytes>[\d.]+(?: [KMGT])?)\s"
)
_END = r"^(?P<ip>.+?)(?::(?P<port>\d+(?:\.\d+)?))?(?::\d+)?$"
_LONG_IPV6 = r"^(?P<ip>[0-9A-Fa-f:]+)\.(?P<port>\d+(?:\.\d+)?)$"
_CLOCK = r"^(?:(?P<days>\d+)d )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d+)?)$"
_MILLISECONDS = r"^(?P<seconds>\d{9,10})(?P<part>\d{3})$"
_SUMMARY = b"Summary"
_FOOTER = re.compile(rb"^Summary:?(?: |\r?$).*", re.MULTILINE | re.DOTALL)


class Nfdump(PrintedTable):
    """Flows that a router or probe exported and nfdump stored.

    Times that nfdump prints have no zone and are taken as UTC: run it with TZ=UTC.

    Args:
        path: What `nfdump -o csv` printed.
        idle_s: Seconds after a record's end in which the record of the other direction may begin.

    Raises:
        ConfigError: If `path` does not exist.
        SourceError: If it is no such table, or cannot be read.
    """

    _pairs: Pairs
    STAGE = "nfdump"
    WANTED = "what nfdump printed (nfdump -r FILE -o csv)"

    def __init__(self, path: Path, *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        super().__init__(path)

    def _tables(self) -> Iterator[tuple[Columns, int]]:
        self._pairs = Pairs(self._count, self._idle_s)
        with closing(Files([self._path], self._count)) as lines:
            once = _Peeked(lines)
            first = once.peek()
            if first is not None and _LONG_HEADER.match(first.rows):
                yield from self._long(once)
            else:
                yield from CsvLog(once, NAMES, _NEEDS, _KIND, self._count).tables()

    def _flows(self, columns: Columns, rows: int, before: int) -> Iterator[pa.RecordBatch]:
        flows, halves, flags = self._parted(columns, rows, before)
        yield flows
        yield from self._pairs.feed(halves, flags)

    def _rest(self) -> Iterator[pa.RecordBatch]:
        yield from self._pairs.finish()

    def _long(self, lines: "_Peeked") -> Iterator[tuple[Columns, int]]:
        """Read the lines of `-o long`, which stand in columns of their own width."""
        while (piece := lines.read()) is not None:
            text = utf8(piece.rows, self._count).decode()
            every = pa.array([line for line in text.split("\n") if line.strip()], pa.string())
            for at in range(0, len(every), ROWS):
                some = every[at : at + ROWS]
                parts = pc.extract_regex(some, _LONG)
                good = pc.is_valid(parts)
                skipped = len(some) - (pc.sum(good, min_count=0).as_py() or 0)
                self._count("line_of_other_form", skipped - int(piece.first and at == 0))
                parts = parts.filter(good)
                texts = {name: pc.struct_field(parts, name) for name in _LONG_NAMES}
                for side in ("src", "dst"):
                    end = texts.pop(side)
                    v6 = pc.extract_regex(end, _LONG_IPV6)
                    v4 = pc.extract_regex(end, _END)
                    for name in ("ip", "port"):
                        found = pc.coalesce(pc.struct_field(v6, name), pc.struct_field(v4, name))
                        texts[f"{side}_{name}"] = pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)
                yield texts, len(parts)

    def _parted(self, texts: Columns, rows: int, before: int) -> tuple[pa.RecordBatch, pa.RecordBatch, Numbers]:
        """Return flows of both directions, records of one, and the flags of the latter."""
        nothing = pa.nulls(rows, pa.string())
        proto, ip_proto = protocols(texts["proto"])
        src, dst = self._ports(texts, proto, nothing)
        counts = {
            name: counts_of(texts.get(name, nothing), name, self._count)
            for name in ("src_pkts", "src_bytes", "dst_pkts", "dst_bytes")
        }
        both = counts["dst_pkts"] > 0
        columns: dict[str, pa.Array] = {
            "uid": numbered(before, rows),
            "ts": _start(texts["start"]),
            "src_ip": texts["src_ip"],
            "src_port": whole(src),
            "dst_ip": texts["dst_ip"],
            "dst_port": whole(dst),
            "proto": proto,
            "ip_proto": ip_proto,
            "duration": _duration(texts, nothing),
            "src_pkts": whole(counts["src_pkts"]),
            "src_ip_bytes": whole(counts["src_bytes"]),
            "dst_pkts": whole(np.where(both, counts["dst_pkts"], -1)),
            "dst_ip_bytes": whole(np.where(both, counts["dst_bytes"], -1)),
        }
        if "vlan" in texts:
            columns["vlan"] = pc.if_else(pc.equal(texts["vlan"], "0"), pa.scalar(None, pa.string()), texts["vlan"])
        flags = flag_bits(texts.get("flags", nothing))
        # Of a record with both directions the flags are of both together.
        untold = np.where(pc.equal(proto, "tcp").fill_null(False).to_numpy(zero_copy_only=False), -1, 0)
        columns["conn_state"] = pc.if_else(
            pa.array(both),
            conn_state(proto, untold, untold, counts["src_pkts"], counts["dst_pkts"]),
            pa.scalar(None, pa.string()),
        )
        flows, kept = flow_rows(columns, rows, before, self._count)
        there = kept.to_numpy(zero_copy_only=False)
        both, flags = both[there], flags[there]
        return flows.filter(pa.array(both)), flows.filter(pa.array(~both)), flags[~both]

    def _ports(self, texts: Columns, proto: pa.StringArray, nothing: pa.StringArray) -> tuple[Numbers, Numbers]:
        """Return both ports; of ICMP, which nfdump writes as `type.code` or 256 x type + code, as Zeek has them."""
        src = counts_of(texts.get("src_port", nothing), "src_port", self._count)
        written = texts.get("dst_port", nothing)
        dotted = pc.extract_regex(written, r"^(?P<type>\d{1,3})\.(?P<code>\d{1,3})$")
        has_dot = dotted.is_valid().to_numpy(zero_copy_only=False)
        dst = counts_of(
            pc.if_else(dotted.is_valid(), pc.struct_field(dotted, "type"), written), "dst_port", self._count
        )
        code = counts_of(pc.struct_field(dotted, "code"), "dst_port", self._count)
        icmp = pc.equal(proto, "icmp").fill_null(False).to_numpy(zero_copy_only=False)
        kind = np.where(has_dot, dst, dst >> 8)
        code = np.where(has_dot, code, dst & 0xFF)
        return np.where(icmp, np.where(dst < 0, -1, kind), src), np.where(
            icmp, np.where(dst < 0, -1, icmp_reply(kind, code)), dst
        )


class _Peeked:
    """Lines without nfdump's summary, of which the first stretch may be looked at before it is read."""

    def __init__(self, lines: Log) -> None:
        self._lines = lines
        self._first: list[Piece | None] = []

    def peek(self) -> Piece | None:
        self._first = self._first or [self.read()]
        return self._first[0]

    def read(self) -> Piece | None:
        if self._first:
            return self._first.pop()
        piece = self._lines.read()
        if piece is None or not (piece.rows.startswith(_SUMMARY) or b"\n" + _SUMMARY in piece.rows):
            return piece
        return Piece(_FOOTER.sub(b"", piece.rows), piece.first, piece.where)


def _start(text: pa.StringArray) -> pa.Array:
    """Return starts as text that `columns.times` reads: csv-fast writes milliseconds since the epoch."""
    parts = pc.extract_regex(text, _MILLISECONDS)
    seconds = pc.binary_join_element_wise(pc.struct_field(parts, "seconds"), pc.struct_field(parts, "part"), ".")
    return pc.coalesce(seconds, text)


def _duration(texts: Columns, nothing: pa.StringArray) -> pa.Array:
    """Return durations as text in seconds, or computed from both ends; nfdump 1.7 may write hours:minutes:seconds."""
    if "duration" not in texts:
        return span_s(times(_start(texts["start"])), times(_start(texts.get("end", nothing))))
    parts = pc.extract_regex(texts["duration"], _CLOCK)
    values = {
        name: pc.if_else(pc.equal(text, ""), "0", text).cast(pa.float64())
        for name in ("days", "hours", "minutes", "seconds")
        if (text := pc.struct_field(parts, name)) is not None
    }
    whole_minutes = pc.add(pc.multiply(pc.add(pc.multiply(values["days"], 24), values["hours"]), 60), values["minutes"])
    clock = pc.add(pc.multiply(whole_minutes, 60), values["seconds"])
    return pc.coalesce(clock.cast(pa.string()), texts["duration"])
