"""Raw feature values for tests of models: every kind of column, absent values, codes that no vocabulary has."""

import numpy as np

from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats

COLUMNS = (
    Column("src_bytes", "bytes", heavy_tail=True),
    Column("duration", "s", heavy_tail=True),
    Column("share", "1"),
    Column("proto", "category", ("tcp", "udp", "icmp")),
    Column("service", "category", ("dns", "http", "mqtt", "ssl")),
    Column("never", "bytes", heavy_tail=True),
)
PROTO = 3
"""Index of the first category."""


def raw(rows: int, seed: int = 0) -> Floats:
    """Draw rows; one value in ten is absent, the last column always."""
    rng = np.random.default_rng(seed)
    columns = [rng.lognormal(5, 3, rows), rng.lognormal(-6, 4, rows), rng.random(rows), rng.integers(0, 5, rows)]
    x = np.stack([*columns, rng.integers(0, 6, rows), np.full(rows, np.nan)], axis=1)
    x[:, 1:][rng.random((rows, 5)) < 0.1] = np.nan
    return x.astype(np.float32)


def classes(x: Floats, n_classes: int = 3) -> Classes:
    """Class 0 below 100 bytes, 1 above, 2 above if it is UDP."""
    y = np.where(x[:, 0] > 100, 1 + (x[:, PROTO] == 3), 0)
    return np.minimum(y, n_classes - 1).astype(np.int64)
