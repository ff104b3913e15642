from pathlib import Path

import pytest

from redshank.core.errors import ConfigError
from redshank.store.address import address, apart, called


def test_what_is_no_url_is_a_file() -> None:
    assert called(address("out/labels.db")) == "out/labels.db"
    assert called(address(Path("out/labels.db"))) == "out/labels.db"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mysql://ana:SECRET@db.lan/shop", r"^store: 'mysql://...' is not known; give a path, or postgresql://user@"),
        ("postgresql:/ana:SECRET@db.lan/shop", r"^store: 'postgresql://...' is not a URL; give postgresql://user@host"),
        ("postgresql://ana@db.lan:SECRET/shop", r"^store: 'postgresql://...' is not a URL"),
        ("postgres://ana:SECRET@[::1/shop", r"^store: 'postgresql://...' is not a URL"),
        (
            "postgresql://ana:a@SECRET@db.lan/shop",
            r"^store: 'postgresql://...' has two @; write one in a password as %40",
        ),
    ],
)
def test_what_cannot_be_opened_is_told_without_its_secret(given: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        address(given)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "given", ["postgresql://ana:SECRET@db.lan/shop", "postgres://ana@db.lan/shop?password=SECRET&sslmode=require"]
)
def test_no_password_is_in_the_name_of_a_store(given: str) -> None:
    assert called(address(given)).startswith("postgresql+psycopg://ana")
    assert "SECRET" not in called(address(given))


@pytest.mark.parametrize(
    ("given", "word", "variables"),
    [
        ("postgresql://ana@db.lan/shop", "postgresql://ana@db.lan/shop", {}),
        ("postgresql://ana:a%40b@db.lan:1/shop?a=b", "postgresql://ana@db.lan:1/shop?a=b", {"PGPASSWORD": "a@b"}),
        ("postgres://ana@db.lan/shop?password=w", "postgres://ana@db.lan/shop", {"PGPASSWORD": "w"}),
        (Path("/state/redshank.db"), "/state/redshank.db", {}),
        ("labels.db", "labels.db", {}),
    ],
)
def test_a_password_is_told_to_another_program_by_a_variable(
    given: Path | str, word: str, variables: dict[str, str]
) -> None:
    assert apart(given) == (word, variables)
