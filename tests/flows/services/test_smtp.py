import pytest

from payloads import found_by, survives_anything

YES = [(b"220-mail ESMTP\r\n", 2), (b"ehlo client\r\n", 1), (b"HELO x", 1)]
NO = [b"HELLO", b"USER x", b"250 ok"]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("smtp", payload, proto=6, port=25) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("smtp", payload, proto=6, port=25) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("smtp", YES[0][0], proto=17, port=25) == 0


def test_any_bytes_survive() -> None:
    survives_anything("smtp", [payload for payload, _ in YES], proto=6, port=25)
