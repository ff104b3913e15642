import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 791, section 3.1: version 4, header of 20 bytes, total length; RFC 826: ARP is type 0806 of Ethernet.
IP = b"\x45\x00\x00\x1c" + bytes(24)
FRAME = bytes(12) + b"\x08\x00" + IP
ARP = bytes(12) + b"\x08\x06" + bytes(28)
# RFC 7348, section 5: flags with bit I, reserved, the network's identifier, reserved.
HEADER = bytes.fromhex("0800000000007b00")

YES: list[Flow] = [
    (HEADER + FRAME, b""),
    (b"", HEADER + ARP),
    (HEADER + bytes(12) + b"\x99\x99" + bytes(20), b""),
]
NO: list[Flow] = [
    (b"", b""),
    (HEADER, b""),
    (b"\x0c" + HEADER[1:] + FRAME, b""),
    (HEADER[:1] + b"\x01" + HEADER[2:] + FRAME, b""),
    (HEADER[:7] + b"\x01" + FRAME, b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 4789)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("vxlan", client, server, proto=17, port=4789)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("vxlan", client, server, proto=17, port=4789)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("vxlan", *YES[0], proto=6, port=4789)


def test_elsewhere_what_it_carries_must_look_like_a_frame() -> None:
    assert speaks("vxlan", HEADER + FRAME, proto=17, port=8472)
    assert not speaks("vxlan", HEADER + bytes(12) + b"\x99\x99" + bytes(20), proto=17, port=8472)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("vxlan", YES, proto=17, port=4789)


def test_any_bytes_survive() -> None:
    survives_anything("vxlan", YES, proto=17, port=4789)
