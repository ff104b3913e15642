import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# MS-RDPBCGR, sections 4.1.1 and 4.1.2: the annotated connection request with a cookie and its confirm.
REQUEST = bytes.fromhex("0300002c 27e00000000000") + b"Cookie: mstshash=eltons\r\n" + bytes.fromhex("0100080000000000")
CONFIRM = bytes.fromhex("03000013 0ed00000123400 0200080000000000")
NEGOTIATE = bytes.fromhex("03000013 0ee00000000000 0100080003000000")
PLAIN = bytes.fromhex("0300000b 06e00000000000")

YES: list[Flow] = [
    (REQUEST, CONFIRM),
    (REQUEST, b""),
    (NEGOTIATE, CONFIRM),
    (PLAIN, bytes.fromhex("0300000b06d00000123400")),
]
NO: list[Flow] = [
    (b"", b""),
    (b"", CONFIRM),
    (REQUEST[:10], b""),
    (REQUEST, b"HTTP/1.1 400 Bad Request\r\n"),
    (bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102"), CONFIRM),  # a controller's S7: other parameters
    (b"\x03\x00\x00\x2c\x26" + REQUEST[5:], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 3389)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("rdp", client, server, proto=6, port=3389)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("rdp", client, server, proto=6, port=3389)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("rdp", *YES[0], proto=17, port=3389)


def test_a_bare_request_is_believed_on_its_port_only() -> None:
    assert not speaks("rdp", PLAIN, b"", proto=6, port=102)
    assert speaks("rdp", REQUEST, b"", proto=6, port=102)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("rdp", YES, proto=6, port=3389)


def test_any_bytes_survive() -> None:
    survives_anything("rdp", YES, proto=6, port=3389)
