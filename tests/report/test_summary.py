import fcntl
import io
import json
import math
import os
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.report.summary import Row, Section, show, to_json, to_text

CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())


def test_json_holds_title_and_one_key_for_each_section() -> None:
    text = to_json("run", [Section("Flows, by service", {"dns": 3}), Section("Rows", [{"a": 1, "b": None}])])
    assert json.loads(text) == {"title": "run", "flows_by_service": {"dns": 3}, "rows": [{"a": 1, "b": None}]}
    assert "\n" not in text


def test_nan_and_infinity_become_null_in_json() -> None:
    text = to_json("run", [Section("x", {"nan": math.nan, "inf": math.inf, "low": -math.inf, "one": 1.0})])
    assert json.loads(text)["x"] == {"nan": None, "inf": None, "low": None, "one": 1.0}


def test_numbers_out_of_arrays_are_plain_in_json() -> None:
    row: dict[str, Any] = {"count": np.int64(3), "share": np.float32(0.5), "yes": True}
    assert json.loads(to_json("run", [Section("x", row)]))["x"] == {"count": 3, "share": 0.5, "yes": True}


def test_a_value_that_is_no_plain_value_is_refused() -> None:
    row: dict[str, Any] = {"x": {1}}
    with pytest.raises(TypeError, match=r"\{1\} is neither text nor a number"):
        to_text("run", [Section("x", row)])


def test_table_aligns_numbers_right_and_text_left() -> None:
    rows: list[Row] = [{"service": "dns", "flows": 12}, {"service": "mqtt", "flows": 1234567, "share": 0.125}]
    assert to_text("run", [Section("By service", rows)]).splitlines() == [
        "run",
        "",
        "By service",
        "  service      flows  share",
        "  dns             12      -",
        "  mqtt     1,234,567  0.125",
    ]


def test_numbers_are_written_for_a_person() -> None:
    values = {"a": 0.000012344, "b": 123456.7, "c": math.inf, "d": True, "e": math.nan, "f": -5}
    lines = to_text("run", [Section("x", values)]).splitlines()[3:]
    assert [line.split()[1] for line in lines] == ["1.234e-05", "123,457", "inf", "yes", "nan", "-5"]


def test_empty_section_says_none() -> None:
    assert to_text("run", [Section("x", {}), Section("y", [])]).count("(none)") == 2


def test_control_characters_cannot_reach_the_terminal() -> None:
    text = to_text("run", [Section("x", {"dns\nquery": "\x1b[2Jevil\u202e"})])
    assert "\\x1b[2Jevil\\u202e" in text
    assert "dns\\nquery" in text
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("titles", [("Rows", "rows"), ("Title",)])
def test_a_key_used_twice_is_refused(titles: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"section key '{titles[-1].lower()}' is used more than once"):
        to_json("run", [Section(title, {}) for title in titles])


def test_show_writes_text_or_json_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    show("run", [Section("x", {"a": 1})], as_json=False)
    show("run", [Section("x", {"a": 1})], as_json=True)
    assert capsys.readouterr().out == 'run\n\nx\n  a  1\n{"title": "run", "x": {"a": 1}}\n'


def test_a_reader_who_does_not_read_is_waited_for_as_long_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 4_096)
    with os.fdopen(into, "w") as pipe, os.fdopen(out) as reader:
        monkeypatch.setattr(sys, "stdout", pipe)
        show("demo", [Section("Counts", {"flows": 2})], as_json=True, within_s=0.1)
        with pytest.raises(TimeoutError, match="nobody reads standard output"):
            show("demo", [Section("Counts", {"x" * 9_000: 2})], as_json=True, within_s=0.1)
        assert json.loads(reader.readline()) == {"title": "demo", "counts": {"flows": 2}}


def test_show_marks_headings_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    show("run", [Section("x", {"a": "[red]not markup[/red]"})], as_json=False)
    assert "\x1b[1mrun" in terminal.getvalue()
    assert "[red]not markup[/red]" in terminal.getvalue()


@given(st.dictionaries(st.text(), CELLS, max_size=4), st.lists(st.dictionaries(st.text(), CELLS), max_size=3))
def test_any_values_give_valid_json_and_inert_text(values: Row, rows: list[Row]) -> None:
    sections = [Section("values", values), Section("table", rows)]
    found = json.loads(to_json("run", sections), parse_constant=pytest.fail)
    assert set(found) == {"title", "values", "table"}
    assert len(found["table"]) == len(rows)
    assert all(c.isprintable() or c == "\n" for c in to_text("run", sections))


def test_a_long_sentence_is_broken_below_where_it_begins() -> None:
    sentence = " ".join(["word"] * 50)
    lines = to_text("t", [Section("In words", {"1": sentence, "22": "short"})]).splitlines()[3:]
    assert max(map(len, lines)) <= 106
    assert lines[0].startswith("  1   word word")
    assert lines[1].startswith("      word")
    assert lines[-1] == "  22  short"
    assert " ".join(" ".join(lines[:-1]).split()) == f"1 {sentence}"


def test_what_has_no_blanks_is_never_broken() -> None:
    path = "x" * 300
    assert path in to_text("t", [Section("Files", {"path": path})])


def test_heads_of_a_wide_table_are_broken_and_those_of_a_narrow_one_are_not() -> None:
    row: Row = {"row": "a", **{f"false alarms at recall 0.9{i}": 0.5 for i in range(6)}}
    lines = to_text("t", [Section("Wide", [row])]).splitlines()[3:]
    assert len(lines) > 2
    assert max(map(len, lines)) <= 120
    assert lines[-2].split() == ["row", *(f"0.9{i}" for i in range(6))]
    narrow = to_text("t", [Section("Narrow", [{"row": "a", "false alarms at recall 0.90": 0.5}])])
    assert "false alarms at recall 0.90" in narrow
