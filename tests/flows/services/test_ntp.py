import pytest

from payloads import speaks, survives_anything

YES = [
    (bytes([0x23]) + bytes(47), b""),
    (b"", bytes([0x24, 2]) + bytes(46)),
    (bytes([0x16]) + bytes(11), b""),
]
NO = [
    (bytes([0x23]) + bytes(46), b""),
    (bytes([0x3B]) + bytes(47), b""),
    (bytes([0x20]) + bytes(47), b""),
    (bytes([0x24, 200]) + bytes(46), b""),
    (b"", bytes([0x23]) + bytes(46)),
    (b"", bytes([0x3B]) + bytes(47)),
    (b"", bytes([0x20]) + bytes(47)),
    (b"", bytes([0x24, 200]) + bytes(46)),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ntp", client, server, proto=17, port=123)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ntp", client, server, proto=17, port=123)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ntp", *YES[0], proto=6, port=123)


def test_any_bytes_survive() -> None:
    survives_anything("ntp", YES, proto=17, port=123)
