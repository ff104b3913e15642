from dataclasses import dataclass, field

import pytest

from redshank.core.concealed import HIDDEN, concealed, masked, shown


@dataclass(frozen=True)
class Bell:
    place: str = ""
    code: str = field(default="", repr=False)
    token: str = ""
    token_file: str = ""
    keys: int = 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("postgresql://ana:SECRET@db.lan:5432/shop", "postgresql://ana:...@db.lan:5432/shop"),
        ("postgresql+psycopg://ana:SECRET@db.lan/shop", "postgresql+psycopg://ana:...@db.lan/shop"),
        ("postgresql://ana:SECRET/SECRET@db.lan/shop", "postgresql://ana:...@db.lan/shop"),
        ("postgresql://ana:SECRET@SECRET@db.lan/shop", "postgresql://ana:...@db.lan/shop"),
        ("postgresql://ana:SECRET SECRET@db.lan/shop", "postgresql://ana:...@db.lan/shop"),
        ("postgresql://db.lan/shop?user=ana&password=SECRET", "postgresql://db.lan/shop?user=ana&password=..."),
        ("host=db.lan password=SECRET", "host=db.lan password=..."),
        ("https://hooks.example/services/SECRET", "https://hooks.example/..."),
        ("['htps://hooks.example?SECRET', 5]", "['htps://hooks.example/...', 5]"),
    ],
)
def test_an_address_is_told_without_what_is_secret_of_it(given: str, told: str) -> None:
    assert masked(given) == told


@pytest.mark.parametrize(
    "given",
    ["postgresql://ana@db.lan/shop", "https://hooks.example", "/var/lib/redshank.db", "not port 22", "127.0.0.1:9477"],
)
def test_what_is_no_secret_stays(given: str) -> None:
    assert masked(given) == given


def test_a_long_text_is_masked_in_no_time() -> None:
    assert masked(".a" * 100_000) == ".a" * 100_000


def test_what_a_class_does_not_show_and_what_is_called_like_a_secret_is_not_shown() -> None:
    values = {"place": "tower", "code": "SECRET", "token": "SECRET", "token_file": "/etc/token", "keys": 4}
    assert concealed(Bell, values) == {
        "place": "tower",
        "code": HIDDEN,
        "token": HIDDEN,
        "token_file": "/etc/token",
        "keys": 4,
    }


def test_of_what_nobody_knows_nothing_is_shown() -> None:
    assert concealed(None, {"place": "SECRET"}) == {"place": HIDDEN}
    assert concealed(Bell, {"tokn": "SECRET"}) == {"tokn": HIDDEN}


def test_texts_are_masked_however_deep_they_are() -> None:
    assert shown({"a": ["x://u:SECRET@h"], "b": (1, {"c": "x://u:SECRET@h"})}) == {
        "a": ["x://u:...@h"],
        "b": [1, {"c": "x://u:...@h"}],
    }
