import pytest
from numba import types

from redshank.capture import words
from redshank.capture.words_code import fetching, reading


@pytest.mark.parametrize("name", ["u8", "u16", "u32", "u64", "little_u16", "little_u32"])
def test_numbers_are_told_by_their_size_and_order(name: str) -> None:
    size = int(name.rpartition("u")[2]) // 8
    assert (
        f".reading [{size}, '{'low' if 'little' in name or size == 1 else 'high'}'] " in getattr(words, name).made_from
    )
    assert callable(reading(size, "low"))


def test_fetching_returns_nothing() -> None:
    signature, generate = fetching(None, types.Array(types.uint8, 1, "C"), types.int64)
    assert signature.return_type == types.void
    assert callable(generate)
