import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 5905, section 7.3: leap, version and mode (3 client, 4 server), stratum, poll, precision, delay, dispersion,
# reference, and four times, of which the second gives back the last of the request. RFC 9327, section 2 for mode 6.
SENT = bytes.fromhex("c54f234b71b152f3")
CLIENT = b"\x23\x00\x06\xec" + bytes(36) + SENT
SERVER = b"\x24\x02\x06\xe8" + bytes(20) + SENT + bytes(16)
READ_VARIABLES = bytes.fromhex("160200010000000000000000")
MONLIST = bytes.fromhex("1700032a00000000")  # of mode 7, as scanners send it

YES: list[Flow] = [
    (CLIENT, SERVER),
    (CLIENT, b""),
    (b"", SERVER),
    (b"\x1b" + bytes(47), b""),  # the simplest client
    (READ_VARIABLES, b""),
    (MONLIST, b"\x97\x00\x03\x2a\x00\x01\x00\x48" + bytes(72)),
    (b"\xe3\x00\x06\x20" + CLIENT[4:], b""),  # a client that hides its precision
]
NO: list[Flow] = [
    (b"", b""),
    (b"\x20" + CLIENT[1:], b""),  # mode 0
    (b"\x03" + CLIENT[1:], b""),  # version 0
    (b"\x3b" + CLIENT[1:], b""),  # version 7
    (CLIENT[:47], b""),
    (CLIENT + b"\0", b""),
    (CLIENT[:1] + b"\x11" + CLIENT[2:], b""),  # stratum 17
    (CLIENT[:2] + b"\x70" + CLIENT[3:], b""),
    (CLIENT[:3] + b"\x70" + CLIENT[4:], b""),
    (READ_VARIABLES[:10] + b"\x00\x01", b""),
    (b"\x16\xfe" + READ_VARIABLES[2:], b""),  # DTLS begins so
    (MONLIST[:2] + b"\x09" + MONLIST[3:], b""),
    (b"\x97\x00\x03\x2a\x00\x02\x00\x48" + bytes(72), b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 123)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ntp", client, server, proto=17, port=123)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ntp", client, server, proto=17, port=123)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ntp", *YES[0], proto=6, port=123)


def test_elsewhere_the_server_must_give_back_the_time_of_the_client() -> None:
    assert speaks("ntp", CLIENT, SERVER, proto=17, port=12300)
    assert not speaks("ntp", CLIENT, b"", proto=17, port=12300)
    assert not speaks("ntp", CLIENT, SERVER[:24] + bytes(24), proto=17, port=12300)
    assert not speaks("ntp", CLIENT[:40] + bytes(8), SERVER[:24] + bytes(24), proto=17, port=12300)
    assert not speaks("ntp", READ_VARIABLES, READ_VARIABLES, proto=17, port=12300)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ntp", YES, proto=17, port=123)


def test_any_bytes_survive() -> None:
    survives_anything("ntp", YES, proto=17, port=123)
