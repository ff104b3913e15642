import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_rows import COLUMNS, classes, raw
from redshank.learn.model import Epoch
from redshank.learn.models.fnn import Fnn
from redshank.learn.resume import STATE_FILE, fingerprint

X, OTHER = raw(120), raw(60, seed=1)
Y = classes(X)


def small(**more: Any) -> Fnn:
    settings = {"units": 8, "blocks": 1, "epochs": 5, "dropout": 0.3, "batch_size": 32, "patience": 2}
    return Fnn(**{**settings, **more})


def trained(model: Fnn, kept_in: Path | None, stop: int = 99) -> Fnn:
    def interrupt(line: Epoch) -> None:
        if line.epoch == stop:
            raise KeyboardInterrupt

    model.kept_in, model.on_epoch = kept_in, interrupt
    return model.fit(X, Y, columns=COLUMNS, n_classes=3, validation=(OTHER, classes(OTHER)))


@pytest.mark.parametrize("more", [{}, {"schedule": "one_cycle", "imbalance": "oversample"}])
@pytest.mark.parametrize("stop", [1, 4])
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    stop: int, more: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = trained(small(**more), None)
    with pytest.raises(KeyboardInterrupt):
        trained(small(**more), tmp_path, stop)
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 1 + stop
    with caplog.at_level(logging.INFO):
        resumed = trained(small(**more), tmp_path)
    assert f"going on after epoch {stop} of 5" in caplog.text
    assert resumed.curve_ == whole.curve_
    assert np.array_equal(resumed.predict_proba(OTHER), whole.predict_proba(OTHER))
    again = trained(small(**more), tmp_path, stop=5)  # nothing is left to do, so nothing interrupts
    assert np.array_equal(again.predict_proba(OTHER), whole.predict_proba(OTHER))


def test_a_state_of_other_settings_or_rows_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trained(small(epochs=1), tmp_path)
    with caplog.at_level(logging.INFO):
        other = trained(small(epochs=1, seed=1), tmp_path)
    assert "is of a run with other settings or rows; training begins anew" in caplog.text
    assert np.array_equal(other.predict_proba(OTHER), trained(small(epochs=1, seed=1), None).predict_proba(OTHER))


def test_a_damaged_state_is_told_and_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / STATE_FILE).write_bytes(b"not a state at all")
    trained(small(epochs=1), tmp_path)
    assert f"{STATE_FILE}: is damaged; training begins anew" in caplog.text
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["curve.csv", STATE_FILE]


def test_a_fingerprint_changes_with_all_that_it_covers() -> None:
    one, scalar = np.zeros((3, 2)), np.array(1.0)
    found = {
        fingerprint("a", one, scalar),
        fingerprint("b", one, scalar),
        fingerprint("a", one + 1, scalar),
        fingerprint("a", one.reshape(2, 3), scalar),
        fingerprint("a", one.astype(np.float32), scalar),
        fingerprint("a", one, scalar + 1),
    }
    assert len(found) == 6
    assert fingerprint("a", one, scalar) in found
