from pathlib import Path

import pyarrow as pa
import pytest

from redshank.core.errors import ConfigError, SourceError
from redshank.data.steps.schema import Schema, read_schema

DECLARED = """
[temperature]
type = "number"
least = 0
most = 50
missing = false

[door]
type = "text"
values = ["open", "closed"]

[note]
required = false
"""


def example(place: Path) -> Schema:
    (place / "schema.toml").write_text(DECLARED)
    return Schema(str(place / "schema.toml"))


def test_a_table_that_fits_passes_unchanged(tmp_path: Path) -> None:
    table = pa.table({"temperature": [1.5, 50], "door": ["open", None], "other": [1, 2]})
    step = example(tmp_path)
    assert step.on_table(table) is table
    assert step.detail_ == "3 columns are as schema.toml declares them"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"temperature": [1.0, 51.0], "door": ["open", "open"]},
            "column 'temperature' breaks 'less_than_or_equal_to(50)' (1)",
        ),
        ({"temperature": [1.0, None], "door": ["open", "open"]}, "column 'temperature' breaks 'not_nullable' (1)"),
        ({"temperature": [1.0, 2.0], "door": ["ajar", "ajar"]}, "column 'door' breaks 'isin(['open', 'closed'])' (2)"),
        ({"temperature": ["1", "2"], "door": ["open", "open"]}, "column 'temperature' breaks 'type number' (2)"),
        ({"temperature": [1.0, 2.0]}, "'column_in_dataframe' (1)"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, columns: dict[str, list[object]], said: str) -> None:
    with pytest.raises(SourceError) as caught:
        example(tmp_path).on_table(pa.table(columns))
    assert said in str(caught.value)
    assert str(caught.value).endswith("clean the data or change the schema")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "declares no column"),
        ("a = 1", "'a' is no section"),
        ("[a]\nmin = 1", r"\[a\] has no rule 'min'"),
        ("[a]\ntype = 'int'", "type 'int' is not one of number, text, flag"),
        ("[a", "cannot be read"),
    ],
)
def test_a_schema_that_says_nothing_known_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_schema(path)
