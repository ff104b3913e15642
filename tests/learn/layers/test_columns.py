from itertools import chain

import numpy as np
import torch

from model_rows import COLUMNS, PROTO, raw
from redshank.learn.inputs import EMBEDDING, Minmax, fit_inputs
from redshank.learn.layers.columns import EachColumn, EachOwn

X = raw(60)
ROWS = torch.from_numpy(X)


def test_each_column_has_a_position_that_no_other_column_moves() -> None:
    layer = EachColumn(fit_inputs("bins", X, COLUMNS, bins=4)).eval()
    before = layer(ROWS)
    assert before.shape == (60, len(COLUMNS), layer.width)
    for column in range(len(COLUMNS)):
        rows = ROWS.clone()
        rows[:, column] = torch.where(rows[:, column].isnan(), 1.0, torch.nan)
        changed = (layer(rows) != before).any(dim=2).any(dim=0)
        assert changed.tolist() == [other == column for other in range(len(COLUMNS))]


def test_all_that_is_encoded_is_there_once() -> None:
    encode = fit_inputs("bins", X, COLUMNS, bins=4).eval()
    assert sorted(chain(*encode.places)) == list(range(encode.width))
    assert torch.allclose(EachColumn(encode).eval()(ROWS).sum(dim=(1, 2)), encode(ROWS).sum(dim=1), atol=1e-4)
    assert len(encode.places[PROTO]) == EMBEDDING


def test_of_minmax_a_position_is_one_number_as_in_the_studies() -> None:
    layer = EachColumn(Minmax(X))
    assert np.array_equal(layer(ROWS)[:, :, 0], Minmax(X)(ROWS))


def test_each_position_has_a_map_of_its_own() -> None:
    torch.manual_seed(0)
    layer, x = EachOwn(3, 2, 4), torch.randn(5, 3, 2)
    with torch.no_grad():
        wanted = torch.stack([x[:, i] @ layer.weight[i] + layer.bias[i] for i in range(3)], dim=1)
        assert torch.allclose(layer(x), wanted, atol=1e-6)
