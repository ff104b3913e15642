"""Suricata's EVE events: which members we read, and what they say in FLOW's terms.

In: a table of events of one kind, all text. Out: FLOW columns by name. Names of services, versions and codes become
Zeek's where the two differ; what EVE does not say is null. A member that Suricata leaves out of a DNS answer because it
is false is False.
Source: Suricata's user guide, "EVE JSON Format" and "EVE JSON Output"; IANA's DNS parameters; TLS versions as Zeek
names them.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.records.columns import Count, shown, typed

_TEXT = pa.string()
_TEXTS = pa.list_(pa.string())


def _struct(*names: str, **others: pa.DataType) -> pa.DataType:
    return pa.struct([*((name, _TEXT) for name in names), *others.items()])


EVENT = pa.schema(
    [
        *(
            (name, _TEXT)
            for name in ("timestamp", "event_type", "flow_id", "src_ip", "src_port", "dest_ip", "dest_port")
        ),
        *((name, _TEXT) for name in ("proto", "app_proto", "community_id", "icmp_type", "icmp_code", "tx_id")),
        ("vlan", _TEXTS),
        ("ether", _struct("src_mac", "dest_mac", src_macs=_TEXTS, dest_macs=_TEXTS)),
        (
            "flow",
            _struct("pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "start", "end", "state"),
        ),
        ("netflow", _struct("pkts", "bytes", "start", "end")),
        ("tcp", _struct("tcp_flags", "tcp_flags_ts", "tcp_flags_tc")),
        (
            "dns",
            _struct(
                "type",
                "id",
                "rrname",
                "rrtype",
                "rcode",
                "aa",
                "rd",
                "ra",
                queries=pa.list_(_struct("rrname", "rrtype")),
            ),
        ),
        (
            "http",
            _struct("hostname", "url", "http_user_agent", "http_method", "protocol", "status", "length"),
        ),
        (
            "tls",
            _struct(
                "subject",
                "issuerdn",
                "sni",
                "version",
                "ja4",
                "session_resumed",
                ja3=_struct("hash"),
                server_alpns=_TEXTS,
                client_alpns=_TEXTS,
            ),
        ),
        (
            "mqtt",
            _struct(
                connect=_struct("client_id", "protocol_version"),
                connack=_struct("return_code"),
            ),
        ),
    ]
)
"""Members of an event that we read, all as text."""

# Zeek's name where it differs; null where Suricata's names no application.
_SERVICES = {
    "tls": "ssl", "krb5": "krb", "dcerpc": "dce_rpc", "dnp3": "dnp3_tcp", "ldap": "ldap_tcp", "pgsql": "postgresql",
    "http1": "http", "http_any": "http", "failed": None, "unknown": None,
}  # fmt: skip
_TLS = {"SSLv2": "SSLv2", "SSLv3": "SSLv3", "TLSv1": "TLSv10", "TLS 1.1": "TLSv11", "TLS 1.2": "TLSv12",
        "TLS 1.3": "TLSv13"}  # fmt: skip
_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "RP": 17,
          "SIG": 24, "KEY": 25, "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "CERT": 37, "DNAME": 39, "OPT": 41,
          "DS": 43, "SSHFP": 44, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52,
          "CDS": 59, "CDNSKEY": 60, "SVCB": 64, "HTTPS": 65, "SPF": 99, "TKEY": 249, "TSIG": 250, "IXFR": 251,
          "AXFR": 252, "ANY": 255, "URI": 256, "CAA": 257}  # fmt: skip
_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
           "NOTAUTH", "NOTZONE")  # fmt: skip
_HTTP = {"HTTP/0.9": "0.9", "HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2": "2"}

QUERY, ANSWER = "query", "answer"
APPLICATIONS = {
    QUERY: ("dns_query", "dns_qtype"),
    ANSWER: ("dns_rcode", "dns_AA", "dns_RD", "dns_RA"),
    "http": (
        "http_method", "http_host", "http_uri", "http_version", "http_user_agent", "http_status_code",
        "http_response_body_len", "http_trans_depth",
    ),
    "tls": (
        "ssl_version", "ssl_server_name", "ssl_alpn", "ssl_ja3", "ssl_ja4", "ssl_resumed", "ssl_subject", "ssl_issuer",
    ),
    "mqtt": ("mqtt_client_id", "mqtt_level", "mqtt_connect_code"),
}  # fmt: skip
"""By kind of record, the FLOW columns that it has; the first of each kind speaks for its flow."""


def services(app_proto: pa.StringArray) -> pa.StringArray:
    """Return Zeek's names of services.

    Example:
        >>> services(pa.array(["tls", "dns", "failed", None])).to_pylist()
        ['ssl', 'dns', None, None]
    """
    return mapped(app_proto, lambda name: _SERVICES.get(name, name))


def applications(kind: str, events: pa.Table, count: Count) -> dict[str, pa.Array]:
    """Return the FLOW columns of events of one kind.

    Args:
        kind: One of APPLICATIONS.
        events: Rows of EVENT.
        count: Called with the name of an anomaly and how many rows had it.
    """
    texts = _READERS[kind](events)
    return {name: typed(name, shown(texts[name]), count) for name in APPLICATIONS[kind]}


def member(events: pa.Table, *path: str) -> pa.Array:
    """Return a member of a member as one array; null where any of them is absent."""
    found = flat(events.column(path[0]))
    for name in path[1:]:
        found = pc.struct_field(found, name)
    return found


def flat(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    joined = column.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def first_of(lists: pa.ListArray) -> pa.Array:
    """Return the first member of each list; null if there is none."""
    counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else np.zeros(0, np.int64)
    return lists.flatten().take(pa.array(starts.astype(np.int64), mask=counts == 0))


def mapped(texts: pa.StringArray, tell: Callable[[str], str | None]) -> pa.StringArray:
    """Apply a function to each different text once."""
    encoded = texts.dictionary_encode()
    return pa.array([tell(value) for value in encoded.dictionary.to_pylist()], _TEXT).take(encoded.indices)


def _query(events: pa.Table) -> Mapping[str, pa.Array]:
    asked = first_of(member(events, "dns", "queries"))  # since Suricata 8 a list
    name = pc.coalesce(member(events, "dns", "rrname"), pc.struct_field(asked, "rrname"))
    kind = pc.coalesce(member(events, "dns", "rrtype"), pc.struct_field(asked, "rrtype"))
    return {"dns_query": name, "dns_qtype": mapped(kind, _type_number)}


def _type_number(name: str) -> str | None:
    number = _TYPES.get(name.upper(), name.upper().removeprefix("TYPE"))
    return str(number) if str(number).isdigit() else None


def _answer(events: pa.Table) -> Mapping[str, pa.Array]:
    codes = {name: str(code) for code, name in enumerate(_RCODES)}
    flags = {ours: pc.coalesce(member(events, "dns", theirs), "false")
             for ours, theirs in (("dns_AA", "aa"), ("dns_RD", "rd"), ("dns_RA", "ra"))}  # fmt: skip
    return {"dns_rcode": mapped(member(events, "dns", "rcode"), codes.get), **flags}


def _http(events: pa.Table) -> Mapping[str, pa.Array]:
    depth = member(events, "tx_id")
    whole = pc.if_else(pc.match_substring_regex(depth, r"^\d{1,9}$"), depth, pa.scalar(None, _TEXT))
    return {
        "http_method": member(events, "http", "http_method"),
        "http_host": member(events, "http", "hostname"),
        "http_uri": member(events, "http", "url"),
        "http_version": mapped(member(events, "http", "protocol"), _HTTP.get),
        "http_user_agent": member(events, "http", "http_user_agent"),
        "http_status_code": member(events, "http", "status"),
        "http_response_body_len": member(events, "http", "length"),
        "http_trans_depth": pc.add(whole.cast(pa.int64()), 1),
    }


def _tls(events: pa.Table) -> Mapping[str, pa.Array]:
    alpn = pc.coalesce(first_of(member(events, "tls", "server_alpns")), first_of(member(events, "tls", "client_alpns")))
    return {
        "ssl_version": mapped(member(events, "tls", "version"), _TLS.get),
        "ssl_server_name": member(events, "tls", "sni"),
        "ssl_alpn": alpn,
        "ssl_ja3": member(events, "tls", "ja3", "hash"),
        "ssl_ja4": member(events, "tls", "ja4"),
        "ssl_resumed": member(events, "tls", "session_resumed"),
        "ssl_subject": member(events, "tls", "subject"),
        "ssl_issuer": member(events, "tls", "issuerdn"),
    }


def _mqtt(events: pa.Table) -> Mapping[str, pa.Array]:
    return {
        "mqtt_client_id": member(events, "mqtt", "connect", "client_id"),
        "mqtt_level": member(events, "mqtt", "connect", "protocol_version"),
        "mqtt_connect_code": member(events, "mqtt", "connack", "return_code"),
    }


_READERS: dict[str, Callable[[pa.Table], Mapping[str, pa.Array]]] = {
    QUERY: _query, ANSWER: _answer, "http": _http, "tls": _tls, "mqtt": _mqtt,
}  # fmt: skip
