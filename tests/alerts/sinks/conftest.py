"""What tests of sinks share."""

from collections.abc import Iterator

import pytest

import peers


@pytest.fixture(autouse=True)
def peers_end() -> Iterator[None]:
    """End what a test began."""
    yield
    peers.stopped()
