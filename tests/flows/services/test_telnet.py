import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 854: IAC is 255; WILL 251, WONT 252, DO 253, DONT 254, SB 250, SE 240. Options: 1 echo (RFC 857), 3 suppress
# go-ahead (RFC 858), 24 terminal type (RFC 1091), 31 window size (RFC 1073).
DO_ECHO, WILL_SILENT, DO_SIZE = b"\xff\xfd\x01", b"\xff\xfb\x03", b"\xff\xfd\x1f"
TERMINAL = b"\xff\xfa\x18\x00VT100\xff\xf0"

YES: list[Flow] = [
    (DO_ECHO, DO_ECHO + b"\r\nlogin: "),
    (b"", DO_ECHO + WILL_SILENT + DO_SIZE),
    (WILL_SILENT + TERMINAL + b"admin\r\n", b"\xff\xfa\x18\x01\xff\xf0"),
    (b"root\r\n", DO_ECHO + b"login: "),
    (b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18", DO_SIZE),  # the window size is cut
]
NO: list[Flow] = [
    (b"", b""),
    (b"root\r\n", b"login: "),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", b""),
    (b"", b"\xff\xfb\x90\x64\x00\x0f"),  # a frame of MP3
    (b"", b"\xff\xfb\x03\xff\xff\x01"),
    (b"", b"\xff\xfb"),
    (b"\xff\xff\xff\xff", DO_ECHO),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 23)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("telnet", client, server, proto=6, port=23)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("telnet", client, server, proto=6, port=23)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("telnet", *YES[0], proto=17, port=23)


def test_elsewhere_one_command_is_not_enough() -> None:
    assert not speaks("telnet", b"root\r\n", DO_ECHO + b"login: ", proto=6, port=4000)
    assert speaks("telnet", WILL_SILENT, DO_ECHO + b"login: ", proto=6, port=4000)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("telnet", YES, proto=6, port=23)


def test_any_bytes_survive() -> None:
    survives_anything("telnet", YES, proto=6, port=23)
