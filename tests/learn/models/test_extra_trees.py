from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.extra_trees import ExtraTrees


def example(place: Path) -> ExtraTrees:  # noqa: ARG001  needs no files
    return ExtraTrees(trees=30)


def test_the_trees_are_those_of_its_name() -> None:
    assert ExtraTrees.kind is ExtraTreesClassifier


def test_a_few_huge_values_do_not_keep_cuts_from_the_others() -> None:
    x = raw(400)
    y = classes(x)
    x[:4, 0] = 1e30
    taken = {}
    for quantiles in (0, 256):
        model = ExtraTrees(trees=10, share=1.0, quantiles=quantiles).fit(x, y, columns=COLUMNS, n_classes=3)
        trees = [tree.tree_ for tree in model.forest_.estimators_]
        taken[quantiles] = np.concatenate([tree.threshold[tree.feature == 0] for tree in trees])
    shares = {quantiles: (cuts > 1e20).mean() for quantiles, cuts in taken.items()}
    assert shares[0] > 4 * shares[256]


def test_every_cut_is_a_value_that_was_there_and_parts_the_rows_as_the_ranks_did() -> None:
    x = raw(200)
    y = classes(x)
    model = ExtraTrees(trees=5, leaf_rows=1, share=1.0).fit(x, y, columns=COLUMNS, n_classes=3)
    values = set(np.unique(x[:, 0]).tolist())
    for tree in model.forest_.estimators_:
        held = tree.tree_
        cuts = held.threshold[(held.feature == 0) & np.isfinite(held.threshold)]
        assert set(cuts.tolist()) <= values
    assert (model.predict_proba(x).argmax(axis=1) == y).all()


def test_a_negative_number_of_quantiles_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        ExtraTrees(quantiles=-1).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == ["quantiles: -1 is not 0 or more"]
