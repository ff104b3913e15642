"""The columns that TLS fills, over whatever transport: ssl_version and its kin.

In: raw columns of numbers and bytes, as tls_client and tls_server write them. Out: columns of FLOW.
"""

import pyarrow as pa

from redshank.flows.payload.ja import ja3, ja4
from redshank.flows.payload.rooms import each
from redshank.flows.payload.tls_names import group_name, suite_name, version_name
from redshank.flows.payload.x509 import name_text

FIELDS = {
    "name": "text",
    "alpn": "text",
    "ja3": "bytes",
    "ja4": "bytes",
    "ja4_ciphers": "bytes",
    "ja4_rest": "bytes",
    "subject": "bytes",
    "issuer": "bytes",
    "version": "number",
    "suite": "number",
    "group": "number",
    "resumed": "flag",
    "established": "flag",
}
"""The texts in the order of tls_client and tls_server; VERSION, SUITE and GROUP, and what follows from both sides."""

RESUMED, ESTABLISHED = 3, 4


def finish(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Name what TLS numbers, hash fingerprints and write names of certificates."""
    return {
        "ssl_server_name": columns["name"],
        "ssl_alpn": columns["alpn"],
        "ssl_ja3": ja3(columns["ja3"]),
        "ssl_ja4": ja4(columns["ja4"], columns["ja4_ciphers"], columns["ja4_rest"]),
        "ssl_subject": each(columns["subject"], name_text),
        "ssl_issuer": each(columns["issuer"], name_text),
        "ssl_version": each(columns["version"], version_name),
        "ssl_cipher": each(columns["suite"], suite_name),
        "ssl_curve": each(columns["group"], group_name),
        "ssl_resumed": columns["resumed"],
        "ssl_established": columns["established"],
    }
