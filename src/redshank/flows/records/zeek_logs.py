"""Which columns of Zeek's logs of applications are FLOW columns, and how their values are told.

In: columns of text of one of these logs. Out: typed FLOW columns. The names on the right are those of the ToN_IoT
network table, which was made by joining the same logs.
Source: https://docs.zeek.org/en/master/script-reference/log-files.html; MQTT 3.1.1 (OASIS), 3.1.2.2 and 3.2.2.3.
"""

from collections.abc import Callable

import pyarrow as pa

from redshank.flows.records.columns import Count, shown, typed

CHAIN, FILES = "chain", "files"
"""Of an ssl.log row: fingerprints of the server's certificates, or in older versions the names of their files."""

LOGS = {
    "dns": {
        "query": "dns_query",
        "qclass": "dns_qclass",
        "qtype": "dns_qtype",
        "rcode": "dns_rcode",
        "AA": "dns_AA",
        "RD": "dns_RD",
        "RA": "dns_RA",
        "rejected": "dns_rejected",
    },
    "http": {
        "trans_depth": "http_trans_depth",
        "method": "http_method",
        "host": "http_host",
        "uri": "http_uri",
        "version": "http_version",
        "user_agent": "http_user_agent",
        "request_body_len": "http_request_body_len",
        "response_body_len": "http_response_body_len",
        "status_code": "http_status_code",
        "orig_mime_types": "http_orig_mime_types",
        "resp_mime_types": "http_resp_mime_types",
    },
    "ssl": {
        "version": "ssl_version",
        "cipher": "ssl_cipher",
        "curve": "ssl_curve",
        "server_name": "ssl_server_name",
        "next_protocol": "ssl_alpn",
        "ja3": "ssl_ja3",
        "ja4": "ssl_ja4",
        "resumed": "ssl_resumed",
        "established": "ssl_established",
        "subject": "ssl_subject",
        "issuer": "ssl_issuer",
        "cert_chain_fps": CHAIN,
        "cert_chain_fuids": FILES,
    },
    "mqtt_connect": {
        "client_id": "mqtt_client_id",
        "proto_version": "mqtt_level",
        "connect_status": "mqtt_connect_code",
    },
    "weird": {"name": "weird_name", "addl": "weird_addl", "notice": "weird_notice"},
}
"""By log, by its column, the FLOW column. The first row of a uid speaks for the connection."""

CERTIFICATES = {
    "fingerprint": CHAIN,
    "id": FILES,
    "certificate.subject": "ssl_subject",
    "certificate.issuer": "ssl_issuer",
}
"""Columns of x509.log, which has subject and issuer since ssl.log has only fingerprints."""

SERVICES = {"dns": "dns", "http": "http", "ssl": "ssl", "mqtt": "mqtt_connect"}
"""By service of a connection, the log that holds a row for it."""

_LEVELS = {"3.1": "3", "3.1.1": "4", "5.0": "5", "5": "5"}
_CODES = ("accepted", "protocol", "identifier", "unavailable", "user", "authorized")


def application_columns(texts: dict[str, pa.StringArray], count: Count) -> dict[str, pa.Array]:
    """Read columns of text of a log as FLOW columns; those that are none stay text.

    Example:
        >>> texts = {"mqtt_level": pa.array(["3.1.1"]), "mqtt_connect_code": pa.array(["Refused: not authorized"])}
        >>> {name: column.to_pylist() for name, column in application_columns(texts, print).items()}
        {'mqtt_level': [4], 'mqtt_connect_code': [5]}
    """
    told = {"mqtt_level": _level, "mqtt_connect_code": _code}
    return {
        name: text if name in {CHAIN, FILES} else typed(name, told.get(name, shown)(text), count)
        for name, text in texts.items()
    }


def _level(text: pa.StringArray) -> pa.StringArray:
    return _mapped(text, lambda version: _LEVELS.get(version, version))


def _code(text: pa.StringArray) -> pa.StringArray:
    return _mapped(
        text,
        lambda status: next((str(code) for code, word in enumerate(_CODES) if word in status.lower()), status),
    )


def _mapped(text: pa.StringArray, tell: Callable[[str], str]) -> pa.StringArray:
    """Apply a function to each different text once."""
    encoded = text.dictionary_encode()
    return pa.array([tell(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
