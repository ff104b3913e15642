import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def logins() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_logins", BENCH / "logins.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ten_thousand_guesses_at_one_account_are_mostly_not_even_reckoned_and_the_owner_comes_in_later(
    logins: ModuleType,
) -> None:
    assert logins.guess(logins.at_one(10_000)).split()[:2] == ["0", "24"]


def test_guesses_at_many_names_do_not_get_in_either(logins: ModuleType) -> None:
    told = logins.guess(logins.at_many(30)).split()
    assert told[:2] == ["0", "30"]
    assert told[-3:] == ["ada", "came", "in"]
