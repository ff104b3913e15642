import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# MS-SMB2, section 2.2.1.2: FE 'SMB', 64 bytes of structure; MS-SMB, section 2.2.3.1: FF 'SMB', 32; behind four bytes of
# NetBIOS: 0 and the length (RFC 1002, section 4.3.1). 81 asks for a session, 82 grants it.
OLD = b"\x00\x00\x00\x2f\xffSMB\x72" + bytes(42)
NEW = b"\x00\x00\x00\x66\xfeSMB\x40\x00" + bytes(96)
ENCRYPTED = b"\x00\x00\x00\x66\xfdSMB" + bytes(98)
SESSION = b"\x81\x00\x00\x44" + b"\x20" + b"CK" * 16 + b"\x00" + b"\x20" + b"CA" * 16 + b"\x00"

YES: list[Flow] = [
    (OLD, NEW),
    (NEW, b""),
    (b"", ENCRYPTED),
    (SESSION + OLD, b"\x82\x00\x00\x00" + OLD),
]
NO: list[Flow] = [
    (b"", b""),
    (SESSION, b"\x82\x00\x00\x00"),  # a session of what?
    (OLD[:7], b""),
    (b"\x00\x00\x00\x1f" + OLD[4:], b""),
    (b"\x00\x00\x00\x2f\xfbSMB" + bytes(43), b""),
    (b"\x01" + OLD[1:], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 445)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("smb", client, server, proto=6, port=445)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("smb", client, server, proto=6, port=445)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("smb", *YES[0], proto=17, port=445)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("smb", YES, proto=6, port=445)


def test_any_bytes_survive() -> None:
    survives_anything("smb", YES, proto=6, port=445)
