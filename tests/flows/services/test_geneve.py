import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 791, section 3.1: version 4, header of 20 bytes, total length; RFC 826: ARP is type 0806 of Ethernet.
IP = b"\x45\x00\x00\x1c" + bytes(24)
FRAME = bytes(12) + b"\x08\x00" + IP
ARP = bytes(12) + b"\x08\x06" + bytes(28)
# RFC 8926, section 3.4: version and length of the options, flags, type, the network's identifier, reserved.
HEADER, OPTIONS = bytes.fromhex("0000655800000a00"), bytes.fromhex("020065580000640001020304050607ff")

YES: list[Flow] = [
    (HEADER + FRAME, b""),
    (b"", HEADER + ARP),
    (OPTIONS + FRAME, HEADER + FRAME),
    (bytes.fromhex("0040080000000a00") + IP, b""),
]
NO: list[Flow] = [
    (b"", b""),
    (HEADER + FRAME[:10], b""),
    (b"\x40" + HEADER[1:] + FRAME, b""),
    (HEADER[:1] + b"\x01" + HEADER[2:] + FRAME, b""),
    (HEADER[:7] + b"\x01" + FRAME, b""),
    (bytes.fromhex("0000080000000a00") + bytes(28), b""),
    (bytes.fromhex("0000111100000a00") + FRAME, b""),
    (HEADER + bytes(12) + b"\x08\x00" + b"\x45\x00\x00\x1d" + bytes(24), b""),  # longer than what is there
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 6081)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("geneve", client, server, proto=17, port=6081)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("geneve", client, server, proto=17, port=6081)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("geneve", *YES[0], proto=6, port=6081)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("geneve", YES, proto=17, port=6081)


def test_any_bytes_survive() -> None:
    survives_anything("geneve", YES, proto=17, port=6081)
