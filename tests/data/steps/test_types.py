from pathlib import Path

import pyarrow as pa

from redshank.data.steps.types import Types


def example(place: Path) -> Types:  # noqa: ARG001  needs no files
    return Types("numbers")


def test_text_that_is_all_numbers_becomes_numbers() -> None:
    table = pa.table({"a": ["1", " 2.5", "-"], "b": ["1", "x", "3"], "c": ["-", "?", ""], "d": [1, 2, 3]})
    step = Types("numbers")
    clean = step.on_table(table)
    assert clean["a"].to_pylist() == [1.0, 2.5, None]
    assert [str(kind) for kind in clean.schema.types] == ["double", "string", "string", "int64"]
    assert step.detail_ == "text to numbers: a"
    assert step.on_table(clean).equals(clean)
