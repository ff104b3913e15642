import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.console.form import MOST_FIELDS, Form, parsed
from redshank.core.errors import ConfigError


def test_a_form_tells_everything_that_is_wrong_at_once() -> None:
    form = Form([("why", "x"), ("days", "many"), ("limit", "1.5"), ("state", "opn"), ("id", "a" * 300)])
    form.text("why", least=3, most=10)
    form.number("days", 1, 30)
    form.whole("limit", 1, 100)
    form.choice("state", ("open", "closed"))
    form.several("id")
    with pytest.raises(ConfigError) as caught:
        form.check()
    assert [line.partition(";")[0] for line in caught.value.problems] == [
        "why: 'x' has 1 characters",
        "days: 'many' is no number",
        "limit: '1.5' is not allowed",
        "state: no 'opn'",
        f"id: '{'a' * 60}' has 300 characters",
    ]
    assert "did you mean 'open'?" in caught.value.problems[3]


def test_what_is_right_comes_as_its_kind() -> None:
    form = Form([("n", "7"), ("x", "0.5"), ("state", "open"), ("id", "a"), ("id", "b"), ("id", "a"), ("t", " a\r\nb ")])
    assert (form.whole("n", 1, 9), form.number("x", 0, 1), form.choice("state", ("open",))) == (7, 0.5, "open")
    assert (form.several("id"), form.text("t"), form.has("n"), form.has("m")) == (["a", "b"], "a\nb", True, False)
    form.check()


def test_what_is_not_given_is_what_it_is_by_default() -> None:
    form = Form([("n", "")])
    assert (form.whole("n", 1, 9, 3), form.number("x", 0, 1, 0.5), form.choice("s", ("a", "b"), "b")) == (3, 0.5, "b")
    assert (form.text("t", default="d"), form.several("id"), form.secret("p")) == ("d", [], "")
    form.check()


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e999", "", "0x1", "٣٣٣"])
def test_a_number_that_is_none_or_out_of_its_range_is_told(value: str) -> None:
    form = Form([("n", value)])
    form.number("n", 0, 10)
    with pytest.raises(ConfigError, match="n: .* is no number; give one from 0 to 10"):
        form.check()


def test_hostile_text_is_told_so_that_it_does_nothing() -> None:
    form = Form([("n", "\x1b[2J")])
    form.whole("n", 0, 1)
    assert form.problems == ["n: '\\x1b[2J' is not allowed; give a whole number, 0 to 1"]


def test_a_form_has_so_many_fields_and_no_more() -> None:
    assert len(parsed("&".join(["a=1"] * MOST_FIELDS))) == MOST_FIELDS
    with pytest.raises(ConfigError, match=f"form: more than {MOST_FIELDS} fields; send fewer at once"):
        parsed("&".join(["a=1"] * (MOST_FIELDS + 1)))


@given(st.text(max_size=200))
def test_whatever_is_sent_is_fields(text: str) -> None:
    for name, value in parsed(text):
        assert "\x00" not in value or "\x00" in text
        form = Form([(name, value)])
        form.text(name)
        form.whole(name, 0, 1)
        form.number(name, 0, 1)
        form.choice(name, ("a",))
        form.several(name)


def test_a_zero_byte_becomes_a_mark() -> None:
    assert parsed("a=x%00y") == [("a", "x\ufffdy")]
