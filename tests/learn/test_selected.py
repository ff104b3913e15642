import numpy as np
import pytest

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.export import export
from redshank.learn.models.constant import Constant
from redshank.learn.models.fnn import Fnn
from redshank.learn.models.lightgbm import Lightgbm
from redshank.learn.selected import Selected

X = raw(200)
Y = classes(X)


def test_a_model_of_selected_columns_is_one_graph_on_all_of_them() -> None:
    model = Selected(model=Lightgbm(rounds=10), select="mutual_information")
    model.fit(X, Y, columns=COLUMNS, n_classes=3, validation=(X, Y))
    assert model.kept_.sum() == 3
    assert model.settings().items() >= {"select": "mutual_information", "selected": 3, "rounds": 10}.items()
    assert export(model, X)
    changed = X.copy()
    changed[:, ~model.kept_] = 7
    assert np.array_equal(model.predict_proba(changed), model.predict_proba(X))


def test_columns_of_a_sequence_are_selected_for_all_steps() -> None:
    x = np.concatenate([X, raw(200, seed=1)], axis=1)
    model = Selected(model=Lightgbm(rounds=2), select="mutual_information")
    model.fit(x, Y, columns=COLUMNS, n_classes=3, steps=2)
    assert model.inputs_.tolist() == [*np.flatnonzero(model.kept_), *(np.flatnonzero(model.kept_) + len(COLUMNS))]
    assert export(model, x)


@pytest.mark.parametrize("select", ["reptile_search", "mutual_information"])
def test_features_that_a_network_learned_are_selected_within_its_graph(select: str) -> None:
    network = Fnn(units=12, blocks=1, epochs=25, learning_rate=0.01, batch_size=32)
    model = Selected(model=network, select=select, select_from="learned")
    model.fit(X, Y, columns=COLUMNS, n_classes=3)
    assert len(model.kept_) == 12
    assert 1 <= model.kept_.sum() < 12
    assert (model.predict_proba(X).argmax(1) == Y).mean() > 0.8
    assert export(model, X)


def test_what_cannot_be_selected_is_refused() -> None:
    with pytest.raises(ConfigError, match="select_from: constant learns no features to select from"):
        Selected(model=Constant(), select="reptile_search", select_from="learned").fit(
            X, Y, columns=COLUMNS, n_classes=3
        )
    with pytest.raises(ConfigError, match="select_from: 'both' is not one of columns, learned"):
        Selected(model=Constant(), select="reptile_search", select_from="both").fit(X, Y, columns=COLUMNS, n_classes=3)
    with pytest.raises(ConfigError, match="select: no 'reptile'; did you mean 'reptile_search'"):
        Selected(model=Constant(), select="reptile").fit(X, Y, columns=COLUMNS, n_classes=3)
