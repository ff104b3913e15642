import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.active.paired import COUNTED, FPR, METRICS, Pair, Said
from redshank.data.parts import OTHER_FAMILY
from redshank.learn import measures

K = 3


def said(rng: np.random.Generator, y: npt.NDArray[np.int64], right: float) -> Said:
    """Draw probabilities of which a share names the true class."""
    p = rng.dirichlet(np.ones(K), len(y)).astype(np.float32)
    hit = (rng.random(len(y)) < right) & (y >= 0)
    p[hit] = 0.1 * p[hit] + 0.9 * np.eye(K, dtype=np.float32)[y[hit]]
    return Said.of(p)


def drawn(rows: int, seed: int, right: tuple[float, float] = (0.6, 0.7), other: float = 0.0) -> Pair:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, K, rows)
    y[rng.random(rows) < other] = OTHER_FAMILY
    return Pair(y, said(rng, y, right[0]), said(rng, y, right[1]), K)


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(1, 60), st.integers(0, 10_000), st.sampled_from([0.0, 0.3]))
def test_figures_are_those_that_an_evaluation_publishes(rows: int, seed: int, other: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, K, rows)
    y[rng.random(rows) < other] = OTHER_FAMILY
    both = said(rng, y, 0.5), said(rng, y, 0.8)
    pair, known = Pair(y, *both, K), y != OTHER_FAMILY
    for which, one in enumerate(both):
        matrix = measures.confusion(y[known], one.predicted[known], np.ones(known.sum()), K)
        wanted = (measures.macro_f1(matrix), measures.balanced_accuracy(matrix), measures.accuracy(matrix))
        for name, value in zip(COUNTED, wanted, strict=True):
            assert pair.values(name)[which] == (None if value is None else pytest.approx(value))
        steps = measures.Ranking.of(y != 0, one.score).steps(np.ones(rows))
        auc = measures.roc_auc(*steps)
        assert pair.values("roc_auc")[which] == (None if auc is None else pytest.approx(auc))
        fpr = measures.ratio(float((one.alarm & (y == 0)).sum()), float((y == 0).sum()))
        assert pair.values(FPR)[which] == (None if fpr is None else pytest.approx(fpr))


def test_recall_is_read_where_one_benign_row_in_a_hundred_is_an_alarm() -> None:
    y = np.repeat([0, 1], 200)
    score = np.concatenate([np.linspace(0, 0.99, 200), np.linspace(0.5, 0.999, 200)])
    one = Said(y, score, score > 0.5)
    third = np.sort(score[:200])[-3]  # the highest that is no alarm: two of 200 are
    assert Pair(y, one, one, 2).values("recall_at_0.01")[0] == pytest.approx((score[200:] > third).mean())


@pytest.mark.parametrize("metric", [*METRICS, FPR])
def test_a_model_does_not_differ_from_itself(metric: str) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, K, 80)
    one = said(rng, y, 0.7)
    assert not Pair(y, one, one, K).differences(metric, 20, seed=1).any()


@pytest.mark.parametrize("metric", ["macro_f1", "accuracy", "roc_auc", FPR])
def test_resampled_differences_lie_around_what_was_measured(metric: str) -> None:
    pair = drawn(400, seed=5)
    old, new = pair.values(metric)
    assert old is not None
    assert new is not None
    found = pair.differences(metric, 400, seed=2)
    assert found.mean() == pytest.approx(new - old, abs=3 * found.std() / 10)
    assert 0 < found.std() < 0.1
    assert (pair.differences(metric, 400, seed=2) == found).all()


def test_the_spread_of_accuracy_is_that_of_paired_answers() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, K, 500)
    both = said(rng, y, 0.7), said(rng, y, 0.75)
    gain = (both[1].predicted == y).astype(float) - (both[0].predicted == y)
    found = Pair(y, *both, K).differences("accuracy", 2000, seed=0).std()
    assert found == pytest.approx(gain.std() / np.sqrt(500), rel=0.08)


def test_rows_of_one_device_are_drawn_together() -> None:
    rng = np.random.default_rng(4)
    y = np.repeat(rng.integers(0, K, 20), 25)
    weak = Said.of(np.full((500, K), 1 / 3, np.float32))
    # The challenger is right about whole devices, so 500 rows are only 20 witnesses.
    right = np.repeat(rng.random(20) < 0.6, 25)
    p = np.where(right[:, None], np.eye(K)[y], np.eye(K)[(y + 1) % K]).astype(np.float32)
    one = Said.of(p)
    alone = Pair(y, weak, one, K).differences("accuracy", 500, seed=0).std()
    grouped = Pair(y, weak, one, K, group=np.repeat(np.arange(20), 25)).differences("accuracy", 500, seed=0).std()
    assert grouped > 3 * alone


def test_each_part_is_drawn_by_itself() -> None:
    y = np.array([0] * 50 + [1] * 50)
    one, other = Said(y, y / 1.0, y == 1), Said(1 - y, 1.0 - y, y == 0)
    stratum = np.repeat([0, 1], 50)
    # With both parts at their size, one model is always right and the other always wrong.
    assert set(Pair(y, other, one, 2, stratum=stratum).differences("macro_f1", 50, seed=0)) == {1.0}


def test_a_threshold_decides_who_raises_an_alarm() -> None:
    p = np.array([[0.4, 0.6], [0.9, 0.1], [0.2, 0.8]], np.float32)
    assert Said.of(p).alarm.tolist() == [True, False, True]
    assert Said.of(p, 0.7).alarm.tolist() == [False, False, True]


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"row 1: a model says \[nan, 0.5\]"):
        Said.of(np.array([[0.5, 0.5], [np.nan, 0.5]], np.float32))


def test_many_rows_are_resampled_in_little_time() -> None:
    pair = drawn(50_000, seed=9)
    assert len(pair.differences("macro_f1", 2000, seed=0)) == 2000
