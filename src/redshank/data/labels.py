"""Labels by time and endpoints: which family is this flow of?

In: FLOW rows, and the content of a labels.csv. Out: for each flow the row of its label. A flow takes the label with the
same transport and the same two endpoints (either direction) whose time holds the flow's first packet, half a second
more at both ends; of several the one that started last.

ICMP has no ports: a flow and a label agree on the addresses and on the kind of question (an echo reply asks the same as
the echo request), because a meter writes the type of the answer where a label has the code.
"""

import csv
import io
import ipaddress

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from redshank.core.errors import SourceError

LABEL_TYPES = {
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "proto": pa.string(),
    "src_ip": pa.string(),
    "src_port": pa.int32(),
    "dst_ip": pa.string(),
    "dst_port": pa.int32(),
    "family": pa.string(),
    "activity": pa.string(),
}
"""Columns of the labels; times are seconds since the epoch, the ports of ICMP are type and code."""

TRANSPORTS = ("tcp", "udp", "icmp")
LATEST_S = 9e9
"""Nanoseconds since the epoch end soon after it, in the year 2262."""
TOLERANCE_NS = 500_000_000
"""A label and the packets it speaks of are noted by different processes."""

# The answer's type -> the question's type, for ICMP and ICMPv6.
_QUESTIONS = {0: 8, 14: 13, 16: 15, 18: 17, 9: 10, 129: 128, 134: 133, 136: 135}


def read_labels(content: bytes) -> pa.Table:
    """Read labels from the content of a CSV file.

    Raises:
        SourceError: If columns differ, or a value is not of its column's kind.
    """
    header = next(csv.reader(io.StringIO(content[:4096].decode("utf-8-sig", errors="replace"))), [])
    missing = next((name for name in LABEL_TYPES if name not in header), None)
    if missing:
        raise SourceError(
            f"labels: there are the columns {', '.join(header)[:120] or '(none)'}; first missing: '{missing}'. "
            f"It needs {', '.join(LABEL_TYPES)}"
        )
    options = pa.csv.ConvertOptions(column_types=LABEL_TYPES, include_columns=list(LABEL_TYPES))
    try:
        labels = pa.csv.read_csv(pa.BufferReader(content), convert_options=options).combine_chunks()
    except pa.ArrowInvalid as error:
        raise SourceError(f"labels: cannot be read ({str(error).splitlines()[0][:200]}); correct it") from None
    for name in LABEL_TYPES:
        holes = np.flatnonzero(pc.is_null(labels[name], nan_is_null=True).to_numpy())
        if holes.size:
            raise SourceError(f"labels: row {holes[0] + 1} has no {name}; every label needs all of its values")
    start_s, end_s = labels["start_s"].to_numpy(), labels["end_s"].to_numpy()
    wrong = np.flatnonzero(~((start_s >= 0) & (start_s <= end_s) & (end_s < LATEST_S)))
    if wrong.size:
        raise SourceError(
            f"labels: row {wrong[0] + 1} lasts from {start_s[wrong[0]]} to {end_s[wrong[0]]}; times are seconds since "
            "the epoch, and none ends before it starts"
        )
    strange = next((proto for proto in labels["proto"].unique().to_pylist() if proto not in TRANSPORTS), None)
    if strange is not None:
        raise SourceError(f"labels: '{strange}' is no proto; allowed are {', '.join(TRANSPORTS)}")
    return labels


def label_of(flows: pa.RecordBatch, labels: pa.Table) -> npt.NDArray[np.int64]:
    """Return for each flow the row of its label, by the rule of the module's text.

    Args:
        flows: FLOW rows.
        labels: Rows with the columns of LABEL_TYPES.

    Shape:
        returns: [n] int64, n flows; -1 where none fits.
    """
    flow_keys = _keys(flows)
    label_keys = _keys(labels)
    numbers = pa.concat_arrays([flow_keys, label_keys]).dictionary_encode().indices.to_numpy()
    flow_key, label_key = numbers[: len(flows)], numbers[len(flows) :]
    ts_ns = flows.column("ts").cast(pa.int64()).fill_null(-(2**62)).to_numpy()
    start_ns = _ns(labels["start_s"]) - TOLERANCE_NS
    end_ns = _ns(labels["end_s"]) + TOLERANCE_NS

    found = np.full(len(flows), -1, dtype=np.int64)
    if not labels.num_rows:
        return found
    order = np.lexsort((np.arange(len(start_ns)), start_ns, label_key))
    # The last label of the flow's key that started in time; from there back until one holds the time.
    keyed = np.rec.fromarrays([label_key[order], start_ns[order]])
    at = np.searchsorted(keyed, np.rec.fromarrays([flow_key, ts_ns]), side="right") - 1
    pending = np.arange(len(flows))
    latest = _latest_end(label_key[order], end_ns[order])
    while pending.size:
        here = at[pending]
        usable = (here >= 0) & (label_key[order[here]] == flow_key[pending]) & (latest[here] >= ts_ns[pending])
        pending, here = pending[usable], here[usable]
        fits = end_ns[order[here]] >= ts_ns[pending]
        found[pending[fits]] = order[here[fits]]
        pending = pending[~fits]
        at[pending] -= 1
    return found


def _latest_end(keys: npt.NDArray[np.int32], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for labels sorted by key and start, the latest end among the same key's labels up to each."""
    # The running maximum of ranks; a later key starts above all ranks of the one before it, and so anew.
    order = np.sort(ends)
    start = np.cumsum(np.diff(keys, prepend=keys[:1]) != 0) * len(ends)
    latest: npt.NDArray[np.int64] = order[np.maximum.accumulate(start + np.searchsorted(order, ends)) - start]
    return latest


def _ns(seconds: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    # Labels carry microseconds, which float64 holds at today's epoch; nanoseconds it would not.
    return np.asarray(np.rint(seconds.to_numpy() * 1e6), dtype=np.int64) * 1000


def _keys(rows: pa.RecordBatch | pa.Table) -> pa.Array:
    """Name the transport and the two endpoints of each row, the same for both directions."""
    columns = {name: _flat(rows.column(name)) for name in ("proto", "src_ip", "src_port", "dst_ip", "dst_port")}
    icmp = pc.equal(columns["proto"], "icmp")
    asked = pc.index_in(columns["src_port"], pa.array(_QUESTIONS, type=pa.int32()))
    question = pc.coalesce(pc.take(pa.array(_QUESTIONS.values(), type=pa.int32()), asked), columns["src_port"])
    ends = [
        pc.binary_join_element_wise(
            _canonical(columns[f"{side}_ip"]),
            pc.if_else(icmp, question, columns[f"{side}_port"]).cast(pa.string()),
            "|",
        )
        for side in ("src", "dst")
    ]
    swapped = pc.greater(ends[0], ends[1])
    low, high = pc.if_else(swapped, ends[1], ends[0]), pc.if_else(swapped, ends[0], ends[1])
    return pc.fill_null(pc.binary_join_element_wise(columns["proto"], low, high, " "), "")


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _canonical(addresses: pa.Array) -> pa.Array:
    """Write every address the same way; the few distinct ones are parsed once."""
    encoded = addresses.dictionary_encode()
    texts = [_address(text) for text in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(texts, type=pa.string()), encoded.indices)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise SourceError(f"labels: '{text[:60]}' is not an address; labels need IPv4 or IPv6 addresses") from None
