"""The store that tests of the console look at, made once; whoever changes it gets a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.filled import Filled, fill


@pytest.fixture(scope="session")
def first_filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return fill(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def filled(first_filled: Filled, tmp_path: Path) -> Iterator[Filled]:
    """Return a store of this test alone."""
    made = first_filled.copied(tmp_path)
    yield made
    made.database.close()
