from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from redshank.flows.records.csv_records import read_table


def read(rows: bytes, **options: Any) -> tuple[list[dict[str, str | None]], Counter[str]]:
    counts: Counter[str] = Counter()
    tables = read_table(rows, ",", 3, [0, 2], lambda name, amount: counts.update({name: amount}), **options)
    return [row for table in tables for row in table.to_pylist()], counts


def test_fields_are_text_even_where_they_look_like_numbers() -> None:
    rows, counts = read(b"007,x,1.50\n1e5,x,true\n")
    assert rows == [{"0": "007", "2": "1.50"}, {"0": "1e5", "2": "true"}]
    assert counts == {}


def test_an_empty_text_in_quotes_is_told_from_nothing_only_when_asked() -> None:
    line = b'"",x,\n'
    assert read(line)[0] == [{"0": None, "2": None}]
    assert read(line, empty_quotes=True)[0] == [{"0": "", "2": None}]


def test_quotes_are_text_where_fields_are_not_quoted() -> None:
    assert read(b'"a,b",c\n', quoted=False)[0] == [{"0": '"a', "2": "c"}]
    assert read(b'"a""b",x,c\n')[0] == [{"0": 'a"b', "2": "c"}]


def test_lines_of_another_width_are_counted() -> None:
    rows, counts = read(b"1,2,3\n1,2\n1,2,3,4\n5,6,7\n")
    assert [row["0"] for row in rows] == ["1", "5"]
    assert counts == {"wrong_field_count": 2}


def test_one_line_that_cannot_be_read_costs_itself() -> None:
    good = b"1,2,3\n"
    rows, counts = read(good * 50 + b'4,"never closed,6\n' + good * 50)
    assert len(rows) == 100
    assert counts == {"quote_not_closed": 1}


@given(st.lists(st.text(alphabet='ab",\r\t 0', max_size=12), max_size=8))
def test_any_lines_are_read_or_counted(lines: list[str]) -> None:
    rows, counts = read("\n".join(lines).encode())
    assert all(isinstance(value, str | None) for row in rows for value in row.values())
    assert len(rows) + sum(counts.values()) <= len(lines) + "".join(lines).count("\r")  # which ends a line, too


def test_a_table_has_the_columns_asked_for() -> None:
    table = next(read_table(b"1,2,3\n", ",", 3, [1], print))
    assert table.schema == pa.schema([("1", pa.string())])
