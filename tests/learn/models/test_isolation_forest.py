from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.ensemble import IsolationForest as Trees

from model_rows import COLUMNS, raw
from redshank.core.errors import ConfigError
from redshank.learn.inputs import Plain
from redshank.learn.models.isolation_forest import IsolationForest


def example(place: Path) -> IsolationForest:  # noqa: ARG001  needs no files
    return IsolationForest(trees=40, rows=64)


@pytest.mark.parametrize("rows", [2, 30, 80])
def test_the_score_is_that_of_scikit_learn(rows: int) -> None:
    x = raw(80)
    encode = Plain(x, COLUMNS, 64, torch.float32)
    wanted = Trees(n_estimators=20, max_samples=rows, random_state=3).fit(encode(torch.from_numpy(x)).numpy())
    score = IsolationForest(trees=20, rows=rows, seed=3).scorer(x, None, COLUMNS)
    other = torch.from_numpy(raw(50, seed=1))
    assert np.allclose(score(other).numpy(), -wanted.score_samples(encode(other).numpy()), atol=1e-9)


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        IsolationForest(trees=0, rows=1, bins=-1).scorer(raw(9), None, COLUMNS)
    assert caught.value.problems == [
        "trees: 0 is not 1 or more",
        "rows: 1 is not 2 or more",
        "bins: -1 is not 0 or more",
    ]
