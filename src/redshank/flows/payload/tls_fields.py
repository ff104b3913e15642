"""The columns that TLS fills, over whatever transport: ssl_version and its kin.

In: what tls_client and tls_server read. Out: columns of FLOW, and the texts of what TLS numbers.
"""

from redshank.flows.payload.ja import ja3, ja4
from redshank.flows.payload.tls_names import group_name, suite_name, version_name
from redshank.flows.payload.x509 import name_text


def _version(raw: bytes) -> str:
    return version_name(int.from_bytes(raw))


def _suite(raw: bytes) -> str:
    return suite_name(int.from_bytes(raw))


def _group(raw: bytes) -> str:
    return group_name(int.from_bytes(raw))


FIELDS = {
    "ssl_server_name": "text",
    "ssl_alpn": "text",
    "ssl_ja3": ja3,
    "ssl_ja4": ja4,
    "ssl_subject": name_text,
    "ssl_issuer": name_text,
    "ssl_version": _version,
    "ssl_cipher": _suite,
    "ssl_curve": _group,
    "ssl_resumed": "flag",
    "ssl_established": "flag",
}
"""The texts in the order of tls_client and tls_server, then what follows from both sides."""

RESUMED, ESTABLISHED = 0, 1
