"""ToN_IoT's network table, checked to be what it says.

In: `train_test_network.csv` (or .csv.gz), or a folder that holds it. Out: FLOW rows, the family of each, the dataset's
own columns in canonical form, and the table as it was read. Two releases circulate; both are known.

What its values mean is restored: `-` is null and `(empty)` is empty; a duration of 0 was unset, and with it both byte
counts (as in the Zeek log that the table was made of); a DNS class, DNS type or HTTP status of 0, and any DNS or HTTP
number of a flow without DNS or HTTP, was absent. A DNS response code of 0 stays: the table does not tell "no error"
from "no answer". `normal` is the family benign. The rows are sorted by family and (in the smaller release) have no
time, so their order means nothing.

Source: Moustafa 2021, Sustainable Cities and Society 72 (the network table); Alsaedi et al. 2020, IEEE Access 8.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import BENIGN, FLOW, FLOW_FIELDS, TIMESTAMP, flow_batch
from redshank.data.clean import IDENTIFIERS
from redshank.data.dataset import Own
from redshank.data.tables import UNSW_CANBERRA, Published, Tabular, families

FILE = "train_test_network.csv"
MARKER, EMPTY = "-", "(empty)"

_HEADER = (
    "src_ip src_port dst_ip dst_port proto service duration src_bytes dst_bytes conn_state missed_bytes src_pkts "
    "src_ip_bytes dst_pkts dst_ip_bytes dns_query dns_qclass dns_qtype dns_rcode dns_AA dns_RD dns_RA dns_rejected "
    "ssl_version ssl_cipher ssl_resumed ssl_established ssl_subject ssl_issuer http_trans_depth http_method http_uri "
    "http_version http_request_body_len http_response_body_len http_status_code http_user_agent http_orig_mime_types "
    "http_resp_mime_types weird_name weird_addl weird_notice label type"
)
COLUMNS = tuple(_HEADER.split())
"""The columns of the release distributed now, in order; the older one has `ts` before them."""
_NUMBERS_NAMES = (
    "src_port dst_port duration src_bytes dst_bytes missed_bytes src_pkts src_ip_bytes dst_pkts dst_ip_bytes "
    "dns_qclass dns_qtype dns_rcode http_request_body_len http_response_body_len http_status_code label"
)
NUMBERS = frozenset(_NUMBERS_NAMES.split())
_HEAVY_NAMES = (
    "duration src_bytes dst_bytes missed_bytes src_pkts src_ip_bytes dst_pkts dst_ip_bytes http_request_body_len "
    "http_response_body_len"
)
HEAVY = frozenset(_HEAVY_NAMES.split())

_ATTACKS = dict.fromkeys(("backdoor", "ddos", "dos", "injection", "password", "ransomware", "scanning", "xss"), 20_000)
CLASSES = {"normal": BENIGN, "mitm": "mitm", **{name: name for name in _ATTACKS}}
_UNITS = {field.name: field.unit for field in FLOW_FIELDS if field.unit}


def release(sha256: str, counts: Mapping[str, int], *, timed: bool = False) -> Published:
    """Return a release of the table; with `timed`, its first column is `ts`, the start of the flow in seconds."""
    columns = ("ts", *COLUMNS) if timed else COLUMNS
    rows = sum(counts.values())
    what = f"release of {rows:,} rows, sorted by family" + ("" if timed else ", without time")
    text = frozenset(columns) - NUMBERS - {"ts"}
    return Published(FILE, sha256, columns, text, "type", counts, answers=("label",), what=what)


RELEASES = (
    release(
        "26ddc513552de36de6428b2e578efaed2b57504c716dfba847cc0109a64e1974",
        {BENIGN: 50_000, **_ATTACKS, "mitm": 1_043},
    ),
    # Published studies used this one; it is no longer distributed, and its hash is known from third parties only.
    release(
        "65d5465df1809b984fd10e4703bc9c012d1aefd11803773856364216f0a3520d",
        {BENIGN: 300_000, **_ATTACKS, "mitm": 1_043},
        timed=True,
    ),
)


@dataclass(frozen=True)
class TonIot(Tabular):
    """ToN_IoT's network table."""

    name: ClassVar[str] = "ton_iot"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    features: ClassVar[str] = "conn"
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = {"": RELEASES}
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = UNSW_CANBERRA
    citation: ClassVar[str] = "Moustafa 2021, Sustainable Cities and Society 72; Alsaedi et al. 2020, IEEE Access 8"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "*_port": (0, 65_535),
        "dns_rcode": (0, 15),
        "http_status_code": (100, 599),
        "*": (0, float("inf")),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "proto": ("icmp", "tcp", "udp"),
        "conn_state": (*("OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "RSTRH", "S0", "S1", "S2", "S3", "SF", "SH", "SHR"),),
    }

    def own(self, table: pa.Table) -> Own:
        """Return the columns with the meaning that they have as flows; addresses, ports and free text identify."""
        columns = _restored(table.combine_chunks().to_batches()[0])
        return Own(
            pa.table(columns),
            identifiers=IDENTIFIERS & {*columns},
            heavy=HEAVY,
            units={name: unit for name, unit in _UNITS.items() if name in columns},
        )

    def flows(self, own: Own) -> pa.RecordBatch:
        """Return the rows as flows."""
        rows = own.table.num_rows
        columns: dict[str, object] = {name: own.table[name].combine_chunks() for name in own.table.column_names}
        if "ts" in columns:
            columns["ts"] = pc.cast(pc.round(pc.multiply(columns["ts"], 1e9)), pa.int64()).cast(TIMESTAMP)
        return flow_batch(columns | {"part": pa.repeat("final", rows), "part_reason": pa.repeat("record", rows)}, rows)

    def notes(self) -> tuple[str, ...]:
        """What a reader of a result must know."""
        return ("dns_rcode 0 may mean no answer",)


def _restored(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Give the columns the meaning and types that they have as flows; `ts` stays a number."""
    columns: dict[str, pa.Array] = {}
    for name in batch.schema.names:
        values = batch.column(name)
        if pa.types.is_string(values.type):
            values = _unless(pc.equal(values, MARKER), values)
            values = pc.if_else(pc.equal(values, EMPTY), "", values)
        kind = values.type if name == "ts" else FLOW.field(name).type
        columns[name] = pc.equal(values, "T") if kind == pa.bool_() else values.cast(kind)
    timeless = pc.equal(batch.column("duration"), 0)
    no_dns = pc.equal(batch.column("dns_AA"), MARKER)
    no_http = pc.and_(pc.equal(batch.column("http_method"), MARKER), pc.equal(batch.column("http_version"), MARKER))
    for names, absent in (
        (("duration", "src_bytes", "dst_bytes"), timeless),
        (("dns_rcode",), no_dns),
        (("http_request_body_len", "http_response_body_len"), no_http),
    ):
        columns |= {name: _unless(absent, columns[name]) for name in names}
    for name in ("dns_qclass", "dns_qtype", "http_status_code"):
        columns[name] = _unless(pc.equal(columns[name], 0), columns[name])
    return columns


def _unless(absent: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(absent, None, values)
