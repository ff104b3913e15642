import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bundles import flows
from drawn import examples
from redshank.active.candidates import SLACK, Candidates, draws
from redshank.core.schema import flow_batch


def _kept(x: np.ndarray, cuts: list[int], most: int, seed: int = 1) -> list[str]:
    candidates = Candidates(most, seed)
    for part in np.split(np.arange(len(x)), sorted(cuts)):
        candidates.add(
            flow_batch({"uid": [f"C{row}" for row in part], "part": ["final"] * len(part)}, len(part)), x[part]
        )
    batch, kept = candidates.kept()
    uids: list[str] = batch.column("uid").to_pylist()
    assert np.array_equal(kept, x[[int(uid[1:]) for uid in uids]].reshape(kept.shape))
    return uids


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(1, 60), st.integers(0, 80), st.lists(st.integers(0, 80), max_size=4), st.integers(0, 2**31))
def test_neither_order_nor_batches_choose(most: int, rows: int, cuts: list[int], seed: int) -> None:
    x = np.random.default_rng(seed).integers(0, 6, (rows, 2)).astype(np.float32)
    kept = _kept(x, [min(cut, rows) for cut in cuts], most)
    distinct = len(np.unique(x, axis=0)) if rows else 0
    assert len(kept) == min(most, distinct)
    assert kept == sorted(kept, key=lambda uid: int(uid[1:]))
    vectors = {tuple(x[int(uid[1:])]) for uid in kept}
    assert len(vectors) == len(kept)
    turned = _kept(x[::-1].copy(), [], most)
    assert {tuple(x[::-1][int(uid[1:])]) for uid in turned} == vectors


def test_every_vector_is_as_likely_to_be_kept() -> None:
    x = np.arange(400, dtype=np.float32)[:, None]
    counts = np.zeros(400)
    for seed in range(50):
        counts[[int(uid[1:]) for uid in _kept(x, [], 100, seed)]] += 1
    assert abs(counts.mean() - 12.5) < 1e-9
    assert counts.min() > 1
    assert counts.max() < 27


def test_interim_rows_and_unwanted_vectors_are_no_candidates() -> None:
    batch = flows(["benign", "dos", "scanning"], part=["final", "interim", "final"])
    x = np.array([[1, 2], [3, 4], [5, np.nan]], dtype=np.float32)
    candidates = Candidates(10, 0, without=np.array([[5, np.nan]], dtype=np.float32))
    candidates.add(batch, x)
    assert candidates.kept()[1].tolist() == [[1, 2]]
    assert candidates.flows_seen == 2


def test_an_empty_stream_has_no_candidates() -> None:
    batch, x = Candidates(3).kept()
    assert (batch.num_rows, len(x)) == (0, 0)


def test_draws_look_like_draws() -> None:
    x = np.random.default_rng(0).normal(size=(20_000, 3)).astype(np.float32)
    shares = draws(x, 0).astype(np.float64) / 2**64
    assert np.histogram(shares, bins=10, range=(0, 1))[0].min() > 1_800
    assert len(np.unique(draws(x, 0))) == len(x)
    assert (draws(x, 0) != draws(x, 1)).all()


def test_what_is_held_is_bounded_however_many_different_flows_come() -> None:
    candidates, x = Candidates(40, seed=3), np.arange(4_000, dtype=np.float32)[:, None]
    for part in np.split(x, 80):
        candidates.add(flow_batch({"part": ["final"] * len(part)}, len(part)), part)
        assert sum(len(one) for one in candidates._x) <= SLACK * 40 + len(part)
        assert sum(len(one) for one in candidates._flows) == len(candidates._draws)
    assert (candidates.flows_seen, len(candidates.kept()[1])) == (4_000, 40)
