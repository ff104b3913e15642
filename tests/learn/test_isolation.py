import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest

from redshank.learn.isolation import Isolation

X = np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32)


@pytest.mark.parametrize("settings", [{}, {"max_samples": 20, "random_state": 7}])
def test_the_trees_are_those_of_scikit_learn(settings: dict[str, int]) -> None:
    settings = {"n_estimators": 12, "random_state": 3, **settings}
    ours, theirs = (kind(**settings).fit(X) for kind in (Isolation, IsolationForest))
    assert np.array_equal(ours.score_samples(X), theirs.score_samples(X))
    for one, other in zip(ours.estimators_, theirs.estimators_, strict=True):
        assert one.get_params() == other.get_params()
        assert np.array_equal(one.tree_.threshold, other.tree_.threshold)


def test_it_grows_its_trees_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should another scikit-learn ask for trees in another way, the forest is right, but no faster than theirs."""
    monkeypatch.setattr("sklearn.ensemble._base.clone", None)
    forest = Isolation(n_estimators=3, random_state=0).fit(X)
    assert len({id(tree) for tree in forest.estimators_}) == 3
    monkeypatch.undo()
    assert clone(forest).get_params() == forest.get_params()
