import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.flows.records import json_records
from redshank.flows.records.json_records import read_objects

TEXT = pa.string()
SCHEMA = pa.schema([("a", TEXT), ("l", pa.list_(TEXT)), ("s", pa.struct([("x", TEXT), ("l", pa.list_(TEXT))]))])


def read(rows: bytes, *, infer: bool = False) -> tuple[list[dict[str, Any]], Counter[str]]:
    counts: Counter[str] = Counter()
    tables = read_objects(rows, SCHEMA, lambda name, amount: counts.update({name: amount}), infer=infer)
    return [row for table in tables for row in table.to_pylist()], counts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1601998366.123456789", "1601998366.123456789"),
        ("-0", "-0"),
        ("1e400", "1e400"),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ('"\\u00e9\\n\\"1\\\\"', 'é\n"1\\'),
        ('"1,2:true"', "1,2:true"),
    ],
)
def test_values_are_the_text_that_stands_in_the_file(value: str, text: str | None) -> None:
    rows, counts = read(f'{{"b":[1,{{"q":2}}],"a": {value} ,"l":["x",{value}]}}\n'.encode())
    assert (rows[0]["a"], rows[0]["l"]) == (text, ["x", text])
    assert counts == {}


def test_structs_are_read_and_absent_members_are_null() -> None:
    rows, _ = read(b'{"s":{"x":5,"y":6}}\n\n{}\n{"s":null}\r\n')
    assert rows == [{"a": None, "l": None, "s": {"x": "5", "l": None}}, *[{"a": None, "l": None, "s": None}] * 2]


def test_a_broken_line_costs_itself_and_no_other() -> None:
    lines = [b'{"a":%d}' % number for number in range(500)]
    for place, broken in ((3, b'{"a":1'), (77, b"[1]"), (78, b"hello"), (200, b"[" * 100_000), (499, b'{"a":"\\')):
        lines[place] = broken
    rows, counts = read(b"\n".join(lines))
    assert [row["a"] for row in rows] == [str(n) for n in range(500) if n not in {3, 77, 78, 200, 499}]
    assert counts == {"broken_json": 5}


@pytest.mark.parametrize("infer", [False, True])
@pytest.mark.parametrize(
    "line", ["null", "{}null", '{"a":1} {"a":2}', '{"q":' + "[" * 50_000 + "]" * 50_000 + "}", "}{"]
)
def test_lines_that_crash_a_parser_are_never_shown_to_it(line: str, *, infer: bool) -> None:
    rows, counts = read(f'{{"a":1}}\n{line}\n{{"a":2}}\n'.encode(), infer=infer)
    assert [row["a"] for row in rows] == ["1", "2"]
    assert counts == {"broken_json": 1}


def test_what_does_not_fit_is_null_and_counted_and_a_list_becomes_text() -> None:
    rows, counts = read(b'{"a":{"deep":1},"l":"one","s":3}\n{"a":["x","y"]}\n')
    assert rows == [{"a": None, "l": ["one"], "s": None}, {"a": "x,y", "l": None, "s": None}]
    assert counts == {"nested_value": 2}


def test_lone_halves_of_characters_survive_as_text() -> None:
    rows, _ = read(b'{"a":"\\ud800"}\n{"a":"b"}\n')
    assert [row["a"] for row in rows] == ["\\ud800", "b"]


def test_a_name_in_escapes_or_before_blanks_is_found() -> None:
    rows, counts = read(b'{"\\u0061":1}\n{"a" \t:2}\n{"l"\t: ["x"]}\n')
    assert [(row["a"], row["l"]) for row in rows] == [("1", None), ("2", None), (None, ["x"])]
    assert counts == {}


def test_other_members_come_only_when_asked_for() -> None:
    assert set(read(b'{"a":1,"z":2}\n')[0][0]) == {"a", "l", "s"}
    assert set(read(b'{"a":1,"z":2}\n', infer=True)[0][0]) == {"a", "l", "s", "z"}
    assert set(read(b'{"a":{"z":1},"z":2}\n', infer=True)[0][0]) == {"a", "l", "s", "z"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("alsq"), VALUES, max_size=4), min_size=1, max_size=5))
def test_any_objects_are_read_alike_by_arrow_and_one_by_one(rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") for row in rows]
    together, _ = read(b"\n".join(lines))
    alone = [found for line in lines for found in read(line)[0]]
    slowly = []
    for line in lines:
        found = json_records._object(line, lambda *_: None)
        assert found is not None
        slowly.append({f.name: json_records._fit(found.get(f.name), f.type, lambda *_: None) for f in SCHEMA})
    assert together == alone == slowly


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\0-.etrufalsn \n', max_size=60).map(str.encode))
def test_any_text_is_read_or_counted(content: bytes) -> None:
    rows, counts = read(content.decode("utf-8", "backslashreplace").encode())
    assert len(rows) + counts["broken_json"] <= content.count(b"\n") + 1 + content.count(b"}")
