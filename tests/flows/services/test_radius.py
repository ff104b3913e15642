import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 2865, section 7.1: the telnet user "nemo", and the accept.
REQUEST = bytes.fromhex(
    "010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee0406c0a80110050600000003"
)
ACCEPT = bytes.fromhex("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103")

YES: list[Flow] = [
    (REQUEST, ACCEPT),
    (REQUEST, b""),
    (b"\x0c\x01\x00\x14" + bytes(16), b""),  # Status-Server without attributes
]
NO: list[Flow] = [
    (b"", b""),
    (REQUEST[:-1], b""),
    (REQUEST + b"\x00", b""),
    (b"\x06" + REQUEST[1:], b""),
    (REQUEST[:21] + b"\x05" + REQUEST[22:], b""),  # the attributes do not end where the datagram does
    (REQUEST[:21] + b"\x01" + REQUEST[22:], b""),
    (REQUEST, ACCEPT[:-1]),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 1812)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("radius", client, server, proto=17, port=1812)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("radius", client, server, proto=17, port=1812)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("radius", *YES[0], proto=6, port=1812)


def test_elsewhere_there_must_be_attributes() -> None:
    assert speaks("radius", REQUEST, ACCEPT, proto=17, port=2000)
    assert not speaks("radius", b"\x0c\x01\x00\x14" + bytes(16), proto=17, port=2000)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("radius", YES, proto=17, port=1812)


def test_any_bytes_survive() -> None:
    survives_anything("radius", YES, proto=17, port=1812)
