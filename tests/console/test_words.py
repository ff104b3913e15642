import re

from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from redshank.console import words

NOW_S = 1_700_000_000.0


def ago(at_s: float | None) -> str:
    context = Environment(autoescape=True).from_string("").new_context({"now_s": NOW_S})
    return str(words.ago(context, at_s))


def test_a_time_is_told_as_it_is_read_with_the_exact_one_behind_it() -> None:
    assert ago(NOW_S - 190) == (
        '<time datetime="2023-11-14T22:10:10Z" title="2023-11-14 22:10:10 UTC">3 min ago</time>'
    )
    told = [re.sub("<.*?>", "", ago(NOW_S + s)) for s in (0.4, -5, -7_300, -200_000, 240)]
    assert told == ["now", "5 s ago", "2 h ago", "2 d ago", "in 4 min"]


def test_a_time_that_no_calendar_has_is_told_anyway() -> None:
    assert "1e+300 s" in ago(1e300)


def test_what_is_not_there_is_a_dash() -> None:
    nothing = [one(None) for one in (words.when, words.span, words.size, words.count, words.share)]
    assert {ago(None), *map(str, nothing)} == {"\N{EN DASH}"}
    assert words.wire(None) == words.wire("") == '<span class="wire none">\N{EN DASH}</span>'


def test_text_from_the_wire_is_only_read() -> None:
    shown = words.wire("<script>alert(1)</script>\x00\u202e\u2066e\u0301")
    assert shown == (
        '<span class="wire">&lt;script&gt;alert(1)&lt;/script&gt;'
        "<i>\\x00</i><i>\\u202e</i><i>\\u2066</i>e<i>\\u0301</i></span>"
    )


def test_text_from_the_wire_is_bounded_and_says_so() -> None:
    assert words.wire("a" * 10, 4) == '<span class="wire">aaaa<i title="6 more characters">…</i></span>'


@given(st.text(max_size=50))
def test_no_text_makes_markup(text: str) -> None:
    inside = words.wire(text).removeprefix('<span class="wire">').removesuffix("</span>")
    assert re.sub(r"</?i>|<span class=\"wire none\">", "", inside).count("<") == 0
    assert all(c.isprintable() for c in inside)
