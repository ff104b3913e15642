import numpy as np
import pytest

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.export import score
from redshank.learn.forest import Forest
from redshank.learn.models.extra_trees import ExtraTrees
from redshank.learn.models.random_forest import RandomForest

X = raw(300)
Y = classes(X)


@pytest.mark.parametrize("kind", [RandomForest, ExtraTrees])
def test_the_graph_takes_the_branches_of_the_trees_at_every_threshold(kind: type[Forest]) -> None:
    model = kind(trees=5, share=1.0).fit(X, Y, columns=COLUMNS, n_classes=3)
    trees = [tree.tree_ for tree in model.forest_.estimators_]
    cuts = np.concatenate([tree.threshold[tree.feature == 0] for tree in trees]).astype(np.float32)
    at = np.concatenate([cuts, np.nextafter(cuts, np.float32(np.inf)), np.nextafter(cuts, np.float32(-np.inf))])
    x = np.resize(raw(60, seed=1), (len(at), len(COLUMNS)))
    x[:, 0] = at
    assert np.abs(score(model.to_onnx(), x) - model.predict_proba(x)).max() < 1e-6


def test_a_tree_has_no_more_leaves_than_allowed() -> None:
    model = RandomForest(trees=3, leaves=4).fit(X, np.arange(300) % 3, columns=COLUMNS, n_classes=3)
    assert [tree.get_n_leaves() for tree in model.forest_.estimators_] == [4, 4, 4]


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        ExtraTrees(trees=0, leaves=1, leaf_rows=0, share=1.5).fit(X, Y, columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [
        "trees: 0 is not 1 or more",
        "leaves: 1 is not 2 or more",
        "leaf_rows: 0 is not 1 or more",
        "share: 1.5 is not above 0 and at most 1",
    ]
