import numpy as np
import pytest

from partitions import labelled, rows_of
from redshank.core.errors import ActionError
from redshank.data.grouping import Grouping
from redshank.data.parts import Part, Parts
from redshank.data.protocol import partition
from redshank.learn.local import (
    RECALIBRATED,
    REFITTED,
    SHIPPED,
    Local,
    before_and_after,
    by_groups,
    earlier,
    recalibrated,
    refitted,
)
from redshank.learn.train import Trained, fit


@pytest.fixture(scope="module")
def parts() -> Parts:
    return partition(labelled(1_500), protocol="cross", task="family", target=labelled(1_500, seed=4, name="elsewhere"))


@pytest.fixture(scope="module")
def trained(parts: Parts) -> Trained:
    return fit(parts, "lightgbm", settings={"rounds": 10})


def assert_apart(local: Local, test: Part) -> None:
    held = [set(rows_of(part)) for part in (local.recalibrate, local.refit, local.test)]
    assert sum(map(len, held)) == len(set().union(*held)) <= len(rows_of(test))
    assert set(local.recalibrate.y.tolist()) == set(local.refit.y.tolist()) == {0}
    assert (local.test.y != 0).sum() == (test.y != 0).sum(), "every attack is still tested"
    x = np.concatenate([part.x for part in (local.recalibrate, local.refit, local.test)])
    assert len(np.unique(x, axis=0, equal_nan=False)) == len(x)


def test_local_rows_come_from_other_groups_than_those_tested() -> None:
    n = 200
    y = (np.arange(n) % 5 == 0).astype(np.int64)
    whole = Part(np.arange(n, dtype=np.float32)[:, None], y, np.ones(n, np.float32), np.arange(n))
    pairs = Grouping("host_pair", np.arange(n) % 8, tuple("abcdefgh"))
    drawn = []
    for seed in range(4):
        local = by_groups(whole, pairs, 40, 20, seed=seed)
        assert_apart(local, whole)
        assert (len(local.recalibrate), len(local.refit)) == (40, 20)
        benign = local.test.row[local.test.y == 0]
        given = [set(pairs.number[rows].tolist()) for rows in (local.recalibrate.row, local.refit.row, benign)]
        assert sum(map(len, given)) == len(set().union(*given)), "no group has two uses"
        drawn.append(local.recalibrate.row.tolist())
    assert drawn[0] != drawn[1]
    assert by_groups(whole, pairs, 40, 20, seed=0).recalibrate.row.tolist() == drawn[0]


def test_never_more_than_half_of_the_benign_rows_leaves_the_test(parts: Parts) -> None:
    assert parts.grouping is not None
    benign = int((parts.test.y == 0).sum())
    for local in (
        by_groups(parts.test, parts.grouping, 30, 10**6),
        earlier(parts.test, parts.test.row.astype(float), 10**6, 10**6),
    ):
        assert_apart(local, parts.test)
        assert int((local.test.y == 0).sum()) >= benign // 2
        assert len(local.recalibrate) + len(local.refit) <= benign // 2


def test_the_earlier_rows_are_the_local_ones(parts: Parts) -> None:
    order = parts.test.row.astype(float)
    local = earlier(parts.test, order, 30, 60)
    assert_apart(local, parts.test)
    assert (len(local.recalibrate), len(local.refit)) == (30, 60)
    last = max(local.recalibrate.row.max(), local.refit.row.max())
    assert last < local.test.row[local.test.y == 0].min()
    assert local.recalibrate.row.max() > np.median(local.refit.row), "both see the same stretch"


def test_a_threshold_from_local_rows_keeps_its_rate_on_local_rows(parts: Parts, trained: Trained) -> None:
    local = earlier(parts.test, np.random.default_rng(0).random(len(parts.test)), 100, 0)
    found = before_and_after(trained, parts, local)
    assert set(found) == {SHIPPED, RECALIBRATED}
    rates = {name: evaluation.vector.headline["fpr_at_0.05"] for name, (_, evaluation) in found.items()}
    assert (rates[RECALIBRATED] or 0) < 0.12
    shipped, new = found[SHIPPED][0], found[RECALIBRATED][0]
    assert shipped is trained
    assert new.calibration.benign_rows == 100
    assert new.model is trained.model


def test_refitting_learns_what_is_benign_here(parts: Parts, trained: Trained) -> None:
    # Here what an attack looks like elsewhere is benign.
    attacks = parts.calibration.take(np.flatnonzero(parts.calibration.y != 0))
    strange = Part(attacks.x, np.zeros_like(attacks.y), attacks.weight, attacks.row)
    before = trained.model.predict_proba(strange.x)[:, 0].mean()
    after = refitted(trained, parts, strange, copies=5)
    assert after.model.predict_proba(strange.x)[:, 0].mean() > before + 0.2
    assert after.model.get_params()["rounds"] == 10


def test_what_stands_around_a_model_stays_when_it_is_refitted(parts: Parts) -> None:
    settings = {"trees": 5, "imbalance": "balanced", "clean": ["missing:median"]}
    trained = fit(parts, "random_forest", settings=settings, seed=3)
    benign = parts.calibration.take(np.flatnonzero(parts.calibration.y == 0)[:20])
    after = refitted(trained, parts, benign)
    assert after.model.settings() == trained.model.settings()
    assert (after.name, after.seed) == ("random_forest", 3)


def test_all_three_are_judged_on_the_same_rows(parts: Parts, trained: Trained) -> None:
    assert parts.grouping is not None
    local = by_groups(parts.test, parts.grouping, 50, 50)
    found = before_and_after(trained, parts, local)
    assert list(found) == [SHIPPED, RECALIBRATED, REFITTED]
    assert {evaluation.vector.rows for _, evaluation in found.values()} == {float(len(local.test))}
    assert found[REFITTED][0].model is not trained.model
    assert all(evaluation.groups is not None for _, evaluation in found.values())


def test_attacks_are_no_local_rows(parts: Parts, trained: Trained) -> None:
    for make in (recalibrated, refitted):
        with pytest.raises(ActionError, match="needs benign rows of this network, and nothing but them"):
            make(trained, parts, parts.calibration)
        with pytest.raises(ActionError, match="needs benign rows"):
            make(trained, parts, parts.test.take(np.array([], np.int64)))


def test_one_group_is_not_enough(parts: Parts) -> None:
    assert parts.grouping is not None
    first = parts.test.take(np.flatnonzero(parts.test.y == 0)[:1])
    single = Part(first.x, first.y, first.weight, first.row)
    with pytest.raises(ActionError, match="the test part has 1 groups by host_pair with benign rows, wanted two"):
        by_groups(single, parts.grouping, 1, 1)
