"""What the contract asks of DNP3 over UDP; test_dnp3_tcp.py tests both transports."""

from payloads import fields_of

REQUEST = bytes.fromhex("056405f20100efffbfb5c0c301")


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return REQUEST, b"", 17, 20000


def test_nothing_is_read_of_it() -> None:
    assert fields_of("dnp3_udp", REQUEST, proto=17, port=20000) == {}
