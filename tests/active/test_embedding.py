import numpy as np
import pytest

from redshank.active.embedding import COORDINATES, Embedding
from redshank.features.feature_set import Column

COLUMNS = (
    Column("src_bytes", "bytes", heavy_tail=True),
    Column("duration", "s", heavy_tail=True),
    Column("proto", "category", ("tcp", "udp", "icmp")),
)


def _rows(n: int = 300) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rng = np.random.default_rng(0)
    x = np.stack([rng.lognormal(8, 2, n), rng.exponential(1, n), rng.integers(0, 5, n)], axis=1).astype(np.float32)
    x[::7, 1] = np.nan
    return x


@pytest.fixture(scope="module")
def embedding() -> Embedding:
    return Embedding(_rows(), COLUMNS)


def test_a_row_lies_in_the_same_place_alone_and_among_others(embedding: Embedding) -> None:
    x = _rows()
    together = embedding.points(x)
    alone = np.concatenate([embedding.points(x[i : i + 1]) for i in range(20)])
    assert together.dtype == np.float32
    assert together.shape[1] <= COORDINATES
    assert np.allclose(together[:20], alone, atol=1e-6)


def test_no_unit_decides_a_distance() -> None:
    x = _rows()
    scaled = x * np.array([1000.0, 1.0, 1.0], np.float32)
    one, other = Embedding(x, COLUMNS).points(x), Embedding(scaled, COLUMNS).points(scaled)
    between = np.linalg.norm(one[:50, None] - one[None, :50], axis=2)
    assert np.allclose(between, np.linalg.norm(other[:50, None] - other[None, :50], axis=2), atol=0.05)


def test_what_no_other_row_resembles_is_unusual() -> None:
    x = _rows()
    x[5] = (4e9, 90_000.0, 3)
    embedding = Embedding(x, COLUMNS, seed=1)
    scores = embedding.anomaly(x)
    assert scores.argmax() == 5
    assert ((scores >= 0) & (scores <= 1)).all()


def test_hostile_values_have_a_place() -> None:
    x = _rows()
    x[0], x[1], x[2] = np.inf, -np.inf, np.nan
    embedding = Embedding(x, COLUMNS)
    points = embedding.points(x)
    assert np.isfinite(points).all()
    assert np.isfinite(embedding.anomaly(x)).all()


def test_a_sequence_lies_where_all_its_steps_do() -> None:
    x = _rows()
    pairs = np.concatenate([x[:-1], x[1:]], axis=1)
    points = Embedding(pairs, COLUMNS, steps=2).points(pairs)
    assert len(points) == len(pairs)
    turned = np.concatenate([x[1:], x[:-1]], axis=1)
    assert not np.allclose(Embedding(pairs, COLUMNS, steps=2).points(turned), points)


def test_no_rows_have_no_points(embedding: Embedding) -> None:
    empty = np.empty((0, 3), np.float32)
    assert len(embedding.points(empty)) == len(embedding.anomaly(empty)) == 0


def test_the_same_seed_gives_the_same_places(embedding: Embedding) -> None:
    x = _rows()
    other = Embedding(x, COLUMNS)
    assert np.array_equal(embedding.points(x), other.points(x))
    assert np.array_equal(embedding.anomaly(x), other.anomaly(x))
