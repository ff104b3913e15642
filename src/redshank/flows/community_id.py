"""Community ID: one name for a flow that other tools compute too.

In: ROW records, whose key is already in the canonical order that the specification asks for. Out: "1:" and the
base64 SHA-1 of seed, addresses, protocol and ports. Null for SCTP: its ports are part of the name, and not metered.
Source: https://github.com/corelight/community-id-spec, version 1, seed 0.
"""

import base64
import hashlib
import struct
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from redshank.flows.orient import ICMP, ICMPV6, TCP, UDP

_SCTP = 132
_WITH_PORTS = (ICMP, TCP, UDP, ICMPV6)
_V4 = struct.Struct(">HIIBB")
_V6 = struct.Struct(">HQQQQBB")
_PORTS = struct.Struct(">HH")


def community_ids(rows: npt.NDArray[Any]) -> pa.StringArray:
    """Return the Community ID of each row.

    Args:
        rows: ROW records; two-way flows in canonical order, one-way ICMP as sent.

    Example:
        >>> import numpy as np
        >>> from redshank.flows.table import ROW
        >>> row = np.zeros(1, ROW)
        >>> row["version"], row["proto"], row["a_port"], row["b_port"] = 4, 6, 80, 34855
        >>> row["a_lo"], row["b_lo"] = 0x42230FAE2E, 0x80E8E5A4
        >>> len(community_ids(row)[0].as_py())
        30
    """
    texts: list[str | None] = []
    columns = [rows[name].tolist() for name in ("version", "proto", "a_hi", "a_lo", "b_hi", "b_lo", "a_port", "b_port")]
    for version, proto, a_hi, a_lo, b_hi, b_lo, a_port, b_port in zip(*columns, strict=True):
        if proto == _SCTP:
            texts.append(None)
            continue
        if version == 4:
            text = _V4.pack(0, a_lo & 0xFFFFFFFF, b_lo & 0xFFFFFFFF, proto, 0)
        else:
            text = _V6.pack(0, a_hi, a_lo, b_hi, b_lo, proto, 0)
        if proto in _WITH_PORTS:
            text += _PORTS.pack(a_port, b_port)
        digest = hashlib.sha1(text, usedforsecurity=False).digest()
        texts.append("1:" + base64.b64encode(digest).decode())
    return pa.array(texts, pa.string())
