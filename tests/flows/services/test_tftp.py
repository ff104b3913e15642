import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 1350, section 5 and appendix; RFC 2348 for the option of a block size.

YES: list[Flow] = [
    (b"\x00\x01bins.sh\x00octet\x00", b""),
    (b"\x00\x02config.txt\x00NetASCII\x00", b"\x00\x04\x00\x00"),
    (b"\x00\x01a\x00octet\x00blksize\x001428\x00", b""),
]
NO: list[Flow] = [
    (b"", b""),
    (b"\x00\x03bins.sh\x00octet\x00", b""),
    (b"\x00\x01\x00octet\x00\x00\x00", b""),
    (b"\x00\x01bins.sh\x00octal\x00", b""),
    (b"\x00\x01bi\xffns.sh\x00octet\x00", b""),
    (b"\x00\x01bins.sh\x00octet", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 69)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("tftp", client, server, proto=17, port=69)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("tftp", client, server, proto=17, port=69)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("tftp", *YES[0], proto=6, port=69)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("tftp", YES, proto=17, port=69)


def test_any_bytes_survive() -> None:
    survives_anything("tftp", YES, proto=17, port=69)
