"""Lines beside a reference that writes them value by value in plain Python."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.schema import TIMESTAMP
from redshank.flows.records.cells import CSV, JSON, LOG
from redshank.flows.records.text_rows import TextRows

SCHEMA = pa.schema(
    [
        ("first", pa.string()),
        ("count", pa.int64()),
        ("port", pa.int32()),
        ("ts", TIMESTAMP),
        ("mean", pa.float64()),
        ("gap", pa.float32()),
        ("flag", pa.bool_()),
        ("lasted", pa.float64()),
        ("sizes", pa.list_(pa.int32())),
        ("gaps", pa.list_(pa.float32())),
        ("names", pa.list_(pa.string())),
        ("last", pa.string()),
    ]
)
WORDS = ("-", "(empty)", "", "a,b", 'say "so"', "\\", "tab\there", "é\u202e", "😀", "\x7f\x1b[2J", "a;b", "x" * 40)
TEXTS = st.none() | st.sampled_from(WORDS) | st.text(max_size=20).map(lambda t: t.encode("utf-8", "replace").decode())
EIGHTHS = st.integers(-(2**20), 2**20).map(lambda n: n / 8)
"""Numbers whose text is plain: test_decimals.py knows the others."""
NUMBERS = st.none() | EIGHTHS | st.sampled_from([float("nan"), float("inf")])
VALUES = {
    pa.string(): TEXTS,
    pa.int64(): st.none() | st.integers(-(2**63), 2**63 - 1),
    pa.int32(): st.none() | st.integers(-(2**31), 2**31 - 1),
    TIMESTAMP: st.none() | st.integers(-(10**15), 2**62),
    pa.float64(): NUMBERS,
    pa.float32(): NUMBERS,
    pa.bool_(): st.none() | st.booleans(),
}


def values_of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(VALUES[kind.value_type], max_size=4) if pa.types.is_list(kind) else VALUES[kind]


ROWS = st.lists(st.fixed_dictionaries({field.name: values_of(field.type) for field in SCHEMA}), max_size=6)


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.record_batch([pa.array([row[f.name] for row in rows], f.type) for f in SCHEMA], schema=SCHEMA)


def number(value: Any, kind: pa.DataType, *, log: bool) -> str:
    if pa.types.is_boolean(kind):
        return ("T" if value else "F") if log else ("true" if value else "false")
    if kind == TIMESTAMP:
        whole, part = divmod(abs(value), 10**9)
        return f"{'-' * (value < 0)}{whole}.{part:09}".removesuffix("000")
    return f"{value:.12f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def inert(text: str, special: str = "") -> str:
    if text in ("-", "(empty)"):
        return f"\\x{ord(text[0]):02x}{text[1:]}"
    letters = [chr(byte) for byte in text.encode()]
    plain = [" " <= letter <= "~" and letter not in "\\" + special for letter in letters]
    return "".join(
        letter if good else "\\\\" if letter == "\\" else f"\\x{ord(letter):02x}"
        for letter, good in zip(letters, plain, strict=True)
    )


def absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value - value != 0)


def json_text(value: Any, kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"[{','.join('null' if absent(one) else json_text(one, kind.value_type) for one in value)}]"
    if pa.types.is_string(kind):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return number(value, kind, log=False)


def csv_text(value: Any, kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        texts = pa.types.is_string(kind.value_type)
        members = [
            "-"
            if absent(one)
            else number(one, kind.value_type, log=False)
            if not texts
            else inert(one, ";") or "(empty)"
            for one in value
        ]
        text = ";".join(members)
    elif pa.types.is_string(kind):
        text = inert(value)
    else:
        return number(value, kind, log=False)
    return '"' + text.replace('"', '""') + '"' if not text or set(text) & set(',"') else text


def log_text(value: Any, name: str, kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return inert(value) or "(empty)"
    if name == "lasted":
        return f"{value or 0.0:.6f}"
    return number(value, kind, log=True)


def expected(rows: list[dict[str, Any]], form: int) -> bytes:
    lines = []
    for row in rows:
        fields = [(field, row[field.name]) for field in SCHEMA]
        if form == JSON:
            members = [f'"{f.name}":{json_text(value, f.type)}' for f, value in fields if not absent(value)]
            lines.append("{" + ",".join(members) + "}\n")
        elif form == CSV:
            lines.append(",".join("" if absent(value) else csv_text(value, f.type) for f, value in fields) + "\n")
        else:
            cells = ["-" if absent(v) else log_text(v, f.name, f.type) for f, v in fields if f.name not in LISTS]
            lines.append("\t".join(cells) + "\n")
    return "".join(lines).encode()


LISTS = ("sizes", "gaps", "names")


def written(batch: pa.RecordBatch, form: int, room: int = 1 << 12) -> bytes:
    batch = batch.drop_columns(list(LISTS)) if form == LOG else batch
    return b"".join(map(bytes, TextRows(form, ["lasted"] if form == LOG else [], room).blocks(batch)))


@pytest.mark.parametrize("form", [JSON, CSV, LOG])
@settings(max_examples=examples(80), deadline=None)
@given(rows=ROWS)
def test_lines_are_those_of_the_reference(form: int, rows: list[dict[str, Any]]) -> None:
    assert written(batch_of(rows), form) == expected(rows, form)


@pytest.mark.parametrize("form", [JSON, CSV, LOG])
@settings(max_examples=examples(20), deadline=None)
@given(rows=ROWS, cut=st.integers(0, 6))
def test_lines_do_not_depend_on_batches_nor_on_room(form: int, rows: list[dict[str, Any]], cut: int) -> None:
    batch = batch_of(rows)
    apart = written(batch.slice(0, cut), form, room=1) + written(batch.slice(cut), form, room=700)
    assert apart == written(batch, form)


def test_a_text_larger_than_the_room_is_written() -> None:
    rows = [dict.fromkeys(SCHEMA.names) | {"first": text} for text in ("x", "\x00" * 5_000, "y")]
    lines = written(batch_of(rows), JSON, room=64).splitlines()
    assert [json.loads(line)["first"] for line in lines] == ["x", "\x00" * 5_000, "y"]
    rows[1]["names"] = ["é"] * 3_000
    assert json.loads(written(batch_of(rows), JSON, room=64).splitlines()[1])["names"] == ["é"] * 3_000


def test_bytes_that_are_no_utf8_harm_nothing() -> None:
    data = b"\xff|\xc3|\xe2\x82|\xf0\x9f\x98|\x80|ok"
    ends = pa.py_buffer(pa.array([0, len(data), len(data) + 0], pa.int32()).buffers()[1])
    texts = pa.StringArray.from_buffers(2, ends, pa.py_buffer(data))
    batch = pa.record_batch([texts], names=["uid"])
    first, second = written_lines(batch)
    assert first["uid"].endswith("|ok")
    assert second["uid"] == ""


def written_lines(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(map(bytes, TextRows(JSON).blocks(batch))).splitlines()]


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(KeyError, match="decimal"):
        list(TextRows(JSON).blocks(pa.record_batch([pa.array([1], pa.decimal128(3))], names=["x"])))
