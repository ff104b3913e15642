import pytest

from redshank.core.errors import ConfigError
from redshank.core.pairs import read_pairs

DEFAULTS = {"name": "x", "count": 3, "rate": 0.5, "whole": True, "sizes": (8, 4), "target": ...}


def test_values_take_the_type_of_the_default() -> None:
    texts = ["name=7", "count=4", "rate=1", "whole=false", "sizes=16", "target=5"]
    read = read_pairs("--with", texts, DEFAULTS, str)
    assert read == {"name": "7", "count": 4, "rate": 1.0, "whole": False, "sizes": (16,), "target": "5"}
    assert isinstance(read["rate"], float)


def test_a_value_may_hold_an_equals_sign() -> None:
    assert read_pairs("--with", ["name=a=b"], DEFAULTS, str) == {"name": "a=b"}


def test_every_problem_is_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        read_pairs("--with", ["count=many", "what=1", "rate"], DEFAULTS, lambda key: f"no {key}")
    assert caught.value.problems == [
        "--with count: 'many' is not a whole number (default 3)",
        "no what",
        "--with: 'rate' is not key=value",
    ]
