from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.inputs import Plain
from redshank.learn.models.svm import KERNELS, Svm

X = raw(120)
Y = classes(X, 2)


def example(place: Path) -> Svm:  # noqa: ARG001  needs no files
    return Svm(penalty=1000.0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_learns_classes_that_two_columns_tell_apart(kernel: str) -> None:
    model = Svm(kernel=kernel).fit(X, Y, columns=COLUMNS, n_classes=2)
    other = raw(200, seed=1)
    assert (model.predict_proba(other).argmax(axis=1) == classes(other, 2)).mean() > 0.85


def test_with_every_row_a_landmark_it_says_what_the_exact_machine_says() -> None:
    encode = Plain(X, COLUMNS)
    z, other = encode(torch.from_numpy(X)).numpy(), raw(200, seed=1)
    exact = SVC(C=10, kernel="rbf", gamma=1 / encode.width).fit(z, Y)
    wanted = exact.predict(encode(torch.from_numpy(other)).numpy())
    found = Svm().fit(X, Y, columns=COLUMNS, n_classes=2).predict_proba(other).argmax(axis=1)
    assert (found == wanted).mean() > 0.95  # the hinge is squared here, so margins differ a little


def test_above_a_number_of_rows_landmarks_are_drawn() -> None:
    model = Svm(exact=50, landmarks=20).fit(X, Y, columns=COLUMNS, n_classes=2)
    alike = model.network_[0]  # type: ignore[index]
    assert alike(torch.from_numpy(X)).shape == (120, 20)
    assert (model.predict_proba(X).argmax(axis=1) == Y).mean() > 0.85


def test_probabilities_are_set_on_validation_rows() -> None:
    one = Svm().fit(X, Y, columns=COLUMNS, n_classes=2)
    other = raw(100, seed=1)
    unsure = np.where(np.random.default_rng(0).random(100) < 0.5, 1 - classes(other, 2), classes(other, 2))
    two = Svm().fit(X, Y, columns=COLUMNS, n_classes=2, validation=(other, unsure))
    assert two.predict_proba(X).max(axis=1).mean() < one.predict_proba(X).max(axis=1).mean() - 0.1


def test_a_row_is_as_alike_to_itself_as_any_other_to_itself_in_the_normalized_kernel() -> None:
    model = Svm(kernel="normalized_polynomial").fit(X, Y, columns=COLUMNS, n_classes=2)
    alike = model.network_[0](torch.from_numpy(X))  # type: ignore[index]
    assert torch.allclose(alike.diagonal(), torch.ones(120, dtype=torch.float64))


def test_every_wrong_setting_is_named() -> None:
    wrong = Svm(kernel="linear", degree=0, exact=0, landmarks=0, gamma=0, penalty=-1)
    with pytest.raises(ConfigError) as caught:
        wrong.fit(X, Y, columns=COLUMNS, n_classes=2)
    assert caught.value.problems == [
        "kernel: 'linear' is not one of rbf, polynomial, normalized_polynomial",
        "degree: 0 is not 1 or more",
        "exact: 0 is not 1 or more",
        "landmarks: 0 is not 1 or more",
        "gamma: 0 is not above 0",
        "penalty: -1 is not above 0",
    ]
