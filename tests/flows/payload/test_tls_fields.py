from redshank.core.schema import FLOW
from redshank.flows.payload.tls_client import ALPN, NAME
from redshank.flows.payload.tls_fields import ESTABLISHED, FIELDS, RESUMED
from redshank.flows.payload.tls_fingerprint import JA3, JA4
from redshank.flows.payload.tls_server import GROUP, ISSUER, SUBJECT, SUITE, VERSION

TEXTS = [name for name, kind in FIELDS.items() if kind != "flag"]


def test_numbers_get_their_names() -> None:
    named = {name: kind for name, kind in FIELDS.items() if callable(kind)}
    assert named["ssl_version"](b"\x03\x04") == "TLSv13"
    assert named["ssl_cipher"](b"\x13\x01") == "TLS_AES_128_GCM_SHA256"
    assert named["ssl_curve"](b"\x00\x1d") == "x25519"


def test_they_stand_where_the_kernels_put_them() -> None:
    assert set(FIELDS) <= set(FLOW.names)
    places = {NAME: "server_name", ALPN: "alpn", JA3: "ja3", JA4: "ja4", SUBJECT: "subject", ISSUER: "issuer"}
    places |= {VERSION: "version", SUITE: "cipher", GROUP: "curve"}
    assert [f"ssl_{places[place]}" for place in range(len(TEXTS))] == TEXTS
    flags = [name for name, kind in FIELDS.items() if kind == "flag"]
    assert (flags[RESUMED], flags[ESTABLISHED]) == ("ssl_resumed", "ssl_established")
