import numpy as np
import pytest

from redshank.flows.bytes import number, starts, starts_word

DATA = np.frombuffer(b"xUser\x01\x02", np.uint8).copy()


@pytest.mark.parametrize(
    ("text", "end", "exact", "word"),
    [(b"User", 7, True, True), (b"USER", 7, False, True), (b"USER", 4, False, False), (b"USE2", 7, False, False)],
)
def test_text_is_compared_inside_the_payload(text: bytes, end: int, *, exact: bool, word: bool) -> None:
    assert starts(DATA, 1, end, text) is exact
    assert starts_word(DATA, 1, end, text) is word


def test_numbers_are_big_endian() -> None:
    assert number(DATA, 5, 2) == 258
