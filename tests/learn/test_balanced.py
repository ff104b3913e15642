import numpy as np
import pytest

from model_rows import COLUMNS, raw
from redshank.core.errors import ConfigError
from redshank.learn.balanced import Balanced
from redshank.learn.export import export
from redshank.learn.models.constant import Constant
from redshank.learn.models.lightgbm import Lightgbm

X = raw(60)
Y = (np.arange(60) % 6 == 0).astype(np.int64)


@pytest.mark.parametrize("imbalance", ["balanced", "oversample"])
def test_the_rare_class_counts_as_much_as_the_other(imbalance: str) -> None:
    model = Balanced(model=Constant(), imbalance=imbalance).fit(X, Y, columns=COLUMNS, n_classes=2)
    assert model.predict_proba(X[:1])[0] == pytest.approx([0.5, 0.5])
    assert model.settings() == {"seed": 0, "imbalance": imbalance}
    assert np.array_equal(model.classes_, [0, 1])
    assert export(model, X)


@pytest.mark.parametrize("imbalance", ["balanced", "oversample"])
def test_given_weights_count_beside_those_of_the_classes(imbalance: str) -> None:
    weight = np.where(Y == 1, 3, 1).astype(np.float32)
    model = Balanced(model=Constant(), imbalance=imbalance).fit(X, Y, columns=COLUMNS, n_classes=2, weight=weight)
    assert model.predict_proba(X[:1])[0] == pytest.approx([0.25, 0.75])


def test_the_model_tells_of_its_rounds() -> None:
    model = Balanced(model=Lightgbm(rounds=3))
    told: list[object] = []
    model.on_epoch = told.append
    model.fit(X, Y, columns=COLUMNS, n_classes=2)
    assert told == model.curve_
    assert len(told) == 3


def test_what_only_networks_can_do_is_refused() -> None:
    with pytest.raises(ConfigError, match="imbalance: 'focal' is not one of balanced, oversample"):
        Balanced(model=Constant(), imbalance="focal").fit(X, Y, columns=COLUMNS, n_classes=2)
