import pytest

from redshank.capture import words
from redshank.capture.words_code import reading
from redshank.core.intrinsic import Intrinsic


@pytest.mark.parametrize("name", [name for name, one in vars(words).items() if isinstance(one, Intrinsic)])
def test_numbers_are_told_by_their_size_and_order(name: str) -> None:
    size = int(name.rpartition("u")[2]) // 8
    assert (
        f".reading [{size}, '{'low' if 'little' in name or size == 1 else 'high'}'] " in getattr(words, name).made_from
    )
    assert callable(reading(size, "low"))
