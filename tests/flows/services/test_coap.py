import pytest

from payloads import speaks, survives_anything

YES = [
    (bytes.fromhex("40010001") + b"\xb4temp", b""),
    (b"", bytes.fromhex("60450001ff31")),
    (bytes.fromhex("40000001"), b""),
]
NO = [
    (bytes.fromhex("8001"), b""),
    (bytes.fromhex("4f010001"), b""),
    (bytes.fromhex("40e10001"), b""),
    (bytes.fromhex("44010001"), b""),
    (b"", bytes.fromhex("8001")),
    (b"", bytes.fromhex("4f010001")),
    (b"", bytes.fromhex("40e10001")),
    (b"", bytes.fromhex("44010001")),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("coap", client, server, proto=17, port=5683)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("coap", client, server, proto=17, port=5683)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("coap", *YES[0], proto=6, port=5683)


def test_any_bytes_survive() -> None:
    survives_anything("coap", YES, proto=17, port=5683)
