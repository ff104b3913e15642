import json
from dataclasses import replace
from pathlib import Path

import pytest

from redshank.active.replayed import CURVE_FILE, Gained, Reached, Replayed
from redshank.core.errors import ActionError

CURVE = Replayed(
    given=(Reached(10, 0.5, 0.4, 0.6), Reached(40, 0.8, 0.7, 0.9)),
    shuffled=(Reached(10, 0.4, 0.2, 0.6), Reached(40, 0.8, 0.7, 0.9)),
    drawn=(),
    orders=10,
    test=40,
    test_at_random=4,
    over_chance=None,
    last_half=Gained(40, 3.0, -1.0, 7.0),
    made_at_s=1.7e9,
    notes=("4 of the labels that teach were drawn by chance: too few for a control",),
)


@pytest.mark.parametrize("curve", [CURVE, replace(CURVE, drawn=CURVE.given, over_chance=Gained(30, 2.0, 0.5, 4.0))])
def test_a_curve_is_read_again_as_it_was(tmp_path: Path, curve: Replayed) -> None:
    assert Replayed.load(tmp_path) is None
    curve.save(tmp_path)
    assert Replayed.load(tmp_path) == curve


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"given": [{"labels": 1}]})])
def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / CURVE_FILE).write_text(text)
    with pytest.raises(ActionError, match=r"curve\.json: is no curve of this version; `redshank labels curve` makes"):
        Replayed.load(tmp_path)
