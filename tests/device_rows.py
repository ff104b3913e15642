"""DEVICE rows for tests that keep devices."""

from typing import Any

import pyarrow as pa

from redshank.core.schema import DEVICE

S = 1_000_000_000


def rows(*devices: dict[str, Any]) -> pa.RecordBatch:
    """Return a row for each; what is given replaces a plain one's values."""
    plain: dict[str, Any] = {
        "mac": "02:00:00:00:00:01", "ips": ["10.0.0.7"], "vendor": "Lamps", "first_seen": 10 * S, "last_seen": 20 * S,
        "offers": ["http"], "uses": [], "peers": [], "flows": 5, "sent_bytes": 100, "received_bytes": 50,
    }  # fmt: skip
    return pa.RecordBatch.from_pylist([plain | device for device in devices], schema=DEVICE)
