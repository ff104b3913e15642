import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from model_rows import COLUMNS, classes, raw
from redshank.learn.around import Around
from redshank.learn.cleaned import Cleaned
from redshank.learn.export import export
from redshank.learn.model import Floats
from redshank.learn.models.lightgbm import Lightgbm
from redshank.learn.offsets import Offsets
from redshank.learn.selected import Selected

X = raw(200)
Y = classes(X)


class Doubled(Around):
    """Sees twice the values."""

    times: int = 2

    def seen(self, x: Floats) -> Floats:
        """Return twice the values."""
        return x * self.times


def test_rows_to_score_are_seen_as_the_model_around_says() -> None:
    model = Doubled(model=Lightgbm(rounds=3)).fit(X, Y, columns=COLUMNS, n_classes=3)
    assert np.array_equal(model.predict_proba(X), model.model.predict_proba(X * 2))
    assert model.settings() == {**Lightgbm(rounds=3).settings(), "times": 2}
    with pytest.raises(NotFittedError):
        clone(model).predict_proba(X)
    with pytest.raises(NotFittedError):
        clone(model).to_onnx()


def test_all_that_can_stand_around_a_model_is_one_graph() -> None:
    selected = Selected(model=Lightgbm(rounds=5), select="mutual_information")
    whole = Offsets(model=Cleaned(model=selected, clean=("missing:median", "scale:standard")))
    whole.fit(X, Y, columns=COLUMNS, n_classes=3, validation=(X, Y))
    assert export(whole, X)
    assert whole.settings().items() >= {"rounds": 5, "selected": 3, "imbalance": "offsets"}.items()
