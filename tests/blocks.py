"""Traffic of twenty devices, drawn, and the reference of a period of it, for tests of drift."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.detect.reference import Reference, reference_of
from redshank.features.feature_set import Column

COLUMNS = (Column("proto", "category", ("tcp", "udp", "icmp")), Column("src_bytes", "bytes"), Column("gap", "s"))
SECOND = 1_000_000_000


def traffic(n: int, seed: int, shift: float = 0.0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], pa.Array]:
    """Draw flows of twenty devices; `shift` moves the bytes, by standard deviations."""
    rng = np.random.default_rng(seed)
    x = np.stack([rng.integers(2, 5, n), rng.normal(shift, 1, n), rng.exponential(1, n)], axis=1).astype(np.float32)
    x[rng.random(n) < 0.1, 2] = np.nan
    p = rng.uniform(0.001, 1, n)
    return x, p, pa.array([f"10.0.{i % 2}.{i}" for i in rng.integers(0, 20, n)])


def known(n: int = 2400, seed: int = 0) -> Reference:
    """Return the reference of a period; 2,400 flows are 24 blocks of 100."""
    return reference_of(*traffic(n, seed), COLUMNS)


def times(n: int, begin: int = 0) -> npt.NDArray[np.int64]:
    """Return packet times a second apart."""
    return (begin + np.arange(n)) * SECOND
