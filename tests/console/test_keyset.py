import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.console.form import Form
from redshank.console.keyset import asked, written
from redshank.core.errors import ConfigError


@settings(max_examples=30)
@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=40).map(str.strip))
def test_a_place_comes_back_as_it_was_written(value: float, name: str) -> None:
    name = name.replace("\r\n", "\n")
    assert asked(Form([("after", written((value, name)))])) == (value, name)


@pytest.mark.parametrize("text", ["5", "x,1", "nan,a", "inf,a", ",", "' OR 1=1"])
def test_what_is_no_place_is_a_problem(text: str) -> None:
    form = Form([("after", text)])
    assert asked(form) is None
    with pytest.raises(ConfigError, match="after: .* is no place in this list"):
        form.check()
