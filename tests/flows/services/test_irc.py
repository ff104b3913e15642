import pytest

from payloads import found_by, survives_anything

YES = [(b"NICK bot\r\n", 1), (b":irc.example NOTICE", 2), (b"PING :1", 2)]
NO = [b"NICKNAME", b"HELO x"]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("irc", payload, proto=6, port=6667) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("irc", payload, proto=6, port=6667) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("irc", YES[0][0], proto=17, port=6667) == 0


def test_any_bytes_survive() -> None:
    survives_anything("irc", [payload for payload, _ in YES], proto=6, port=6667)
