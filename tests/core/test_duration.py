import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.duration import seconds
from redshank.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "span_s"),
    [("90s", 90), ("90", 90), ("10m", 600), ("1h", 3_600), ("7d", 604_800), ("0.5h", 1_800), ("0", 0)],
)
def test_spans_are_read_with_their_unit(text: str, span_s: float) -> None:
    assert seconds(text, "--for") == span_s


@pytest.mark.parametrize("text", ["", "h", "-1h", "1w", "1 h", "inf", "nan", "1e9", "4000d", "\u0661h", "9" * 500])
def test_what_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="--for: '.*' is no span of time; write one like 90s, 10m, 24h or 7d"):
        seconds(text, "--for")


@given(st.integers(0, 86_400))
def test_seconds_stay_seconds(span_s: int) -> None:
    assert seconds(f"{span_s}s", "--for") == span_s
