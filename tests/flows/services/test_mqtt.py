import pytest

from payloads import speaks, survives_anything

YES = [
    (bytes.fromhex("101600044d5154540402003c"), b""),
    (bytes.fromhex("10140006") + b"MQIsdp\x03", b""),
    (b"", bytes.fromhex("20020000")),
]
NO = [
    (bytes.fromhex("10ffffffffff"), b""),
    (bytes.fromhex("1016"), b""),
    (bytes.fromhex("30020000"), b""),
    (bytes.fromhex("1016") + b"\x00\x04HTTP", b""),
    (b"", bytes.fromhex("10ffffffffff")),
    (b"", bytes.fromhex("1016")),
    (b"", bytes.fromhex("30020000")),
    (b"", bytes.fromhex("1016") + b"\x00\x04HTTP"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("mqtt", client, server, proto=6, port=1883)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("mqtt", client, server, proto=6, port=1883)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("mqtt", *YES[0], proto=17, port=1883)


def test_any_bytes_survive() -> None:
    survives_anything("mqtt", YES, proto=6, port=1883)
