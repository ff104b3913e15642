import pytest

from payloads import speaks, survives_anything

YES = [
    (bytes.fromhex("abcd01000001000000000000") + b"\x03www\x00\x00\x01\x00\x01", b""),
    (b"", bytes.fromhex("abcd81800001000100000000") + b"\x03www\x00\x00\x01\x00\x01"),
    (b"", bytes.fromhex("abcd84000000000000000000")),
]
NO = [
    (bytes(11), b""),
    (bytes.fromhex("abcd01000001000000000000ff"), b""),
    (bytes.fromhex("abcd010000010000000000003f") + b"a" * 20, b""),
    (bytes.fromhex("abcd0100ffff000000000000"), b""),
    (b"", bytes(11)),
    (b"", bytes.fromhex("abcd01000001000000000000ff")),
    (b"", bytes.fromhex("abcd010000010000000000003f") + b"a" * 20),
    (b"", bytes.fromhex("abcd0100ffff000000000000")),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("dns", client, server, proto=17, port=53)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("dns", client, server, proto=17, port=53)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("dns", *YES[0], proto=6, port=53)


def test_any_bytes_survive() -> None:
    survives_anything("dns", YES, proto=17, port=53)
