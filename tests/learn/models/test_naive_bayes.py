from pathlib import Path

import numpy as np
import pytest
from sklearn.naive_bayes import CategoricalNB, GaussianNB

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.models.naive_bayes import NaiveBayes

BY_HEART = False


def example(place: Path) -> NaiveBayes:  # noqa: ARG001  needs no files
    return NaiveBayes()


def test_numbers_are_gaussian_as_scikit_learn_has_it() -> None:
    columns = (Column("a", "1"), Column("b", "1"))
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    x = (rng.normal(size=(200, 2)) + y[:, None]).astype(np.float32)
    wanted = GaussianNB(var_smoothing=0).fit(x.astype(np.float64), y).predict_proba(x.astype(np.float64))
    assert np.allclose(NaiveBayes().fit(x, y, columns=columns, n_classes=2).predict_proba(x), wanted, atol=1e-5)


def test_codes_are_counted_as_scikit_learn_has_it() -> None:
    columns = (Column("proto", "category", ("tcp", "udp", "icmp")), Column("service", "category", ("dns", "http")))
    rng = np.random.default_rng(0)
    x, y = np.stack([rng.integers(0, 5, 90), rng.integers(0, 4, 90)], axis=1), rng.integers(0, 3, 90)
    wanted = CategoricalNB(alpha=0.5, min_categories=[5, 4]).fit(x, y).predict_proba(x)
    model = NaiveBayes(smoothing=0.5).fit(x.astype(np.float32), y, columns=columns, n_classes=3)
    assert np.allclose(model.predict_proba(x.astype(np.float32)), wanted, atol=1e-5)


def test_that_a_value_is_absent_is_news_and_its_place_holder_is_not() -> None:
    columns = (Column("a", "1"),)
    x = np.array([[1], [2], [3], [np.nan], [1], [2], [3], [4]], dtype=np.float32)
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = NaiveBayes(smoothing=1.0).fit(x, y, columns=columns, n_classes=2).predict_proba(x[3:4])
    assert found[0, 0] == pytest.approx((2 / 6) / (2 / 6 + 1 / 6), abs=1e-6)


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        NaiveBayes(smoothing=0, narrowest=-1).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == ["smoothing: 0 is not above 0", "narrowest: -1 is not above 0"]
