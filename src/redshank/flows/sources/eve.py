"""Suricata's EVE JSON as a source of flows.

In: an eve.json, plain or gzip, a folder of rotated ones, or one that grows. Out: FLOW batches: a row for each `flow`
event, with what `dns`, `http`, `tls` and `mqtt` events of the same flow_id said before; the first of each kind speaks.
Where Suricata writes `netflow` events only, the two of a flow become one row. Other events are counted as seen.
Suricata counts bytes of whole frames: link headers are taken off; what fills a short frame up cannot be told and stays
in. It says nothing of payload bytes and history, and little of the order of packets: those are null, and `conn_state`
is set only where the flags of both directions leave one answer.
Source: Suricata's user guide, "EVE JSON Format".
"""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW
from redshank.flows.records.columns import ROWS, flow_rows, numbers, span_s, times
from redshank.flows.records.eve_events import (
    ANSWER,
    APPLICATIONS,
    EVENT,
    QUERY,
    applications,
    first_of,
    flat,
    mapped,
    member,
    services,
)
from redshank.flows.records.follow import Growing, grown, plain
from redshank.flows.records.join import CAPACITY, Waiting, merged
from redshank.flows.records.json_records import read_objects
from redshank.flows.records.log_file import Files, Piece, regular, utf8
from redshank.flows.records.other_tools import (
    UNTOLD,
    Numbers,
    conn_state,
    counts_of,
    icmp_reply,
    ip_bytes,
    protocols,
    whole,
)
from redshank.flows.records.pairs import Pairs
from redshank.flows.records.record_source import RecordSource

SEEN = "seen"
"""What events of other kinds are counted under."""

_KINDS = {"dns": (QUERY, ANSWER), "http": ("http",), "tls": ("tls",), "mqtt": ("mqtt",)}
_ASKS, _ANSWERS = ("query", "request"), ("answer", "response")
_SHOWN = 60
_ID = "id"
_FLAGS = re.compile("[0-9a-fA-F]{1,2}")
_NAME = re.compile(r"eve(?:[-.].+)?\.json(?:[.-].+)?")


class Eve(RecordSource):
    """Flows that Suricata logged.

    Args:
        path: An eve.json, or a folder with `eve.json` and rotated ones (`eve.json.1`, `eve-2026-11-21.json`, with or
            without `.gz`); they are read in the order of their last change, `eve.json` last.
        follow: Whether to go on as the file grows and is rotated.
        idle_s: When following, end after so many seconds without a new line; None: never.
        link_bytes: Bytes of the link header that Suricata counted with each packet: 14 for Ethernet.

    Raises:
        ConfigError: If `path` does not exist, or is a folder without such a file.
        SourceError: If a file is not EVE JSON, or cannot be read.
    """

    FOLLOWS = True
    STAGE = "eve"

    def __init__(self, path: Path, *, follow: bool = False, idle_s: float | None = None, link_bytes: int = 14) -> None:
        super().__init__()
        self._path = path / "eve.json" if path.is_dir() else path
        self._folder = path if path.is_dir() else None
        self._follow = follow
        self._idle_s = idle_s
        self._link_bytes = link_bytes
        self._begin()
        self._files = self._found()
        self._old = {plain(file) for file in self._rotated()} if follow else set()
        for file in self._files:
            if regular(file):
                with closing(Files([file], self._count)) as lines:
                    self._check(lines.read())
        self.anomalies.clear()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the flows; each call reads from the beginning.

        Raises:
            SourceError: If a file is not EVE JSON, or cannot be read.
        """
        self.anomalies.clear()
        self._begin()
        if not self._follow:
            with closing(Files(self._files, self._count)) as lines:
                while (piece := lines.read()) is not None:
                    yield from self._flows(piece)
            yield from self._pairs.finish()
            return
        with closing(self._growing()) as growing:
            for piece, _ in grown(self, growing, self._idle_s):
                if piece is not None:
                    yield from self._flows(piece)
            yield from self._pairs.finish()

    def _begin(self) -> None:
        self._row = 0
        self._has_flows = False
        self._pairs = Pairs(self._count)
        self._waiting = {
            kind: Waiting(
                pa.schema([(_ID, pa.string()), *((name, FLOW.field(name).type) for name in columns)]), CAPACITY
            )
            for kind, columns in APPLICATIONS.items()
        }

    def _flows(self, piece: Piece) -> Iterator[pa.RecordBatch]:
        self._check(piece)
        for table in read_objects(utf8(piece.rows, self._count), EVENT, self._count):
            kinds = flat(table.column("event_type"))
            counts = table.drop_columns(list(_KINDS))  # each column that is filtered takes its time
            flows = counts.filter(pc.equal(kinds, "flow"))
            self._has_flows = self._has_flows or len(flows) > 0
            self._seen(kinds)
            for event, names in _KINDS.items():
                some = table.select(["flow_id", "tx_id", event]).filter(pc.equal(kinds, event))
                for kind in names if len(some) else ():
                    self._wait(kind, some)
            halves = counts.filter(pc.equal(kinds, "netflow"))
            for at in range(0, len(flows), ROWS):
                batch, _, _ = self._rows(flows[at : at + ROWS], half=False)
                if batch.num_rows:
                    yield self._joined(batch)
            if self._has_flows or not len(halves):
                continue
            for at in range(0, len(halves), ROWS):
                batch, flags, kept = self._rows(halves[at : at + ROWS], half=True)
                for both in self._pairs.feed(batch, flags[kept]):
                    if both.num_rows:
                        yield self._joined(both)

    def _check(self, piece: Piece | None) -> None:
        """Refuse a file that begins with something else than an event."""
        if piece is None or not piece.first or (self._follow and not piece.rows.strip()):
            return
        first = piece.rows.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not first:
            raise SourceError(f"{piece.where}: empty; name an eve.json of Suricata")
        line = first.partition(b"\n")[0]
        if not line.startswith(b"{") or b'"event_type"' not in line:
            raise SourceError(
                f"{piece.where}: not EVE JSON, whose lines are objects with an 'event_type'; "
                f"it starts with {line[:_SHOWN]!r}; name an eve.json of Suricata"
            )

    def _seen(self, kinds: pa.StringArray) -> None:
        for found in kinds.value_counts().to_pylist():
            name, amount = found["values"], found["counts"]
            if name in {"flow", *_KINDS} or (name == "netflow" and not self._has_flows):
                continue
            named = name is not None and re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name)
            self._note(SEEN, f"event_{name}" if named else "event_other", amount)

    def _wait(self, kind: str, events: pa.Table) -> None:
        """Let records of applications wait for their flow."""
        if kind in {QUERY, ANSWER}:
            asks = pc.is_in(member(events, "dns", "type"), pa.array(_ASKS if kind == QUERY else _ANSWERS))
            events = events.filter(asks)
            number = member(events, "dns", "id")
        else:
            number = pa.nulls(len(events), pa.string())
        columns = applications(kind, events, self._count)
        waiting = self._waiting[kind]
        arrays = [number, *(columns[name].cast(FLOW.field(name).type) for name in APPLICATIONS[kind])]
        records = pa.record_batch(arrays, names=[_ID, *APPLICATIONS[kind]])
        self._count("application_event_evicted", waiting.add(flat(events.column("flow_id")), records))

    def _joined(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Return the flows with what was said of them before."""
        found = {kind: waiting.take(flows.column("uid")) for kind, waiting in self._waiting.items()}
        # Only the answer to the first question: another one would tell of something else.
        same = pc.equal(found[ANSWER].column(_ID), found[QUERY].column(_ID))
        same = pc.fill_null(pc.or_(same, pc.is_null(found[QUERY].column(_ID))), fill_value=False)
        nothing = self._waiting[ANSWER].none(len(flows))
        found[ANSWER] = pa.table(
            [
                pc.if_else(same, column, empty)
                for column, empty in zip(found[ANSWER].columns, nothing.columns, strict=True)
            ],
            schema=nothing.schema,
        )
        for records in found.values():
            flows = merged(flows, records)
        return flows

    def _rows(self, events: pa.Table, *, half: bool) -> tuple[pa.RecordBatch, Numbers, np.ndarray]:
        """Read flow events, or netflow events that count one direction; return their TCP flags and which are rows."""
        proto, ip_proto = protocols(flat(events.column("proto")))
        about = "netflow" if half else "flow"
        start, end = times(member(events, about, "start")), times(member(events, about, "end"))
        sides = {"src": ("pkts", "bytes")} if half else {
            "src": ("pkts_toserver", "bytes_toserver"), "dst": ("pkts_toclient", "bytes_toclient")
        }  # fmt: skip
        columns: dict[str, pa.Array] = {
            "uid": flat(events.column("flow_id")),
            "ts": start,
            "src_ip": flat(events.column("src_ip")),
            "dst_ip": flat(events.column("dest_ip")),
            "proto": proto,
            "ip_proto": ip_proto,
            "service": services(flat(events.column("app_proto"))),
            "community_id": flat(events.column("community_id")),
            "vlan": first_of(flat(events.column("vlan"))),
            "src_mac": pc.coalesce(first_of(member(events, "ether", "src_macs")), member(events, "ether", "src_mac")),
            "dst_mac": pc.coalesce(first_of(member(events, "ether", "dest_macs")), member(events, "ether", "dest_mac")),
        }
        packets: dict[str, Numbers] = {}
        for side, (pkts, octets) in sides.items():
            packets[side] = counts_of(member(events, about, pkts), f"{side}_pkts", self._count)
            framed = counts_of(member(events, about, octets), f"{side}_ip_bytes", self._count)
            left, odd = ip_bytes(framed, packets[side], self._link_bytes)
            self._count("bytes_below_headers", odd)
            columns |= {f"{side}_pkts": whole(packets[side]), f"{side}_ip_bytes": whole(left)}
        columns |= {name: whole(port) for name, port in self._ports(events, proto, half=half).items()}
        total = sum(packets.values(), np.zeros(len(events), np.int64))
        span = span_s(start, end)
        columns["duration"] = span if half else pc.if_else(pa.array(total == 1), pa.scalar(None, pa.float64()), span)
        flags = {name: _bits(member(events, "tcp", name)) for name in ("tcp_flags", "tcp_flags_ts", "tcp_flags_tc")}
        if not half:
            columns["conn_state"] = conn_state(
                proto, flags["tcp_flags_ts"], flags["tcp_flags_tc"], packets["src"], packets["dst"]
            )
        flows, kept = flow_rows(columns, len(events), self._row, self._count)
        self._row += len(events)
        return flows, flags["tcp_flags"], kept.to_numpy(zero_copy_only=False)

    def _ports(self, events: pa.Table, proto: pa.StringArray, *, half: bool) -> dict[str, Numbers]:
        """Return both ports; of ICMP its type, and the type of the answer or the code."""
        icmp = pc.equal(proto, "icmp").fill_null(False).to_numpy(zero_copy_only=False)
        src, dst, kind, code = (
            counts_of(flat(events.column(name)), name, self._count)
            for name in ("src_port", "dest_port", "icmp_type", "icmp_code")
        )
        if half:  # both events of a flow carry the type of its first packet
            return {"src_port": np.where(icmp, -1, src), "dst_port": np.where(icmp, -1, dst)}
        reply = np.where(kind >= 0, icmp_reply(kind, code), -1)
        return {"src_port": np.where(icmp, kind, src), "dst_port": np.where(icmp, reply, dst)}

    def _found(self) -> list[Path]:
        if self._folder is None:
            if not self._path.exists() and not (self._follow and self._path.parent.is_dir()):
                raise ConfigError(f"{self._path}: no such file or folder; name an eve.json of Suricata")
            return [self._path] if self._path.exists() else []
        files = [*self._rotated(), *([self._path] if self._path.exists() else [])]
        if not files and not self._follow:
            raise ConfigError(f"{self._folder}: a folder without eve.json or eve.json.*; name the folder of a log")
        return files

    def _rotated(self) -> list[Path]:
        """Return the rotated files in the order of time; names of logrotate count backwards, so their dates tell."""
        found = [file for file in self._path.parent.iterdir() if _NAME.fullmatch(file.name) and file != self._path]
        return sorted((file for file in found if file.is_file()), key=lambda file: (file.stat().st_mtime_ns, file.name))

    def _growing(self) -> Growing:
        return Growing(self._path, self._rotated, self._old, self._count, history=self._folder is not None)


def _bits(text: pa.StringArray) -> Numbers:
    """Return TCP flags written in hexadecimal; UNTOLD where there is none, or where Suricata did not track them."""
    known = mapped(text, lambda digits: str(int(digits, 16)) if _FLAGS.fullmatch(digits) else None)
    found = numbers(known.cast(pa.int64()))
    return np.where(found > 0, found, UNTOLD)
