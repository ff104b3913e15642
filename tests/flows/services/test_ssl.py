import hashlib
from typing import Any

import pytest

from hellos import (
    APPLIED,
    CERTIFICATE,
    CHANGE,
    FINISHED,
    certificates,
    client_hello,
    extension,
    message,
    protocols,
    record,
    server_hello,
    server_name,
)
from payloads import Flow, fields_of, speaks, survives_anything
from quic_datagrams import initial

ASKS = record(client_hello([0x1301, 0xC02F], [server_name(b"lamp.example"), protocols(b"h2", b"http/1.1")]))
KEY = record(message(16, bytes(66)))
AGREES = record(server_hello(0xC02F, [protocols(b"http/1.1")]))
NEWER = [extension(43, b"\x03\x04"), extension(51, b"\x00\x1d\x00\x01x")]
YES: list[Flow] = [
    (bytes.fromhex("160301002a01000026"), bytes.fromhex("1603030031020000")),
    (bytes.fromhex("802e01030100"), bytes.fromhex("16030000310200")),
    (ASKS, bytes.fromhex("15030300020228")),
    (ASKS, AGREES),
    (AGREES, ASKS),  # the server opened the flow, as FTP's data flows are opened
]
UPGRADES = [
    (b"EHLO x\r\nSTARTTLS\r\n", b"220 mail\r\n250-x\r\n250 STARTTLS\r\n220 go ahead\r\n"),
    (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 fine\r\n\r\n"),
    (b"AUTH TLS\r\n", b"220 FTP\r\n234 AUTH TLS\r\n"),
    (b"CAPAB STARTTLS\r\n" * 200, b":irc 670 x :go\r\n" * 200),
    (bytes.fromhex("0000000804d2162f"), b"S"),  # PostgreSQL's SSLRequest
    (b"<stream:stream><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<stream:stream><proceed/>"),
]
NO: list[Flow] = [
    (ASKS, b""),
    (b"", AGREES),
    (ASKS, ASKS),
    (AGREES, AGREES),
    (ASKS, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    (bytes.fromhex("1603"), AGREES),
    (b"GET / HTTP/1.1\r\n\r\n", AGREES),
    (b"STARTTLS\r\n" + ASKS[:9], b"220\r\n" + AGREES),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return ASKS + KEY + CHANGE, AGREES + record(certificates(CERTIFICATE)) + CHANGE, 6, 443


def quic(hello: bytes | None = None) -> Flow:
    """Return the first datagrams of a client and a server, each with its hello."""
    target, source = b"12345678", b"abcd"
    hello = hello or client_hello([0x1301], [server_name(b"lamp.example"), protocols(b"h3"), extension(43, b"\2\3\4")])
    parts = [b"\x06\x00" + (0x4000 | len(text)).to_bytes(2) + text for text in (hello, server_hello(0x1301, NEWER))]
    client = initial(target, parts[0] + bytes(1100))
    return client, initial(source, b"\x02\x00\x00\x00\x00" + parts[1], side="server", source=b"s", first=target)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ssl", client, server, proto=6, port=443)


@pytest.mark.parametrize(("client", "server"), UPGRADES)
def test_it_is_recognized_after_an_upgrade(client: bytes, server: bytes) -> None:
    assert speaks("ssl", client + ASKS, server + AGREES, proto=6, port=9999)
    assert fields_of("ssl", client + ASKS, server + AGREES, proto=6, port=1)["ssl_server_name"] == "lamp.example"


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ssl", client, server, proto=6, port=443)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ssl", *YES[0], proto=17, port=443)
    assert not speaks("ssl", *quic(), proto=6, port=443)


def test_any_bytes_survive() -> None:
    survives_anything("ssl", [*YES, (UPGRADES[0][0] + ASKS, UPGRADES[0][1] + AGREES)], proto=6, port=443)


def fields(client: bytes, server: bytes) -> dict[str, Any]:
    read = fields_of("ssl", client, server, proto=6, port=443)
    return {name.removeprefix("ssl_"): value for name, value in read.items()}


def test_an_older_handshake_is_read() -> None:
    finished = KEY + CHANGE + FINISHED + APPLIED
    read = fields(ASKS + finished, AGREES + record(certificates(CERTIFICATE)) + CHANGE + FINISHED + APPLIED)
    name = r"1.2.3.4=#0C0178,emailAddress=a@b.example,CN=lamp.example,OU=\+IoT,O=M\C3\BCller\, S\C3\B6hne & Co,C=DE"
    assert read == {
        "server_name": "lamp.example",
        "alpn": "http/1.1",
        "ja3": hashlib.md5(b"771,4865-49199,0-16,,").hexdigest(),
        "ja4": f"t12d0202h2_{hashlib.sha256(b'1301,c02f').hexdigest()[:12]}_000000000000",
        "subject": name,
        "issuer": name,
        "version": "TLSv12",
        "cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "resumed": False,
        "established": True,
    }


def test_a_newer_handshake_is_read() -> None:
    read = fields(ASKS + CHANGE + APPLIED, record(server_hello(0x1301, NEWER)) + CHANGE + APPLIED)
    assert (read["version"], read["cipher"], read["curve"]) == ("TLSv13", "TLS_AES_128_GCM_SHA256", "x25519")
    assert (read["alpn"], read["established"], read["resumed"]) == ("h2", True, False)


def test_a_hello_that_is_asked_for_again_counts_by_the_second_answer() -> None:
    retry = record(server_hello(0x1301, [extension(51, b"\x00\x17"), extension(43, b"\x03\x04")]))
    read = fields(ASKS + CHANGE + ASKS + APPLIED, retry + CHANGE + record(server_hello(0x1301, NEWER)) + APPLIED)
    assert (read["curve"], read["established"]) == ("x25519", True)


@pytest.mark.parametrize(
    ("client", "server", "resumed"),
    [
        (client_hello(session=b"s" * 32), server_hello(session=b"s" * 32), True),
        (client_hello(session=b"s" * 32), server_hello(session=b"t" * 32), False),
        (client_hello(session=bytes(32)), server_hello(session=bytes(32)), False),
        (client_hello(session=b"s" * 32), server_hello(extensions=NEWER, session=b"s" * 32), False),
        (client_hello(extensions=[extension(35, b"ticket")]), server_hello(), True),
        (client_hello(extensions=[extension(35)]), server_hello(), False),
        (
            client_hello(extensions=[extension(41, b"key")]),
            server_hello(extensions=[*NEWER, extension(41, b"\0\0")]),
            True,
        ),
        (client_hello(extensions=[extension(41, b"key")]), server_hello(extensions=NEWER), False),
    ],
)
def test_a_session_is_resumed_by_its_id_a_ticket_or_a_key(client: bytes, server: bytes, *, resumed: bool) -> None:
    assert fields(record(client) + CHANGE + FINISHED, record(server) + CHANGE + FINISHED)["resumed"] is resumed


def test_a_ticket_is_not_taken_if_a_key_is_sent() -> None:
    asks = record(client_hello(extensions=[extension(35, b"ticket")]))
    assert fields(asks + KEY + CHANGE + FINISHED, AGREES)["resumed"] is False


@pytest.mark.parametrize(
    ("client", "server", "established"),
    [
        (ASKS, AGREES, False),
        (ASKS + KEY + CHANGE + FINISHED, AGREES, False),
        (ASKS + KEY + CHANGE + FINISHED, AGREES + CHANGE + FINISHED, True),
        (ASKS + KEY + CHANGE + FINISHED + APPLIED, AGREES + record(certificates(bytes(5000)))[:3000], True),
        (ASKS + KEY + CHANGE + FINISHED, AGREES + record(certificates(bytes(5000)))[:3000], None),
        (ASKS, AGREES + record(certificates(bytes(5000)))[:3000], False),
        (ASKS, bytes.fromhex("15030300020228"), False),
    ],
)
def test_a_session_is_established_when_both_encrypt(client: bytes, server: bytes, *, established: bool | None) -> None:
    assert fields(client, server).get("established") is established


def test_a_refused_client_still_has_a_fingerprint() -> None:
    read = fields(ASKS, bytes.fromhex("15030300020228"))
    assert set(read) == {"server_name", "alpn", "ja3", "ja4", "resumed", "established"}


def test_the_server_may_have_opened_the_flow() -> None:
    read = fields(AGREES, ASKS)
    assert (read["server_name"], read["cipher"]) == ("lamp.example", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")


def test_what_quic_carries_is_read() -> None:
    read = fields_of("ssl", *quic(), proto=17, port=443)
    assert read.pop("ssl_ja4").startswith("q13d0103h3_")
    assert len(read.pop("ssl_ja3")) == 32
    assert read == {
        "ssl_server_name": "lamp.example",
        "ssl_alpn": "h3",
        "ssl_version": "TLSv13",
        "ssl_cipher": "TLS_AES_128_GCM_SHA256",
        "ssl_curve": "x25519",
        "ssl_resumed": False,
    }


def test_quic_needs_both_sides_and_what_does_not_open_is_null() -> None:
    client, server = quic()
    assert not speaks("ssl", client, b"", proto=17, port=443)
    assert not speaks("ssl", client, b"\xf0" + server[1:], proto=17, port=443)
    assert fields_of("ssl", client[:30] + bytes(1170), server, proto=17, port=443) == {}
    survives_anything("ssl", [quic()], proto=17, port=443)
