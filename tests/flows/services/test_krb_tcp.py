import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 4120, sections 5.4.1 and 5.9.1, encoded by X.690: APPLICATION 10 and 30, the version 5 and the kind of message.
AS_REQ = bytes.fromhex("6a0e 300c a103020105 a20302010a a400")
ERROR = bytes.fromhex("7e0e 300c a003020105 a10302011e a400")

YES: list[Flow] = [
    (b"\x00\x00\x00\x10" + AS_REQ, b"\x00\x00\x00\x10" + ERROR),
    (b"\x00\x00\x00\x10" + AS_REQ, b""),
    (b"", b"\x00\x00\x04\x10" + ERROR),  # the message goes on
]
NO: list[Flow] = [
    (b"", b""),
    (AS_REQ, b""),
    (b"\x00\x00\x00\x0f" + AS_REQ, b""),
    (b"\x00\x00\x00\x10" + AS_REQ[:8], b""),
    (b"\x00\x00\x00\x10" + b"\x70" + AS_REQ[1:], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 88)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("krb_tcp", client, server, proto=6, port=88)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("krb_tcp", client, server, proto=6, port=88)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("krb_tcp", *YES[0], proto=17, port=88)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("krb_tcp", YES, proto=6, port=88)


def test_any_bytes_survive() -> None:
    survives_anything("krb_tcp", YES, proto=6, port=88)
