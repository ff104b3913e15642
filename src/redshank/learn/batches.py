"""Give training rows in a new order each epoch, from memory or from a file of any size.

In: rows as an array or a memory-mapped file, classes, weights. Out: windows of rows in random order; a batch is a slice
of a window.
The one idea: rows are gathered once per window, not once per batch or row. A table in memory is shuffled as a whole. A
file is shuffled in blocks, and the blocks of a window once more row by row: it is read in long runs, and no more than a
window of it is ever in memory.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from redshank.learn.model import Classes, Floats

WINDOW_ROWS = 1 << 18  # 45 MB of 41 columns
BLOCK_ROWS = 4096  # of 41 columns are 670 kB: long enough that a disk reads, not seeks

Window = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Batches:
    """Training rows.

    Args:
        x: Rows; a `numpy.memmap` stays on disk.
        y: Classes.
        weight: Weight of each row.
        size: Rows per batch; a window holds whole batches.
        window: Most rows in a window, if a batch is not larger.
        repeat: Whether rows of rare classes are drawn again, anew each epoch, until every class has as many rows as
            the largest.

    Shape:
        x: [n, w] float32; y, weight: [n].
    """

    def __init__(
        self,
        x: Floats,
        y: Classes,
        weight: Floats,
        size: int,
        *,
        window: int = WINDOW_ROWS,
        repeat: bool = False,
    ) -> None:
        self.x, self.y, self.weight, self.size = x, y, weight, size
        self.window = max(size, window // size * size)
        self.block = max(1, min(BLOCK_ROWS, self.window // 16))
        counts = np.bincount(y)
        self.missing = np.where(counts > 0, counts.max() - counts, 0) if repeat else np.zeros_like(counts)
        self.rows = len(y) + int(self.missing.sum())
        self.batches = -(-self.rows // size)

    def windows(self, order: torch.Generator) -> Iterator[Window]:
        """Give every row once, rare ones more often if asked, in an order drawn from `order`."""
        for rows in torch.split(self._order(order), self.window):
            at = rows.numpy()
            if isinstance(self.x, np.memmap):
                rising = np.argsort(at, kind="stable")  # the file is read forwards
                taken = np.empty((len(at), self.x.shape[1]), dtype=np.float32)
                taken[rising] = self.x[at[rising]]
                x = torch.from_numpy(taken)
            else:
                x = torch.from_numpy(self.x).index_select(0, rows)
            yield x, torch.from_numpy(self.y[at]), torch.from_numpy(self.weight[at])

    def _order(self, order: torch.Generator) -> torch.Tensor:
        rows = torch.arange(len(self.y))
        if self.missing.any():
            rows = torch.cat([rows, *(self._again(c, int(n), order) for c, n in enumerate(self.missing) if n)])
            if isinstance(self.x, np.memmap):
                rows = rows.sort().values
        if not isinstance(self.x, np.memmap):
            return rows[torch.randperm(len(rows), generator=order)]
        blocks = torch.split(rows, self.block)
        mixed = torch.cat([blocks[i] for i in torch.randperm(len(blocks), generator=order)])
        parts = torch.split(mixed, self.window)
        return torch.cat([part[torch.randperm(len(part), generator=order)] for part in parts])

    def _again(self, wanted: int, count: int, order: torch.Generator) -> torch.Tensor:
        rows = torch.from_numpy(np.flatnonzero(self.y == wanted))
        return rows[torch.randint(len(rows), (count,), generator=order)]


def class_weights(y: Classes) -> Floats:
    """Return a weight per row so that every class that is there weighs the same; the mean is 1.

    Example:
        >>> class_weights(np.array([0] * 6 + [1] * 2)).astype(str).tolist()[-3:]
        ['0.6666667', '2.0', '2.0']
    """
    counts = np.bincount(y)
    weights: npt.NDArray[np.float32] = (len(y) / (np.count_nonzero(counts) * counts[y])).astype(np.float32)
    return weights


def repeated(y: Classes, seed: int) -> npt.NDArray[np.int64]:
    """Return row numbers in which every class that is there stands as often as the largest.

    Example:
        >>> np.sort(repeated(np.array([0, 0, 0, 1]), seed=0)).tolist()
        [0, 1, 2, 3, 3, 3]
    """
    rng, counts = np.random.default_rng(seed), np.bincount(y)
    more = [rng.choice(np.flatnonzero(y == c), counts.max() - n) for c, n in enumerate(counts) if n]
    return np.concatenate([np.arange(len(y)), *more])
