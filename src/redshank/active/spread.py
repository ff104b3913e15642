"""Where questions go so that they do not all fall in one place: samples, distances, groups, turns.

In: points of an `Embedding`. Out: row numbers, distances, groups. The one idea: what compares rows with rows compares a
bounded, seeded sample of them, so that a round on millions of candidates costs what one on thousands does; no matrix
of all against all is ever made.
Source: Gonzalez, Theoretical Computer Science 38, 1985 (farthest first); Hacohen, Dekel, Weinshall, ICML 2022
(typicality); Sculley, WWW 2010 (k-means on small batches), by scikit-learn.
"""

import heapq
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans
from sklearn.neighbors import NearestNeighbors

from redshank.active.strategy import lowest_first

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

NEIGHBORS = 20  # as published for typicality
PASSES = 3  # over the points, when they are grouped; further ones hardly move the centers
BATCH = 2_048
BLOCK = 1_024  # rows whose distances are held at a time
COMPARED = 500  # rows of a group that are compared with each other


def sample(rows: int, most: int, seed: int) -> Ints:
    """Return row numbers in random order: all of them, or `most` of them.

    Example:
        >>> sorted(sample(3, 10, seed=0).tolist())
        [0, 1, 2]
    """
    return np.random.default_rng(seed).permutation(rows)[:most].astype(np.int64)


def nearest(points: Floats, others: Floats) -> Floats:
    """Return the squared distance of each point to the nearest of others; infinite if there are none.

    Shape:
        points: [n, d]; others: [m, d]; returns: [n] float32.
    """
    if not (len(points) and len(others)):
        return np.full(len(points), np.inf, np.float32)
    return np.concatenate([block.min(axis=1) for block in squared_distances(points, others)])


def squared_distances(points: Floats, others: Floats) -> Iterator[Floats]:
    """Yield the squared distances of some points at a time to all of others, none below 0.

    Shape:
        points: [n, d], n at least 1; others: [m, d]; yields: [at most `BLOCK`, m] float32.
    """
    squares = (others * others).sum(axis=1)
    for i in range(0, len(points), BLOCK):
        block = points[i : i + BLOCK]
        apart = block @ others.T
        apart *= -2
        apart += squares
        apart += (block * block).sum(axis=1)[:, None]
        yield np.maximum(apart, 0, out=apart)


def mean_distance(points: Floats, among: Floats, neighbors: int = NEIGHBORS) -> Floats:
    """Return the mean distance of each point to its nearest neighbors: small in a crowd.

    Args:
        points: Whose.
        among: Where its neighbors are looked for; a point that is in there is a neighbor of itself.
        neighbors: How many, fewer if there are fewer.

    Shape:
        points: [n, d]; among: [m, d], m at least 1; returns: [n] float32.
    """
    index = NearestNeighbors(n_neighbors=min(neighbors, len(among)), algorithm="brute").fit(among)
    return np.asarray(index.kneighbors(points)[0].mean(axis=1), dtype=np.float32)


def farthest_first(points: Floats, apart: Floats, size: int) -> Ints:
    """Take the point that is farthest from what is covered, which then is covered too, and so on (greedy k-center).

    Args:
        points: Where rows lie; among equals the first is taken.
        apart: Squared distance of each to what is covered already, as `nearest` gives it.
        size: How many at most.

    Shape:
        points: [n, d]; apart: [n]; returns: [min(size, n)] int64.

    Example:
        >>> line = np.array([[0.0], [1.0], [5.0], [9.0]], dtype=np.float32)
        >>> farthest_first(line, nearest(line, line[:1]), 2).tolist()
        [3, 2]
    """
    open_apart, squares = apart.copy(), (points * points).sum(axis=1)
    picked = np.empty(min(size, len(points)), np.int64)
    for i in range(len(picked)):
        at = picked[i] = int(open_apart.argmax())
        np.minimum(open_apart, squares - 2 * (points @ points[at]) + squares[at], out=open_apart)
        open_apart[at] = -np.inf
    return picked


def groups(points: Floats, known: Floats, count: int, seed: int) -> tuple[Ints, Ints]:
    """Group points by where they lie.

    Args:
        points: At least one.
        known: Points that have a label.
        count: Groups; at least one, at most a group for each point.
        seed: Of the first centers.

    Shape:
        returns: the group of each point [n], and how many of `known` lie in each group [count].
    """
    many = max(1, min(count, len(points)))
    means = MiniBatchKMeans(
        many, n_init=1, max_iter=PASSES, batch_size=BATCH, reassignment_ratio=0.0, random_state=seed
    ).fit(points)
    covered = np.bincount(means.predict(known), minlength=many) if len(known) else np.zeros(many, np.int64)
    return means.labels_.astype(np.int64), covered.astype(np.int64)


def typical_first(points: Floats, group: Ints, covered: Ints, size: int, seed: int) -> Ints:
    """Take rows from the least covered groups, the largest first, and from each its most typical.

    Args:
        points: Where rows lie.
        group: The group of each.
        covered: Labels that each group has; a row that is taken counts as one.
        size: How many at most.
        seed: Of which rows of a large group are compared, and of the order among equals.

    Shape:
        points: [n, d]; group: [n]; covered: [g]; returns: [min(size, n)] int64.
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(points))
    order = shuffled[np.argsort(group[shuffled], kind="stable")]
    ends = np.cumsum(np.bincount(group, minlength=len(covered)))
    members = np.split(order, ends[:-1])
    queue = [(int(covered[g]), -len(rows), int(tie), int(g)) for g, (rows, tie) in enumerate(
        zip(members, rng.permutation(len(covered)), strict=True)) if len(rows)]  # fmt: skip
    heapq.heapify(queue)
    ranked: dict[int, list[int]] = {}
    picked: list[int] = []
    while queue and len(picked) < size:
        has, minus_size, tie, g = heapq.heappop(queue)
        if g not in ranked:
            some, rest = members[g][:COMPARED], members[g][COMPARED:]
            apart = mean_distance(points[some], points[some])
            ranked[g] = [*rest[::-1].tolist(), *some[lowest_first(apart, len(some), seed)][::-1].tolist()]
        picked.append(ranked[g].pop())
        if ranked[g]:
            heapq.heappush(queue, (has + 1, minus_size, tie, g))
    return np.array(picked, dtype=np.int64)


def in_turns(group: Ints, scores: Floats, size: int, seed: int, turn: Ints) -> Ints:
    """Take one row of each group, then a second one of each, and so on; a group that has no more is passed over.

    Args:
        group: The group of each row.
        scores: Low is taken first within a group.
        size: How many at most.
        seed: Of the order among equals.
        turn: When each group has its turn, low first.

    Shape:
        group, scores: [n]; turn: [g]; returns: [min(size, n)] int64.

    Example:
        >>> in_turns(np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 0.9]), 3, seed=0, turn=np.array([1, 0])).tolist()
        [3, 0, 1]
    """
    best = lowest_first(scores, len(scores), seed)
    by_group = best[np.argsort(group[best], kind="stable")]
    of = group[by_group]
    starts = np.searchsorted(of, of)
    return by_group[np.lexsort((turn[of], np.arange(len(of)) - starts))][:size]
