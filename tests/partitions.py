"""A drawn dataset that knows all that a protocol asks for: devices, times, captures, own columns, an official split."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from redshank.core.schema import TIMESTAMP, flow_batch
from redshank.data.dataset import Labelled, Own
from redshank.data.datasets.ton_iot import TonIot
from redshank.data.parts import PARTS, Part, Parts

FAMILIES = ("benign", "dos", "scanning")
DEVICES = 12


def labelled(rows: int = 400, seed: int = 0, families: tuple[str, ...] = FAMILIES, name: str = "drawn") -> Labelled:
    """Draw flows with many duplicates and some conflicts, sorted by family as ToN_IoT is, one every ten seconds."""
    rng = np.random.default_rng(seed)
    family = np.sort(rng.choice(families, rows))
    sizes = np.where(rng.random(rows) < 0.5, rng.integers(1, 30, rows), rng.integers(30, 3000, rows))
    device = rng.integers(0, DEVICES, rows)
    ts = np.sort(rng.integers(0, 10 * rows, rows))
    source = [f"10.0.0.{n}" for n in device]
    columns = {
        "ts": pa.array(ts * 10**9).cast(TIMESTAMP),
        "src_ip": source,
        "dst_ip": [f"10.0.0.{n}" for n in (device * 5 + sizes % 3) % DEVICES],
        "src_port": sizes + 1000,
        "proto": ["tcp"] * rows,
        "duration": sizes / 8,
        "src_bytes": sizes * 10,
        "dst_bytes": sizes * 20,
        "conn_state": ["SF"] * rows,
        "missed_bytes": [0] * rows,
        "src_pkts": sizes,
        "src_ip_bytes": sizes * 50,
        "dst_pkts": sizes,
        "dst_ip_bytes": (family == "dos") * 100 + sizes,
    }
    own = {
        "ts": ts.astype(float),
        "saddr": source,
        "size": sizes,
        "word": [f"w{n}" for n in sizes % 7],
        "odd": sizes % 2 == 1,
        "site": [f"s{n}" for n in device],
        "gap": (family == "dos") * 100 + sizes,
    }
    raw = pa.table(
        {
            "ts": own["ts"],
            "src_ip": source,
            "src_port": sizes,
            "http_uri": own["word"],
            "size": sizes,
            "gap": own["gap"],
        }
    )
    return Labelled(
        flow_batch(columns, rows),
        family,
        raw,
        f"{seed:064x}",
        name,
        ("a note",),
        own=Own(pa.table(own), frozenset({"site"}), frozenset({"size"}), {"size": "bytes"}),
        official=np.where(rng.random(rows) < 0.7, "train", "test"),
        capture=np.array([f"c{n}" for n in device % 6]),
    )


@cache
def ton_iot(data: Path) -> Labelled:
    """Read ToN_IoT's network table of the shared data once for all tests that split it."""
    return TonIot().load(data / "data" / "ton_iot")


def each(parts: Parts) -> list[Part]:
    """Return the four parts."""
    return [getattr(parts, name) for name in PARTS]


def rows_of(part: Part) -> list[int]:
    """Return every row of the dataset that a part stands for, ascending."""
    return sorted(part.counted()[1].tolist())
