import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 7252, appendix A, figure 16: a confirmable GET of /temperature with number 7D34, and what answers it.
GET = bytes.fromhex("40017d34bb") + b"temperature"
CONTENT = bytes.fromhex("60457d34ff") + b"22.3 C"
# The same with the token 20 (figure 17), and options whose number and length go on in further bytes.
GET_20, CONTENT_20 = bytes.fromhex("41017d3520bb") + b"temperature", bytes.fromhex("61457d3520ff") + b"22.3 C"
LONG = bytes.fromhex("40010001bd0e") + b"x" * 27 + bytes.fromhex("e1000061")

YES: list[Flow] = [
    (GET, CONTENT),
    (GET, b""),
    (b"", CONTENT_20),
    (bytes.fromhex("40000001"), bytes.fromhex("70000001")),  # a ping and its reset
    (LONG, b""),
    (bytes.fromhex("500102ff"), b""),
]
NO: list[Flow] = [
    (b"", b""),
    (bytes.fromhex("80017d34"), b""),
    (bytes.fromhex("49017d34") + bytes(9), b""),  # a token of 9 bytes
    (bytes.fromhex("41007d34aa"), b""),  # an empty message with a token
    (bytes.fromhex("40087d34"), b""),  # no such method
    (bytes.fromhex("40217d34"), b""),  # no such class
    (GET[:-1], b""),
    (bytes.fromhex("40017d34ff"), b""),  # a payload of nothing
    (bytes.fromhex("40017d34f0"), b""),
    (bytes.fromhex("40017d340f"), b""),
    (GET[:3], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 5683)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("coap", client, server, proto=17, port=5683)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("coap", client, server, proto=17, port=5683)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("coap", *YES[0], proto=6, port=5683)


def test_elsewhere_the_server_must_acknowledge_the_request() -> None:
    assert speaks("coap", GET, CONTENT, proto=17, port=17500)
    assert speaks("coap", GET_20, CONTENT_20, proto=17, port=17500)
    assert not speaks("coap", GET, b"", proto=17, port=17500)
    assert not speaks("coap", GET, bytes.fromhex("60457d35ff") + b"22.3 C", proto=17, port=17500)
    assert not speaks("coap", GET_20, bytes.fromhex("61457d3521ff") + b"22.3 C", proto=17, port=17500)
    assert not speaks("coap", GET, bytes.fromhex("50457d34ff") + b"22.3 C", proto=17, port=17500)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("coap", YES, proto=17, port=5683)


def test_any_bytes_survive() -> None:
    survives_anything("coap", YES, proto=17, port=5683)
