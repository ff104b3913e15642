import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# UPnP Device Architecture 2.0, sections 1.3.2 (search), 1.3.3 (answer) and 1.2.2 (announcement).

YES: list[Flow] = [
    (b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n', b""),
    (b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\n", b""),
    (b"", b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nST: upnp:rootdevice\r\n\r\n"),
    (b"HTTP/1.1 200 OK\r\nst: upnp:rootdevice\r\n\r\n", b""),
]
NO: list[Flow] = [
    (b"", b""),
    (b"M-SEARCH * RTSP/1.0\r\n", b""),
    (b"M-SEARCH / HTTP/1.1\r\n", b""),
    (b"HTTP/1.1 200 OK\r\nHOST: a\r\nX-ST: b\r\n", b""),
    (b"HTTP/1.1 404 Not Found\r\nST: a\r\n", b""),
    (b"NOTIFY *", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 1900)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ssdp", client, server, proto=17, port=1900)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ssdp", client, server, proto=17, port=1900)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ssdp", *YES[0], proto=6, port=1900)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ssdp", YES, proto=17, port=1900)


def test_any_bytes_survive() -> None:
    survives_anything("ssdp", YES, proto=17, port=1900)
