import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 6143, section 7.1.1.

YES: list[Flow] = [
    (b"RFB 003.008\n\x01", b"RFB 003.008\n\x01\x01"),
    (b"RFB 003.003\n", b"RFB 004.001\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"", b"RFB 003.008\n"),
    (b"RFB 003.008\n", b""),
    (b"RFB 003.008", b"RFB 003.008\n"),
    (b"RFB 003.00x\n", b"RFB 003.008\n"),
    (b"RFB 003-008\n", b"RFB 003.008\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 5900)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("rfb", client, server, proto=6, port=5900)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("rfb", client, server, proto=6, port=5900)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("rfb", *YES[0], proto=17, port=5900)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("rfb", YES, proto=6, port=5900)


def test_any_bytes_survive() -> None:
    survives_anything("rfb", YES, proto=6, port=5900)
