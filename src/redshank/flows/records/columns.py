"""Columns of text -> FLOW columns.

In: by FLOW name, a column of text as some log holds it, or one that has its FLOW type already; null where the log has
nothing. Out: one FLOW batch, and which rows of the input it holds. A row needs two readable addresses, otherwise it is
no flow; any other value that cannot be read is null and counted as `<column>_unreadable`, and a text that is longer
than our own sensor's is cut and counted as `<column>_cut`. Whole columns are read at once, and text is checked against
what is allowed before it is converted, so that nothing here raises.
Numbers are read exactly: a time never becomes a float.
"""

import re
import socket
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import FLOW, TIMESTAMP, flow_batch
from redshank.flows.claims import ARP
from redshank.flows.records.longest import cut
from redshank.flows.records.numerals import moments, wholes

PROTOCOLS = ("tcp", "udp", "icmp", "unknown_transport", ARP)
ROWS = 8192
"""Rows of one batch, at most."""

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"
_MASKED = r"^X+(?:\.X+)?$"  # how Zeek's own test baselines write a time
_DECIMAL = r"^\d{1,20}(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$"
_TRUE, _FALSE = ("T", "true", "True", "1"), ("F", "false", "False", "0")

_CONTROL = "[\\x00-\\x1f\\x7f-\\x{9f}]"
_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")

_LIMITS = {"src_port": 65_535, "dst_port": 65_535, "ip_proto": 255, "vlan": 4_095}
_LARGEST = {pa.int32(): 2**31 - 1, pa.int64(): 2**63 - 1}

Count = Callable[[str, int], None]


def flow_rows(
    texts: dict[str, pa.Array], rows: int, first_row: int, count: Count
) -> tuple[pa.RecordBatch, pa.BooleanArray]:
    """Read columns as FLOW rows.

    Args:
        texts: By FLOW name, [rows]: text, or values of the column's own type; columns that the log does not have are
            absent.
        rows: Rows of the input.
        first_row: Number of the first row in its log; a row without uid is called after it.
        count: Called with the name of an anomaly and how many rows had it.

    Returns:
        The FLOW rows, and for each row of the input whether it is among them.
    """
    columns: dict[str, object] = {name: typed(name, text, count) for name, text in texts.items()}
    uid = columns.get("uid")
    missing = rows if uid is None else uid.null_count  # type: ignore[attr-defined]  # pyarrow has no types
    if missing:
        count("uid_missing", missing)
        names = numbered(first_row, rows)
        columns["uid"] = names if uid is None else pc.coalesce(uid, names)
    nowhere = pa.nulls(rows, pa.string())
    kept = pc.and_(pc.is_valid(columns.get("src_ip", nowhere)), pc.is_valid(columns.get("dst_ip", nowhere)))
    count("address_missing", rows - _true(kept))
    for name, value in (("part", "final"), ("part_reason", "record")):
        given = columns.get(name)
        columns[name] = pa.array([value] * rows, pa.string()) if given is None else pc.coalesce(given, value)
    batch = flow_batch(columns, rows)
    return (batch if _true(kept) == rows else batch.filter(kept)), kept


def numbered(first: int, rows: int) -> pa.StringArray:
    """Name rows that have no name of their own after their place.

    Example:
        >>> numbered(7, 2).to_pylist()
        ['row-7', 'row-8']
    """
    return pc.binary_join_element_wise("row-", pa.array(np.arange(first, first + rows)).cast(pa.string()), "")


def shown(texts: pa.Array) -> pa.Array:
    r"""Write control characters of text from the wire as our own sensor does, byte by byte; numbers stay.

    What is no UTF-8 is written so already: logs have it thus, and `log_file.utf8` sees to it.

    Example:
        >>> shown(pa.array(["plain", "\x1b[2J", None])).to_pylist()
        ['plain', '\\x1b[2J', None]
    """
    if not pa.types.is_string(texts.type) or not pc.any(pc.match_substring_regex(texts, _CONTROL), min_count=0).as_py():
        return texts
    return pa.array([text and _CONTROLS.sub(_as_bytes, text) for text in texts.to_pylist()], pa.string())


def _as_bytes(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode())


def typed(name: str, text: pa.Array, count: Count) -> pa.Array:
    """Read one column of text as the FLOW column `name`; what cannot be read is null, what is too long is cut: counted.

    Example:
        >>> typed("dns_AA", pa.array(["T", "F", "?", None]), lambda name, rows: print(name, rows)).to_pylist()
        dns_AA_unreadable 1
        [True, False, None, None]
    """
    if text.null_count == len(text):
        return pa.nulls(len(text), FLOW.field(name).type)
    value = _read(name, text)
    unreadable = value.null_count - text.null_count
    if unreadable and name == "ts":
        masked = _true(pc.match_substring_regex(text, _MASKED))
        if masked:
            count("ts_masked", masked)
        unreadable -= masked
    if unreadable:
        count(f"{name}_unreadable", unreadable)
    if pa.types.is_string(value.type):
        value, cuts = cut(name, value)
        if cuts:
            count(f"{name}_cut", cuts)
    return value


def _read(name: str, text: pa.Array) -> pa.Array:
    kind = FLOW.field(name).type
    if not pa.types.is_string(text.type):
        found = _in_range(name, text)
        return found if found.type == kind else found.cast(kind)
    if pa.types.is_timestamp(kind):
        return times(text)
    if name in {"src_ip", "dst_ip"}:
        return _addresses(text)
    if name == "proto":
        return _where(text, pc.is_in(text, pa.array(PROTOCOLS)))
    if pa.types.is_boolean(kind):
        return _flags(text)
    if pa.types.is_floating(kind):
        return _in_range(name, _where(text, pc.match_substring_regex(text, _DECIMAL)).cast(kind))
    if pa.types.is_integer(kind):
        return _in_range(name, wholes(text)).cast(kind)
    return text


def _in_range(name: str, values: pa.Array) -> pa.Array:
    """Return the values, null where there can be none such."""
    if pa.types.is_floating(values.type):
        return _where(values, pc.and_(pc.is_finite(values), pc.greater_equal(values, 0)))
    if not pa.types.is_integer(values.type):
        return values
    largest = _LIMITS.get(name, _LARGEST[FLOW.field(name).type])
    return _where(values, pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, largest)))


def _flags(text: pa.StringArray) -> pa.BooleanArray:
    true = pc.is_in(text, pa.array(_TRUE))
    return _where(true, pc.or_(true, pc.is_in(text, pa.array(_FALSE))))


def times(text: pa.StringArray) -> pa.TimestampArray:
    """Read times to the nanosecond: seconds since the epoch, or a date; a date without a zone is taken as UTC.

    Digits below the nanosecond are cut. What is no time, or lies before the epoch, is null.

    Example:
        >>> read = times(pa.array(["1.5", "1970-01-01T02:00:01.25+0200", "1970/01/01 00:00:01", "soon"]))
        >>> read.cast("int64").to_pylist()
        [1500000000, 1250000000, 1000000000, None]
    """
    return moments(text).cast(TIMESTAMP)


def span_s(start: pa.TimestampArray, end: pa.TimestampArray) -> pa.DoubleArray:
    """Return the seconds between two columns of times; null where one is missing or the end lies before the start."""
    span = pc.subtract(end.cast(pa.int64()), start.cast(pa.int64()))
    return pc.divide(_where(span, pc.greater_equal(span, 0)).cast(pa.float64()), 1e9)


def _addresses(text: pa.StringArray) -> pa.StringArray:
    """Return the addresses, null where there is none; each is looked at once, since few devices make many flows."""
    encoded = text.dictionary_encode()
    known = encoded.dictionary
    ipv4 = pc.match_substring_regex(known, _IPV4)
    others = known.filter(pc.invert(ipv4)).to_pylist()
    good = pc.or_(ipv4, pc.is_in(known, pa.array(_ipv6(others), pa.string()))) if others else ipv4
    return text if _true(good) == len(known) else _where(text, good.take(encoded.indices))


def _ipv6(texts: Iterable[str | None]) -> list[str]:
    good = []
    for text in texts:
        try:
            socket.inet_pton(socket.AF_INET6, text or "")
        except (OSError, ValueError):
            continue
        good.append(text or "")
    return good


def numbers(values: pa.Array) -> npt.NDArray[np.int64]:
    """Return whole numbers or times as int64, -1 where null."""
    found: npt.NDArray[np.int64] = values.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return found


def ends_ns(begun: npt.NDArray[np.int64], lasted_s: pa.DoubleArray) -> npt.NDArray[np.int64]:
    """Return when flows ended, in ns; no later than a time can be, whatever duration a record claims.

    Shape:
        begun, returns: [n]; lasted_s: [n], null is 0.

    Example:
        >>> ends_ns(np.array([5, 0]), pa.array([2.0, 1e300])).tolist()
        [2000000005, 9000000000000000000]
    """
    lasted = lasted_s.fill_null(0.0).to_numpy(zero_copy_only=False)
    span = (np.minimum(lasted, 9e9) * 1e9).astype(np.int64)
    ended: npt.NDArray[np.int64] = begun + np.minimum(span, np.iinfo(np.int64).max - np.maximum(begun, 0))
    return ended


def _where(values: pa.Array, good: pa.BooleanArray) -> pa.Array:
    return pc.if_else(good, values, pa.scalar(None, values.type))


def _true(values: pa.BooleanArray) -> int:
    return pc.sum(values, min_count=0).as_py() or 0
