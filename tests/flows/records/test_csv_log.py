from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from redshank.core.errors import SourceError
from redshank.flows.records.csv_log import CsvLog
from redshank.flows.records.log_file import Files

NAMES = {"a": "first", "alpha": "first", "b": "second", "c": "third"}


def read(path: Path, content: bytes) -> tuple[list[dict[str, Any]], Counter[str]]:
    path.write_bytes(content)
    counts: Counter[str] = Counter()

    def count(name: str, amount: int) -> None:
        counts[name] += amount

    rows = []
    with closing(Files([path], count)) as lines:
        log = CsvLog(lines, NAMES, (("first",), ("second", "third")), "a test; write one", count, ("-",))
        for texts, length in log.tables():
            rows += [{name: text[i].as_py() for name, text in texts.items()} for i in range(length)]
    return rows, counts


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_capitals_quotes_and_blanks_make_no_difference(separator: str, tmp_path: Path) -> None:
    lines = [("\ufeffALPHA", '"B"', "other"), (" x ", "-", "z"), ("y", " - ", "z\r")]
    content = "\n".join(separator.join(line) for line in lines).encode()
    rows, counts = read(tmp_path / "t", content)
    assert rows == [{"first": "x", "second": None}, {"first": "y", "second": None}]
    assert counts == {}


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    rows, counts = read(tmp_path / "t", b"a,b\n\xff,\x1b[2J\n")
    assert rows == [{"first": "\\xff", "second": "\x1b[2J"}]
    assert counts == {"not_utf8": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t: empty, not even a header; not a test; write one"),
        (b"\n\n", "t: empty, not even a header"),
        (b"x,y\n1,2\n", "t: not a test; write one; it starts with b'x,y'"),
        (b"b,c\n1,2\n", "t: not a test; write one; it lacks 'a'"),
        (b"a,y\n1,2\n", "t: not a test; write one; it lacks 'b' or 'c'"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "t: not a test; write one; it starts with b'.xd4"),
    ],
)
def test_a_table_of_something_else_is_named_for_what_it_has(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        read(tmp_path / "t", content)
