import pytest

from payloads import found_by, survives_anything

YES = [(b"GET / HTTP/1.1\r\nHost: x\r\n", 1), (b"POST " + b"a" * 5000, 1), (b"HTTP/1.1 200 OK\r\n", 2)]
NO = [b"GET", b"get / HTTP/1.1\r\n", b"NICK bob HTTPS\r\n", b"A B HTTP/1.1"]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("http", payload, proto=6, port=8081) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("http", payload, proto=6, port=8081) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("http", YES[0][0], proto=17, port=8081) == 0


def test_any_bytes_survive() -> None:
    survives_anything("http", [payload for payload, _ in YES], proto=6, port=8081)
