from pathlib import Path

import pyarrow as pa

from redshank.data.steps.spelling import Spelling


def example(place: Path) -> Spelling:  # noqa: ARG001  needs no files
    return Spelling("canonical")


def test_padded_texts_become_one_and_markers_null() -> None:
    table = pa.table({"t": ["high ", "high", "-", None], "n": [1, 2, 3, 4]})
    step = Spelling("canonical")
    clean = step.on_table(table)
    assert clean["t"].to_pylist() == ["high", "high", None, None]
    assert clean["n"].to_pylist() == [1, 2, 3, 4]
    assert step.detail_ == "values in one spelling: t 3 to 2"
    assert step.on_table(clean).equals(clean)
    assert step.detail_ == "values in one spelling: each had one already"
