"""Columns of text -> FLOW columns.

In: by FLOW name, a column of text as some log holds it; null where the log has nothing. Out: one FLOW batch, and which
rows of the input it holds. A row needs two readable addresses, otherwise it is no flow; any other value that cannot be
read is null and counted as `<column>_unreadable`. Whole columns are read at once, and text is checked against what is
allowed before it is converted, so that nothing here raises.
Numbers are read exactly: a time is split at its decimal point and never becomes a float.
"""

import socket
from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import TIMESTAMP, flow_batch

PROTOCOLS = ("tcp", "udp", "icmp", "unknown_transport")
ROWS = 8192
"""Rows of one batch, at most."""

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"
_SECONDS = r"^(?P<whole>\d{1,10})(?:\.(?P<part>\d+))?$"
_ISO = r"^(?P<whole>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<part>\d+))?Z?$"
_MASKED = r"^X+(?:\.X+)?$"  # how Zeek's own test baselines write a time
_WHOLE = r"^\d{1,18}(?:\.0+)?$"  # tables that went through float columns write 48.0
_DECIMAL = r"^\d{1,15}(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$"
_LAST_SECOND = 2**63 // 10**9 - 1

_LIMITS = {"src_port": 65_535, "dst_port": 65_535, "ip_proto": 255, "vlan": 4_095}
_COUNTS = ("src_bytes", "dst_bytes", "missed_bytes", "src_pkts", "src_ip_bytes", "dst_pkts", "dst_ip_bytes")


def flow_rows(
    texts: dict[str, pa.StringArray], rows: int, first_row: int, count: Callable[[str, int], None]
) -> tuple[pa.RecordBatch, pa.BooleanArray]:
    """Read columns of text as FLOW rows.

    Args:
        texts: By FLOW name, [rows]; columns that the log does not have are absent.
        rows: Rows of the input.
        first_row: Number of the first row in its log; a row without uid is called after it.
        count: Called with the name of an anomaly and how many rows had it.

    Returns:
        The FLOW rows, and for each row of the input whether it is among them.
    """
    columns: dict[str, object] = {}
    for name, text in texts.items():
        value = _read(name, text)
        if name == "ts":
            masked = _true(pc.match_substring_regex(text, _MASKED))
            count("ts_masked", masked)
        unreadable = value.null_count - text.null_count - (masked if name == "ts" else 0)
        count(f"{name}_unreadable", unreadable)
        columns[name] = value
    uid = columns.get("uid")
    missing = rows if uid is None else uid.null_count  # type: ignore[attr-defined]  # pyarrow has no types
    if missing:
        count("uid_missing", missing)
        numbered = pa.array([f"row-{row}" for row in range(first_row, first_row + rows)], pa.string())
        columns["uid"] = numbered if uid is None else pc.coalesce(uid, numbered)
    nowhere = pa.nulls(rows, pa.string())
    kept = pc.and_(pc.is_valid(columns.get("src_ip", nowhere)), pc.is_valid(columns.get("dst_ip", nowhere)))
    count("address_missing", rows - _true(kept))
    columns["part"] = pa.array(["final"] * rows, pa.string())
    columns["part_reason"] = pa.array(["record"] * rows, pa.string())
    batch = flow_batch(columns, rows)
    return (batch if _true(kept) == rows else batch.filter(kept)), kept


def _read(name: str, text: pa.StringArray) -> pa.Array:
    if name == "ts":
        return _times(text)
    if name in {"src_ip", "dst_ip"}:
        return _where(text, _addresses(text))
    if name == "proto":
        return _where(text, pc.is_in(text, pa.array(PROTOCOLS)))
    if name == "duration":
        return _where(text, pc.match_substring_regex(text, _DECIMAL)).cast(pa.float64())
    if name in _LIMITS:
        numbers = _whole(text)
        return _where(numbers, pc.less_equal(numbers, _LIMITS[name]))
    return _whole(text) if name in _COUNTS else text


def _whole(text: pa.StringArray) -> pa.Int64Array:
    good = _where(text, pc.match_substring_regex(text, _WHOLE))
    if _true(pc.match_substring(good, ".")):
        good = pc.replace_substring_regex(good, r"\.0+$", "")
    return good.cast(pa.int64())


def _times(text: pa.StringArray) -> pa.TimestampArray:
    parts = pc.extract_regex(text, _SECONDS)
    whole = pc.struct_field(parts, "whole").cast(pa.int64())
    part = pc.struct_field(parts, "part")
    if whole.null_count > text.null_count:
        parts = pc.extract_regex(text, _ISO)
        moments = pc.strptime(pc.struct_field(parts, "whole"), "%Y-%m-%dT%H:%M:%S", unit="s", error_is_null=True)
        whole = pc.coalesce(whole, moments.cast(pa.int64()))
        part = pc.coalesce(part, pc.struct_field(parts, "part"))
    whole = _where(whole, pc.and_(pc.less_equal(whole, _LAST_SECOND), pc.greater_equal(whole, 0)))
    digits = pc.utf8_slice_codeunits(pc.utf8_rpad(part, 9, "0"), 0, 9)
    return pc.add(pc.multiply(whole, 1_000_000_000), digits.cast(pa.int64())).cast(TIMESTAMP)


def _addresses(text: pa.StringArray) -> pa.BooleanArray:
    ipv4 = pc.match_substring_regex(text, _IPV4)
    if _true(ipv4) == len(text) - text.null_count:
        return ipv4
    others = pc.unique(text.filter(pc.invert(ipv4))).to_pylist()
    return pc.or_(ipv4, pc.is_in(text, pa.array(_ipv6(others), pa.string())))


def _ipv6(texts: Iterable[str | None]) -> list[str]:
    good = []
    for text in texts:
        try:
            socket.inet_pton(socket.AF_INET6, text or "")
        except (OSError, ValueError):
            continue
        good.append(text or "")
    return good


def _where(values: pa.Array, good: pa.BooleanArray) -> pa.Array:
    return pc.if_else(good, values, pa.scalar(None, values.type))


def _true(values: pa.BooleanArray) -> int:
    return pc.sum(values, min_count=0).as_py() or 0
