"""ToN_IoT's network table, checked to be what it says.

In: `train_test_network.csv` (or .csv.gz), or a folder that holds it. Out: FLOW rows, the family of each, and the table
as it was read. A file is believed only by the sha256 of its uncompressed content: two releases circulate, both are
known, and most copies on the web were saved again by a spreadsheet or a notebook and differ in rows.

What its values mean is restored: `-` is null and `(empty)` is empty; a duration of 0 was unset, and with it both byte
counts (as in the Zeek log that the table was made of); a DNS class, DNS type or HTTP status of 0, and any DNS or HTTP
number of a flow without DNS or HTTP, was absent. A DNS response code of 0 stays: the table does not tell "no error"
from "no answer". `normal` is the family benign. The rows are sorted by family and (in the smaller release) have no
time, so their order means nothing.

Source: Moustafa 2021, Sustainable Cities and Society 72 (the network table); Alsaedi et al. 2020, IEEE Access 8.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from redshank.core.errors import SourceError
from redshank.core.schema import BENIGN, FLOW, TIMESTAMP, flow_batch
from redshank.data.dataset import Dataset, Labelled

FILES = ("train_test_network.csv", "train_test_network.csv.gz")
NORMAL = "normal"
MARKER = "-"

HEADER = (
    "src_ip,src_port,dst_ip,dst_port,proto,service,duration,src_bytes,dst_bytes,conn_state,missed_bytes,src_pkts,"
    "src_ip_bytes,dst_pkts,dst_ip_bytes,dns_query,dns_qclass,dns_qtype,dns_rcode,dns_AA,dns_RD,dns_RA,dns_rejected,"
    "ssl_version,ssl_cipher,ssl_resumed,ssl_established,ssl_subject,ssl_issuer,http_trans_depth,http_method,http_uri,"
    "http_version,http_request_body_len,http_response_body_len,http_status_code,http_user_agent,http_orig_mime_types,"
    "http_resp_mime_types,weird_name,weird_addl,weird_notice,label,type"
)
"""The columns of the release distributed now, in order; the older one has `ts` before them."""

_TEXT, _WHOLE, _REAL = pa.string(), pa.int64(), pa.float64()
_NUMBERS = re.compile(
    "label|missed_bytes|(src|dst)_(port|bytes|pkts|ip_bytes)|dns_(qclass|qtype|rcode)|http_.*(_len|_code)"
)
COLUMNS: dict[str, pa.DataType] = {
    name: _REAL if name == "duration" else _WHOLE if _NUMBERS.fullmatch(name) else _TEXT for name in HEADER.split(",")
}

_ATTACKS = dict.fromkeys(("backdoor", "ddos", "dos", "injection", "password", "ransomware", "scanning", "xss"), 20_000)


@dataclass(frozen=True)
class Release:
    """A release of the table that we know.

    Args:
        sha256: Of its uncompressed content.
        counts: Rows by its own name of the class.
        timed: Whether its first column is `ts`, the start of the flow in seconds.
    """

    sha256: str
    counts: Mapping[str, int]
    timed: bool = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.counts.values())


RELEASES = (
    Release(
        "26ddc513552de36de6428b2e578efaed2b57504c716dfba847cc0109a64e1974",
        {NORMAL: 50_000, **_ATTACKS, "mitm": 1_043},
    ),
    # Published studies used this one; it is no longer distributed, and its hash is known from third parties only.
    Release(
        "65d5465df1809b984fd10e4703bc9c012d1aefd11803773856364216f0a3520d",
        {NORMAL: 300_000, **_ATTACKS, "mitm": 1_043},
        timed=True,
    ),
)


@dataclass(frozen=True)
class TonIot(Dataset):
    """ToN_IoT's network table.

    Args:
        releases: What is believed to be the table.
    """

    name: ClassVar[str] = "ton_iot"
    families: ClassVar[tuple[str, ...]] = (BENIGN, *sorted([*_ATTACKS, "mitm"]))

    releases: tuple[Release, ...] = RELEASES

    def load(self, path: Path) -> Labelled:
        """Read and verify the table.

        Args:
            path: The file, or the folder that holds it under its own name.

        Raises:
            SourceError: If it is not a known release; what differs is named.
        """
        file = _file(path)
        content = _content(file)
        sha256 = hashlib.sha256(content).hexdigest()
        release = next((known for known in self.releases if known.sha256 == sha256), None)
        if release is None:
            raise SourceError(f"ton_iot: {file.name} {_difference(content, sha256, self.releases)}")
        table = _read(content, {"ts": _REAL, **COLUMNS} if release.timed else COLUMNS)
        family = np.array(table["type"].to_pylist(), dtype=np.str_)
        family[family == NORMAL] = BENIGN
        flows = _flows(table.combine_chunks())
        notes = (
            f"release of {release.rows:,} rows, sorted by family" + ("" if release.timed else ", without time"),
            "dns_rcode 0 may mean no answer",
        )
        return Labelled(flows, family, table.drop_columns(["label", "type"]), sha256, self.full_name, notes)


def _file(path: Path) -> Path:
    if path.is_dir():
        found = [file for file in sorted(path.iterdir()) if file.name.lower() in FILES]
        if not found:
            raise SourceError(f"ton_iot: folder '{path}' holds no {FILES[0]} or {FILES[1]}; name the file itself")
        return found[0]
    if not path.is_file():
        raise SourceError(f"ton_iot: no file '{path}'; name {FILES[0]} or the folder that holds it")
    return path


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"ton_iot: cannot read '{file}' ({error}); fetch it again") from None


def _read(content: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table:
    options = pa.csv.ConvertOptions(column_types=columns, strings_can_be_null=False, include_columns=list(columns))
    return pa.csv.read_csv(pa.BufferReader(content), convert_options=options)


def _difference(content: bytes, sha256: str, releases: tuple[Release, ...]) -> str:
    """Say in a few words how a file of unknown content differs from the table."""
    header = content[: content.find(b"\n")] if b"\n" in content else content
    names = header.decode("utf-8-sig", errors="replace").strip().split(",")
    missing = next((name for name in COLUMNS if name not in names), None)
    if missing is not None:
        return (
            f"has {len(names)} column{'s' * (len(names) != 1)}, the dataset has {len(COLUMNS)}; "
            f"first missing: '{missing}'. Give the file {FILES[0]} as published"
        )
    try:
        types = _read(content, {"type": _TEXT})["type"]
    except pa.ArrowInvalid as error:
        return f"is damaged ({str(error).splitlines()[0][:120]}); fetch it again"
    counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(types).to_pylist()}
    known = min(releases, key=lambda release: abs(release.rows - len(types)))
    differing = [name for name in sorted({*known.counts, *counts}) if counts.get(name, 0) != known.counts.get(name, 0)]
    if differing:
        shown = ", ".join(f"{n[:40]} {counts.get(n, 0):,} (not {known.counts.get(n, 0):,})" for n in differing[:3])
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        return (
            f"has {len(types):,} rows, the nearest release {known.rows:,}; other counts: {shown}{more}. Use a release"
        )
    return (
        f"has the class counts of a release but other content: sha256 {sha256[:12]}..., not {known.sha256[:12]}...; "
        "it was changed or saved again, use the file as published"
    )


def _flows(table: pa.Table) -> pa.RecordBatch:
    """Give the table's meaning as FLOW rows."""
    batch = table.to_batches()[0]
    columns: dict[str, object] = {
        "part": pa.repeat("final", len(batch)),
        "part_reason": pa.repeat("record", len(batch)),
    }
    for name in set(batch.schema.names) & set(FLOW.names):
        values = batch.column(name)
        if name == "ts":
            columns[name] = pc.cast(pc.round(pc.multiply(values, 1e9)), _WHOLE).cast(TIMESTAMP)
            continue
        if values.type == _TEXT:
            values = pc.replace_substring_regex(_unless(pc.equal(values, MARKER), values), "^\\(empty\\)$", "")
        kind = FLOW.field(name).type
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
    return flow_batch(columns, len(batch))


def _unless(absent: pa.Array, values: object) -> pa.Array:
    return pc.if_else(absent, None, values)
