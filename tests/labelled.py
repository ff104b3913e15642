"""A small labelled dataset of drawn flows, for tests of training and of the commands around it."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa

from bundles import flows
from redshank.core.errors import SourceError
from redshank.core.registry import Kind
from redshank.core.schema import BENIGN
from redshank.data.dataset import Dataset, Labelled

KINDS = ("benign", "benign", "benign", "scanning", "dos")


def labelled(rows: int = 600, seed: int = 0, kinds: Sequence[str] = KINDS, name: str = "drawn") -> Labelled:
    """Draw flows of `kinds` in turn; the dataset's own table has two of their columns."""
    family = np.array([kinds[i % len(kinds)] for i in range(rows)])
    batch = flows(family.tolist(), seed=seed)
    raw = pa.table({"src_ip": batch.column("src_ip"), "src_ip_bytes": batch.column("src_ip_bytes")})
    return Labelled(batch, family, raw, f"{seed:064x}", name, notes=("drawn in tests/labelled.py",))


class Drawn(Dataset):
    """The dataset that `labelled` draws; its file holds how many rows there are, and the seed."""

    name: ClassVar[str] = "drawn"
    families: ClassVar[tuple[str, ...]] = (BENIGN, "dos", "scanning", "strange")

    def load(self, path: Path) -> Labelled:
        """Draw what the file says."""
        try:
            rows, seed = (int(word) for word in path.read_text().split())
        except (OSError, ValueError):
            raise SourceError(f"drawn: '{path}' is not a file of two numbers") from None
        return labelled(rows, seed)


class DrawnKind(Kind[Dataset]):
    """A registry that knows `Drawn` beside the real datasets."""

    def find(self, name: str, where: str = "") -> type[Dataset]:
        """Return `Drawn`, or what the folder has."""
        return Drawn if name == Drawn.name else super().find(name, where)


DRAWN: Kind[Dataset] = DrawnKind("redshank.data.datasets", Dataset, "dataset")
