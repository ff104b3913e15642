"""Splits by seed, and the checks that refuse a leak.

In: classes, a number of rows, or which rows are equal. Out: row numbers of each part. Nothing here looks at features
but the checks.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from redshank.data.clean import Classes, Floats, deduplicate, groups

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


def by_vector(number: Rows, y: Classes, among: Rows, shares: Sequence[float], seed: int) -> list[Rows]:
    """Split rows so that equal ones stay together, and every class of distinct vectors is in every part by its share.

    Args:
        number: Which rows are equal: those with the same number.
        y: Class of each row; the class of a vector is that of most of its rows.
        among: The rows to split.
        shares: Share of each part in the distinct vectors, above 0; they sum to 1.
        seed: The same seed gives the same parts.

    Shape:
        number, y: [n] int64; among: [m] int64, ascending; returns: one [m_i] int64 per part; together they are
            `among`, each once. The rows of a vector are neighbors, the vectors are shuffled.

    Example:
        >>> rows = by_vector(np.array([7, 7, 8, 9]), np.array([0, 0, 0, 0]), np.arange(4), (0.5, 0.5), seed=0)
        >>> [0 in part and 1 in part for part in rows].count(True)
        1
    """
    # Numbered anew in the order of first appearance, so that a split of all rows does not depend on how it was asked.
    _, first, at = np.unique(number[among], return_index=True, return_inverse=True)
    group = np.argsort(np.argsort(first))[at]
    vectors = deduplicate(np.empty((len(among), 0), np.float32), y[among], group)
    parts = []
    for chosen in stratified(vectors.y, shares, seed):
        place = np.full(len(vectors.y), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        at = np.flatnonzero(place[group] >= 0)
        parts.append(among[at[np.argsort(place[group[at]], kind="stable")]])
    return parts


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
