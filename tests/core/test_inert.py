import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.inert import inert


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("caf\xe9 / \u6e2c", "caf\xe9 / \u6e2c"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m\x7f\0", "\\x9b31m\\x7f\\x00"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(st.text())
def test_any_text_becomes_printable(text: str) -> None:
    assert inert(text).isprintable()
    inert(text).encode()
