"""Which devices there are: FLOW batches -> DEVICE rows.

In: FLOW batches, in any order. Out: one row for each device, with its addresses, services and totals.
A device is who sent something: a link-layer address, or, in records without these, an address of a private network.
Behind a router's link-layer address other networks' addresses appear. They are not its own: once addresses of more than
NETWORKS networks outside the private ranges (/24 of IPv4, /64 of IPv6) were seen behind one, its row keeps only what
it did with private addresses. A device with a few public addresses of its own keeps all.
Interim rows tell that a flow goes on and what it speaks; packets and bytes come from final rows alone, so that no flow
counts twice. Flows wait, and are looked at some ten thousand at a time, column by column: no object is made per flow.
What they did by the hour and by name, since it was asked last, is told beside (`flows/did.py`) to who wants it.
Rows do not depend on how flows were batched until there is no room: a device that was forgotten begins anew when it is
seen again; past NAMES_EACH names a device of the capacity, of all devices, the longest lists are cut to their latest;
and of a device that has more than IPS addresses at once, the earlier ones count for no network.
Source: RFC 1918, RFC 6598, RFC 3927, RFC 4193 and RFC 4291 for the private ranges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import DEVICE
from redshank.flows.claims import ARP
from redshank.flows.did import DAY_NS, HOUR_NS, KINDS, SUMMED, WHO, Did, Doing, Who, added_up, place_in_group
from redshank.flows.ended import ended
from redshank.flows.vendor import Vendors

IPS, SERVICES, PEERS, NETWORKS = 16, 32, 32, 4
"""Most addresses, services and peers of a device that are kept, and networks it may have without being a router."""

NAMES_EACH = 32
"""Addresses, services and peers for each device of the capacity: some may have many, not all; one takes 176 bytes."""

SETTLE_ROWS = 32_768
"""Flows that wait at most to be added up."""
SLICE_ROWS = 16_384
"""Of these, how many are looked at together: what is worked out of each takes a kilobyte meanwhile."""
MOST_OF_FLOW, MOST_IN_ALL = 1 << 44, 1 << 60
"""Bytes that one flow, and a device, count for: another tool may say anything up to 2^63, and sums must stay below."""

_ADDED: Mapping[str, tuple[list[str], tuple[str, ...]]] = {
    "hour": ([*WHO, "hour"], ("first", *SUMMED)),
    "ip": ([*WHO, "ip"], ()),
    **{kind: ([*WHO, "day", kind], ("final", "benign")) for kind in KINDS},
}
"""What is added up of the ends of flows: by which columns, and which beside `last`."""

_Who = tuple[str | None, str]
"""A link-layer address; or none, and the address that stands for a device."""

_PRIVATE = (
    r"^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\."
    r"|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::1$)"
)
_NOBODY = r"^(2(2[4-9]|3\d)\.|255\.255\.255\.255$|0\.0\.0\.0$|ff[0-9a-f]{2}:|::$)"  # groups, and no address yet
_GROUP = "^[0-9a-f][13579bdf]"  # of MACs; also broadcast
_LONGEST_S = 1e9  # what another tool gives beyond 31 years is no duration
_LOOKED_AT = [
    "ts", "duration", "part", "proto", "service", "conn_state", "dst_port", "dst_bytes",
    *(f"{side}_{what}" for side in ("src", "dst") for what in ("mac", "ip", "pkts", "ip_bytes")),
]  # fmt: skip
_ANSWERED = pa.array(["S1", "SF", "S2", "S3", "RSTO", "RSTR"])  # states of a TCP handshake that was answered


@dataclass(slots=True)
class _Share:
    """What a device did with one sort of address, private or other."""

    first_ns: int
    last_ns: int
    flows: int = 0
    sent: int = 0
    received: int = 0
    ips: dict[str, int] = field(default_factory=dict)
    offers: dict[str, int] = field(default_factory=dict)
    uses: dict[str, int] = field(default_factory=dict)
    peers: dict[str, int] = field(default_factory=dict)
    networks: set[str] = field(default_factory=set)

    def lists(self) -> tuple[dict[str, int], ...]:
        """Return what has a bound: when each name was seen last."""
        return self.ips, self.offers, self.uses, self.peers


class Devices:
    """Who was seen on the networks watched.

    Args:
        capacity: Devices held at once; beyond it those seen least recently are forgotten, and counted.
        vendors: The registry of link-layer addresses.
        doing: Is told what they do.

    Raises:
        ValueError: If `capacity` is below 1.

    Example:
        >>> from redshank.core.schema import flow_batch
        >>> devices = Devices()
        >>> devices.take(flow_batch({"ts": [0], "src_mac": ["02:00:00:00:00:01"], "src_ip": ["10.0.0.1"]}, rows=1))
        >>> devices.rows().select(["mac", "ips"]).to_pylist()
        [{'mac': '02:00:00:00:00:01', 'ips': ['10.0.0.1']}]
    """

    def __init__(self, capacity: int = 4_096, vendors: Vendors | None = None, doing: Doing | None = None) -> None:
        if capacity < 1:
            raise ValueError(f"capacity: {capacity} devices; at least 1")
        self._evicted = 0
        self._capacity = capacity
        self._vendors = vendors or Vendors()
        self._doing = doing
        self._seen: dict[_Who, dict[bool, _Share]] = {}
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    @property
    def evicted(self) -> int:
        """How many devices were forgotten to make room for others."""
        self._settle()
        return self._evicted

    def take(self, batch: pa.RecordBatch, benign: pa.BooleanArray | None = None) -> None:
        """Notice who takes part in these flows.

        Args:
            batch: FLOW rows.
            benign: Which of them speak for what is usual of who takes part; none if absent. [n]
        """
        marks = pa.nulls(batch.num_rows, pa.bool_()) if benign is None else benign
        columns = [*(batch.column(name) for name in _LOOKED_AT), marks]
        self._waiting.append(pa.RecordBatch.from_arrays(columns, [*_LOOKED_AT, "benign"]))
        self._rows += batch.num_rows
        if self._rows >= SETTLE_ROWS:
            self._settle()

    def _settle(self) -> None:
        """Add what waits to the devices: most of what that costs is the same for one flow and for ten thousand."""
        if not self._rows:
            return
        waiting = pa.Table.from_batches(self._waiting)
        self._waiting, self._rows = [], 0
        parts: dict[str, list[pa.Table]] = {name: [] for name in _ADDED}
        for begin in range(0, len(waiting), SLICE_ROWS):
            (rows,) = waiting.slice(begin, SLICE_ROWS).combine_chunks().to_batches()
            ends = _ends(rows, self._doing.marked(rows) if self._doing else rows.column("benign").fill_null(False))
            for name, (keys, totals) in _ADDED.items():
                own = ends.select([*keys, "last", *totals])
                own = own.filter(pc.is_valid(own.column(name))) if name in KINDS else own
                parts[name].append(added_up(own, keys))
        added = {name: added_up(pa.concat_tables(parts[name]), keys) for name, (keys, _) in _ADDED.items()}
        found = added_up(added["hour"], WHO)
        if self._doing:
            self._doing.see("hour", added["hour"].drop_columns(["first"]))
            for kind in KINDS:
                self._doing.see(kind, added[kind])
        if len(found) > 2 * self._capacity:  # a device has at most two shares: these would be forgotten at once
            order = pc.sort_indices(found, [("last", "descending")])
            late = found.take(order[2 * self._capacity :])
            names = zip(late.column("mac").to_pylist(), late.column("alone").to_pylist(), strict=True)
            found = found.take(order[: 2 * self._capacity])
            known = set(zip(found.column("mac").to_pylist(), found.column("alone").to_pylist(), strict=True))
            self._evicted += len(set(names) - known - self._seen.keys())
        for row in found.to_pylist():
            near = self._share(row)
            near.first_ns, near.last_ns = min(near.first_ns, row["first"]), max(near.last_ns, row["last"])
            near.flows += row["final"]
            near.sent = min(near.sent + row["sent"], MOST_IN_ALL)
            near.received = min(near.received + row["received"], MOST_IN_ALL)
        for column, most in (("ip", IPS), ("offers", SERVICES), ("uses", SERVICES), ("peers", PEERS)):
            for row in _recent(added[column], column, most).to_pylist():
                shares = self._seen.get((row["mac"], row["alone"]))
                if shares and row["near"] in shares:
                    _note(shares[row["near"]], "ips" if column == "ip" else column, row[column], row["last"], most)
        self._forget()
        self._thin()

    def rows(self) -> pa.RecordBatch:
        """Return one DEVICE row for each device held, in the order in which they were first seen."""
        self._settle()
        found = [self._row(mac, shares) for (mac, _), shares in self._seen.items()]
        found.sort(key=lambda row: (row["first_seen"], row["mac"] or "", row["ips"]))
        return pa.RecordBatch.from_pylist(found, schema=DEVICE)

    def did(self) -> Did:
        """Return what devices did since this was asked last; nothing without `doing`."""
        self._settle()
        return self._doing.take(self._own) if self._doing else Did({}, {})

    def _own(self, who: Who) -> str | None:
        """Name a device; None: what was done is another's, behind a router."""
        mac, alone, near = who
        return None if not near and _routes(self._seen.get((mac, alone), {})) else mac or alone

    def _share(self, row: dict[str, object]) -> _Share:
        shares = self._seen.setdefault((row["mac"], row["alone"]), {})  # type: ignore[arg-type]  # Arrow has no types
        if row["near"] not in shares:
            shares[bool(row["near"])] = _Share(row["first"], row["last"])  # type: ignore[arg-type]
        return shares[bool(row["near"])]

    def _forget(self) -> None:
        over = len(self._seen) - self._capacity
        if over > 0:
            order = sorted(self._seen, key=lambda who: max(share.last_ns for share in self._seen[who].values()))
            for who in order[:over]:
                del self._seen[who]
            self._evicted += over

    def _thin(self) -> None:
        """Cut the longest lists of names to their latest if there are too many names in all."""
        most = NAMES_EACH * self._capacity
        if len(self._seen) * 2 * (IPS + 2 * SERVICES + PEERS) <= most:
            return
        lists = [names for shares in self._seen.values() for share in shares.values() for names in share.lists()]
        lengths = np.array([len(names) for names in lists])
        if lengths.sum() <= most:
            return
        # Names that are left if no list is longer than 0, 1, ...: a quarter is free then, so that this is seldom.
        left = np.append(0, np.cumsum(len(lists) - np.cumsum(np.bincount(lengths))))
        each = int(np.searchsorted(left, most * 3 // 4, side="right")) - 1
        for place in np.flatnonzero(lengths > each).tolist():
            names = lists[place]
            kept = [(name, names[name]) for name in sorted(names, key=lambda one: (-names[one], one))[:each]]
            names.clear()  # a dict that only loses entries keeps their memory
            names.update(kept)

    def _row(self, mac: str | None, shares: dict[bool, _Share]) -> dict[str, object]:
        own = [share for near, share in shares.items() if near or not _routes(shares)]
        return {
            "mac": mac,
            "ips": _newest(IPS, *(share.ips for share in own)),
            "vendor": self._vendors.name(mac),
            "first_seen": min(share.first_ns for share in shares.values()),
            "last_seen": max(share.last_ns for share in shares.values()),
            "offers": _newest(SERVICES, *(share.offers for share in own)),
            "uses": _newest(SERVICES, *(share.uses for share in own)),
            "peers": _newest(PEERS, *(share.peers for share in own)),
            "flows": sum(share.flows for share in own),
            "sent_bytes": sum(share.sent for share in own),
            "received_bytes": sum(share.received for share in own),
        }


def _routes(shares: Mapping[bool, _Share]) -> bool:
    """Tell whether these are of a router: other networks' addresses are behind it."""
    return False in shares and len(shares[False].networks) > NETWORKS


def _newest(most: int, *seen: dict[str, int]) -> list[str]:
    latest: dict[str, int] = {}
    for one in seen:
        for name, when in one.items():
            latest[name] = max(when, latest.get(name, when))
    return sorted(latest, key=lambda name: (-latest[name], name))[:most]


def _note(share: _Share, kind: str, name: str, when: int, most: int) -> None:
    held: dict[str, int] = getattr(share, kind)
    if kind == "ips" and name not in held and len(share.networks) <= NETWORKS:
        share.networks.add(_network(name))
    held[name] = max(when, held.get(name, when))
    if len(held) > most:
        del held[max(held, key=lambda one: (-held[one], one))]


def _network(ip: str) -> str:
    try:
        address = ip_address(ip)
    except ValueError:  # another tool's word for an address
        return ip
    return address.packed[: 3 if address.version == 4 else 8].hex()


def _ends(batch: pa.RecordBatch, marked: pa.BooleanArray) -> pa.Table:
    """Return both ends of each flow that sent something, one under the other.

    Columns: mac or else alone (the address that stands for it), near (a private address), ip, first, last, hour and day
    (of last, since the epoch), final (1 or 0), sent, received (bytes of final rows), benign (1 for final rows that are
    marked), benign_bytes (theirs, of both directions), offers, uses, peers.
    """
    final = ended(batch).cast(pa.int64())
    benign = pc.multiply(final, marked.cast(pa.int64()))
    somebody_else = pc.invert(_like(batch.column("dst_ip"), _NOBODY))
    first = batch.column("ts").cast(pa.int64())
    lasted = batch.column("duration").fill_null(0)
    sane = pc.and_(pc.greater_equal(lasted, 0), pc.less(lasted, _LONGEST_S))
    last = pc.add(first, pc.multiply(pc.if_else(sane, lasted, 0.0), 1e9).cast(pa.int64(), safe=False))
    service = _services(batch, final)
    nothing = pa.nulls(len(batch), pa.string())
    claimless = pc.not_equal(batch.column("proto"), ARP).fill_null(True)  # a claim to an address may be a lie
    parts = []
    for side, other in (("src", "dst"), ("dst", "src")):
        packets = batch.column(f"{side}_pkts").fill_null(1)
        mac = pc.utf8_lower(batch.column(f"{side}_mac"))
        mac = pc.if_else(pc.equal(mac, "00:00:00:00:00:00"), pa.scalar(None, pa.string()), mac)
        ip = batch.column(f"{side}_ip")
        near = _like(ip, _PRIVATE)
        known = pc.and_(pc.is_valid(ip), pc.is_valid(first))
        sent, received = _bytes(batch, side), _bytes(batch, other)
        somebody = pc.invert(_like(ip, _NOBODY))
        single = pc.invert(_like(mac, _GROUP)).fill_null(near)  # by address: private ones only
        end = pa.table(
            {
                "mac": mac,
                "alone": pc.if_else(pc.is_null(mac), ip, ""),
                "near": near,
                "ip": ip,
                "first": first,
                "last": last,
                "hour": pc.divide(last, HOUR_NS),
                "day": pc.divide(last, DAY_NS),
                "final": final,
                "sent": pc.multiply(sent, final),
                "received": pc.multiply(received, final),
                "benign": benign,
                "benign_bytes": pc.multiply(pc.add(sent, received), benign),
                "offers": pc.if_else(_answered(batch), service, nothing) if side == "dst" else nothing,
                "uses": service if side == "src" else nothing,
                "peers": pc.if_else(somebody_else, batch.column("dst_ip"), nothing) if side == "src" else nothing,
            }
        )
        kept = pc.and_(pc.and_(known, somebody), pc.and_(single, pc.greater(packets, 0)))
        parts.append(end.filter(pc.and_(kept, claimless)))
    return pa.concat_tables(parts)


def _like(texts: pa.StringArray, pattern: str) -> pa.BooleanArray:
    """Tell of each text whether a pattern is in it, in any case; each different text is looked at once."""
    coded = texts.dictionary_encode()
    return pc.match_substring_regex(coded.dictionary, pattern, ignore_case=True).take(coded.indices)


def _bytes(batch: pa.RecordBatch, side: str) -> pa.Int64Array:
    return pc.min_element_wise(batch.column(f"{side}_ip_bytes").fill_null(0), MOST_OF_FLOW)


def _services(batch: pa.RecordBatch, final: pa.Int64Array) -> pa.StringArray:
    """Name what was asked for: the service, or proto/port; null without ports, or if a later row may name a service."""
    proto = batch.column("proto")
    ported = pc.and_(pc.is_in(proto, pa.array(["tcp", "udp"])), pc.equal(final, 1))
    port = pc.binary_join_element_wise(proto, batch.column("dst_port").cast(pa.string()), "/")
    return pc.coalesce(batch.column("service"), pc.if_else(ported, port, pa.scalar(None, pa.string())))


def _answered(batch: pa.RecordBatch) -> pa.BooleanArray:
    """Say where the responder took what it was asked: a TCP handshake it answered, or payload it sent."""
    shaken = pc.and_(pc.equal(batch.column("proto"), "tcp"), pc.is_in(batch.column("conn_state"), _ANSWERED))
    return pc.or_(shaken.fill_null(False), pc.greater(batch.column("dst_bytes"), 0).fill_null(False))


def _recent(rows: pa.Table, column: str, most: int) -> pa.Table:
    """Return each device's values of a column that were seen last."""
    found = added_up(rows.select([*WHO, column, "last"]), [*WHO, column])
    found = found.sort_by([(name, "ascending") for name in WHO] + [("last", "descending"), (column, "ascending")])
    return found.filter(pa.array(place_in_group(found, WHO) < most))
