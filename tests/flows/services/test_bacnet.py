import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# ASHRAE 135, annex J.2: 81, function (0B: original broadcast), length; clause 6.2: version 1, control; then Who-Is.

YES: list[Flow] = [
    (bytes.fromhex("810b000c0120ffff00ff1008"), b""),
    (bytes.fromhex("810a000801041008"), b""),
    (bytes.fromhex("8104000ec0a80005bac001201008"), b""),  # forwarded for 192.168.0.5
    (b"", bytes.fromhex("810000060000")),
]
NO: list[Flow] = [
    (b"", b""),
    (bytes.fromhex("810b000d0120ffff00ff1008"), b""),
    (bytes.fromhex("810d000c0120ffff00ff1008"), b""),
    (bytes.fromhex("810a000802041008"), b""),
    (bytes.fromhex("810a000801501008"), b""),
    (bytes.fromhex("8104000801201008"), b""),
    (bytes.fromhex("810b"), b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 47808)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("bacnet", client, server, proto=17, port=47808)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("bacnet", client, server, proto=17, port=47808)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("bacnet", *YES[0], proto=6, port=47808)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("bacnet", YES, proto=17, port=47808)


def test_any_bytes_survive() -> None:
    survives_anything("bacnet", YES, proto=17, port=47808)
