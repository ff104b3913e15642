import math

from redshank.learn.curve import curve_csv, epoch_from
from redshank.learn.model import Epoch


def test_a_curve_is_csv_with_nothing_where_nothing_was_measured() -> None:
    text = curve_csv([Epoch(1, 0.5, 0.75, float("nan"), float("nan"))])
    assert text == "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy\n1,0.5,0.75,,\n"


def test_a_line_comes_back_from_json_with_nan_for_what_was_not_measured() -> None:
    values = {"epoch": 2, "train_loss": 0.5, "train_accuracy": 0.75, "validation_loss": None}
    found = epoch_from({**values, "validation_accuracy": 1})
    assert (found.epoch, found.train_loss, found.validation_accuracy) == (2, 0.5, 1.0)
    assert math.isnan(found.validation_loss)
