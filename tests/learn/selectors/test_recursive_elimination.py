import numpy as np

from redshank.learn.selectors.recursive_elimination import RecursiveElimination


def test_features_that_only_tell_together_are_kept_together() -> None:
    x = np.random.default_rng(0).normal(size=(600, 5)).astype(np.float32)
    y = ((x[:, 1] > 0) ^ (x[:, 3] > 0)).astype(np.int64)
    kept = RecursiveElimination().select(x, y, 0)
    assert kept[[1, 3]].all()
    assert not kept.all()
