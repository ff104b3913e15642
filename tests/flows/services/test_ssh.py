import pytest

from payloads import speaks, survives_anything

YES = [
    (b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"),
    (b"SSH-1.99-x", b"SSH-1.99-x"),
]
NO = [
    (b"SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
    (b"SSH-3.0", b"SSH-2.0-OpenSSH_9.6\r\n"),
    (b"ssh-2.0-x", b"SSH-2.0-OpenSSH_9.6\r\n"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH-3.0"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", b"ssh-2.0-x"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", b""),
    (b"", b"SSH-2.0-OpenSSH_9.6\r\n"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ssh", client, server, proto=6, port=22)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ssh", client, server, proto=6, port=22)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ssh", *YES[0], proto=17, port=22)


def test_any_bytes_survive() -> None:
    survives_anything("ssh", YES, proto=6, port=22)
