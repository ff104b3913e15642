import re
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.records.numerals import moments, wholes

WHOLE = re.compile(r"(?:[0-9]{1,18}|[0-8][0-9]{18})(?:\.0+)?")
"""What is a whole number, as it was told before a kernel read it."""


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.none() | st.text("0189.- +e\u0660", max_size=22), max_size=20))
def test_whole_numbers_are_read_as_told(texts: list[str | None]) -> None:
    wanted = [int(text.partition(".")[0]) if text and WHOLE.fullmatch(text) else None for text in texts]
    assert wholes(pa.array(texts, pa.string())).to_pylist() == wanted


@pytest.mark.parametrize(
    ("text", "value"), [("8999999999999999999", 8_999_999_999_999_999_999), ("9000000000000000000", None), ("007", 7)]
)
def test_the_largest_number_is_known(text: str, value: int | None) -> None:
    assert wholes(pa.array([text])).to_pylist() == [value]


@settings(max_examples=examples(100), deadline=None)
@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2262, 1, 1)),  # noqa: DTZ001  the zone is in the text
    st.sampled_from("-/"),
    st.sampled_from("T "),
    st.integers(0, 9),
    st.none() | st.integers(-19 * 60 - 59, 19 * 60 + 59),
    st.sampled_from(["", ":"]),
)
def test_a_date_is_that_of_the_calendar(
    when: datetime, dash: str, parted: str, digits: int, east: int | None, colon: str
) -> None:
    zone = UTC if east is None else timezone(timedelta(minutes=east))
    text = when.strftime(f"%Y{dash}%m{dash}%d{parted}%H:%M:%S")
    part = f"{when.microsecond:06}789"[:digits]
    sign, minutes = ("-", -east) if east is not None and east < 0 else ("+", east or 0)
    text += f".{part}" * bool(part)
    text += "Z" * len(colon) if east is None else f"{sign}{minutes // 60:02}{colon}{minutes % 60:02}"
    whole = (when.replace(tzinfo=zone, microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    ns = whole * 10**9 + int(part.ljust(9, "0"))
    assert moments(pa.array([text])).to_pylist() == [ns if whole >= 0 else None]


@pytest.mark.parametrize(
    "text",
    ["2021-02-29 00:00:00", "2100-02-29 00:00:00", "2021-04-31 00:00:00", "2021-13-01 00:00:00", "2021-01-01 24:00:00",
     "2021-01-01 00:00:60", "2021-01-01 00:00", "2021-01-01 00:00:00.", "2021-01-01 00:00:00+2000", "1.", ".5", "-1",
     "2021-01-01 00:00:00+1", "2021-01-01 00:00:00 Z", "12345678901", "9223372036", "1969-12-31 23:59:59", "",
     "2021\u066001-01 00:00:00"],
)  # fmt: skip
def test_what_is_no_time_is_null(text: str) -> None:
    assert moments(pa.array([text])).to_pylist() == [None]


def test_a_leap_day_and_the_last_second_are_there() -> None:
    texts = ["2000-02-29 00:00:00", "9223372035.999999999", "2262-04-11T23:47:15.9999999999Z"]
    assert moments(pa.array(texts)).to_pylist() == [951_782_400 * 10**9, *[9_223_372_035_999_999_999] * 2]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.none() | st.text("0123456789-/:T Z+.", max_size=30), max_size=10), st.integers(0, 5))
def test_a_part_of_a_column_is_read_as_in_the_whole(texts: list[str | None], cut: int) -> None:
    column = pa.array(texts, pa.string())
    for read in (wholes, moments):
        assert read(column.slice(cut)).to_pylist() == read(column).to_pylist()[cut:]
