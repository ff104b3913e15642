import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# C706, section 12.6.4.3: version 5.0, kind (11: bind, 12: its answer), flags, lower byte first, length, of the
# authentication, call; largest fragments, group, one interface (the mapper of endpoints) and NDR.
BIND = bytes.fromhex(
    "05000b03 10000000 4800 0000 01000000 b810b810 00000000 01000000 00000100"
    "0883afe1 1f5d c911 91a4 08002b14a0fa 03000000 045d888a eb1c c911 9fe8 08002b104860 02000000"
)

YES: list[Flow] = [
    (BIND, b"\x05\x00\x0c" + BIND[3:]),
    (BIND, b""),
    (b"", b"\x05\x01\x0d" + BIND[3:]),
    (b"\x05\x00\x0b\x03\x00\x00\x00\x00\x00\x48" + BIND[10:], b""),  # higher byte first
]
NO: list[Flow] = [
    (b"", b""),
    (BIND[:15], b""),
    (b"\x05\x02" + BIND[2:], b""),
    (b"\x05\x00\x09" + BIND[3:], b""),
    (BIND[:4] + b"\x20" + BIND[5:], b""),
    (BIND[:6] + b"\x01" + BIND[7:], b""),
    (BIND[:8] + b"\x0f" + BIND[9:], b""),
    (b"\x05\x01\x00", b"\x05\x00"),  # SOCKS
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 135)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("dce_rpc", client, server, proto=6, port=135)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("dce_rpc", client, server, proto=6, port=135)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("dce_rpc", *YES[0], proto=17, port=135)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("dce_rpc", YES, proto=6, port=135)


def test_any_bytes_survive() -> None:
    survives_anything("dce_rpc", YES, proto=6, port=135)
