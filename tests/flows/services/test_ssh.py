import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 4253, section 4.2 and, for 1.99, section 5.1.

YES: list[Flow] = [
    (b"SSH-2.0-billsSSH_3.6.3q3\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"),
    (b"SSH-2.0-x\r\n", b"SSH-1.99-x"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"SSH-2.0-x\r\n", b""),
    (b"", b"SSH-2.0-x\r\n"),
    (b"SSH-2.0-x\r\n", b"SSH-3.0"),
    (b"ssh-2.0-x\r\n", b"SSH-2.0-x\r\n"),
    (b"GET / HTTP/1.1\r\n", b"SSH-2.0-x\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 22)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ssh", client, server, proto=6, port=22)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ssh", client, server, proto=6, port=22)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ssh", *YES[0], proto=17, port=22)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ssh", YES, proto=6, port=22)


def test_any_bytes_survive() -> None:
    survives_anything("ssh", YES, proto=6, port=22)
