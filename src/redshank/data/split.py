"""Splits by seed, and the checks that refuse a leak.

In: classes or a number of rows. Out: row numbers of each part. Nothing here looks at features but the checks.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from redshank.data.clean import Classes, Floats, groups

Rows = npt.NDArray[np.int64]


def stratified(y: Classes, shares: Sequence[float], seed: int) -> list[Rows]:
    """Split row numbers so that every class is in every part by its share.

    A class with at least as many rows as there are parts is in every part, however small its share. A class with fewer
    goes to the parts with the largest shares, one row each.

    Args:
        y: Class of each row.
        shares: Share of each part, above 0; they sum to 1.
        seed: The same seed gives the same parts.

    Shape:
        y: [n] int64; returns: one [n_i] int64 per part, shuffled; together they are 0 to n - 1, each once.

    Raises:
        ValueError: If the shares are not above 0 or do not sum to 1.

    Example:
        >>> parts = stratified(np.array([0] * 10 + [1] * 10), (0.5, 0.5), seed=0)
        >>> [np.bincount(np.array([0] * 10 + [1] * 10)[rows]).tolist() for rows in parts]
        [[5, 5], [5, 5]]
    """
    wanted = np.asarray(shares, dtype=np.float64)
    if not len(wanted) or (wanted <= 0).any() or abs(wanted.sum() - 1) > 1e-9:
        raise ValueError(f"shares {list(shares)} must be above 0 and sum to 1")
    parts: list[list[Rows]] = [[] for _ in shares]
    for label in np.unique(y):
        rows = np.random.default_rng([seed, int(label)]).permutation(np.flatnonzero(y == label))
        ends = np.cumsum(_sizes(len(rows), wanted))[:-1]
        for part, some in zip(parts, np.split(rows, ends), strict=True):
            part.append(some)
    shuffle = np.random.default_rng(seed)
    return [shuffle.permutation(np.concatenate(part or [np.empty(0, np.int64)])).astype(np.int64) for part in parts]


def _sizes(rows: int, shares: npt.NDArray[np.float64]) -> Rows:
    """Give each part its share of `rows`, rounded by largest remainder, and at least one row where that is possible."""
    if rows < len(shares):
        sizes = np.zeros(len(shares), dtype=np.int64)
        sizes[np.argsort(-shares, kind="stable")[:rows]] = 1
        return sizes
    exact = shares * rows
    sizes = np.floor(exact + 1e-9).astype(np.int64)
    sizes[np.argsort(sizes - exact, kind="stable")[: rows - sizes.sum()]] += 1
    while (sizes == 0).any():
        sizes[np.argmax(sizes)] -= 1
        sizes[np.argmin(sizes)] += 1
    return sizes


def shuffled(rows: int, shares: Sequence[float], seed: int) -> list[Rows]:
    """Split row numbers at random; the last part is rounded up, as scikit-learn's `train_test_split` rounds its test.

    Shape:
        returns: one [n_i] int64 per part; together they are 0 to rows - 1, each once.

    Raises:
        ValueError: If the shares are not above 0 or do not sum to 1.

    Example:
        >>> [len(part) for part in shuffled(211_043, (0.8, 0.2), seed=0)]
        [168834, 42209]
    """
    if not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"shares {list(shares)} must be above 0 and sum to 1")
    last = int(np.ceil(shares[-1] * rows - 1e-9))
    before = np.asarray(shares[:-1], dtype=np.float64)
    sizes = _sizes(rows - last, before / before.sum()) if len(before) else np.empty(0, np.int64)
    return [part.astype(np.int64) for part in np.split(np.random.default_rng(seed).permutation(rows), np.cumsum(sizes))]


def shared_rows(seen: Floats, x: Floats) -> Rows:
    """Return which rows of `x` hold a vector that is also in `seen`.

    Shape:
        seen: [n, c] float32; x: [m, c] float32; returns: [s] int64, ascending.
    """
    number = groups(np.concatenate([seen, x]))
    return np.flatnonzero(np.isin(number[len(seen) :], number[: len(seen)])).astype(np.int64)


def require_disjoint(parts: Mapping[str, Floats]) -> None:
    """Make sure that no vector is in two parts.

    Raises:
        ValueError: If one is; both parts and the row are named.

    Example:
        >>> require_disjoint({"train": np.zeros((2, 1), np.float32), "test": np.zeros((1, 1), np.float32)})
        Traceback (most recent call last):
        ValueError: test row 0 has the same vector as a row of train
    """
    names = list(parts)
    for at, name in enumerate(names):
        for earlier in names[:at]:
            shared = shared_rows(parts[earlier], parts[name])
            if shared.size:
                raise ValueError(f"{name} row {shared[0]} has the same vector as a row of {earlier}")
