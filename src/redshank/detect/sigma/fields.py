"""What rules call the fields of a flow, and which flows a rule is about.

In: a rule's log source and the names in it. Out: columns of FLOW. The one idea: FLOW's own names always work; the names
of Zeek's logs and of Sigma's taxonomy work where a flow has the same thing, and any other name is refused, because a
rule that silently looks at nothing is worse than none.
Source: https://sigmahq.io/docs/basics/log-sources.html and Sigma's taxonomy appendix; Zeek's conn, dns, http and ssl
logs; https://www.iana.org/assignments/dns-parameters for the codes.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from redshank.core.registry import alternatives
from redshank.core.schema import FLOW


class RuleError(ValueError):
    """A rule asks for what there is not; the text says what there is."""


TEXT, NUMBER, ADDRESS, FLAG = "text", "number", "address", "flag"


def _kind(name: str, kind: pa.DataType) -> str | None:
    if name in {"src_ip", "dst_ip"}:
        return ADDRESS
    if pa.types.is_boolean(kind):
        return FLAG
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return NUMBER
    return TEXT if pa.types.is_string(kind) else None


KINDS: dict[str, str] = {item.name: kind for item in FLOW if (kind := _kind(item.name, item.type))}
"""What each column holds that a rule can ask about; times and lists are not among them."""

_QTYPES = (
    "1 A, 2 NS, 5 CNAME, 6 SOA, 10 NULL, 12 PTR, 13 HINFO, 15 MX, 16 TXT, 28 AAAA, 33 SRV, 35 NAPTR, 43 DS, 46 RRSIG, "
    "48 DNSKEY, 64 SVCB, 65 HTTPS, 252 AXFR, 255 ANY, 255 *"  # the last is Zeek's name of ANY
)
QTYPES = {name: int(code) for code, _, name in (pair.partition(" ") for pair in _QTYPES.split(", "))}
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
QCLASSES = {"C_INTERNET": 1, "C_CHAOS": 3, "C_HESIOD": 4, "C_ANY": 255}


@dataclass(frozen=True)
class Name:
    """What a name in a rule stands for.

    Args:
        column: The column of FLOW.
        codes: Where the rule says a word and the flow a number: the number of each word.
    """

    column: str
    codes: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What the column holds."""
        return KINDS[self.column]


def _names(**columns: str) -> dict[str, Name]:
    return {name.replace("__", ".").replace("--", "-"): Name(column) for name, column in columns.items()}


_FLOW = {
    **_names(id__orig_h="src_ip", id__orig_p="src_port", id__resp_h="dst_ip", id__resp_p="dst_port"),
    **_names(orig_bytes="src_bytes", resp_bytes="dst_bytes", orig_pkts="src_pkts", resp_pkts="dst_pkts"),
    **_names(orig_ip_bytes="src_ip_bytes", resp_ip_bytes="dst_ip_bytes"),
    **_names(orig_l2_addr="src_mac", resp_l2_addr="dst_mac"),
    **_names(SourceIp="src_ip", SourcePort="src_port", DestinationIp="dst_ip", DestinationPort="dst_port"),
    **_names(Protocol="proto"),
}
_DNS = {
    **_names(query="dns_query", QueryName="dns_query", qclass="dns_qclass", qtype="dns_qtype", rcode="dns_rcode"),
    **_names(AA="dns_AA", RD="dns_RD", RA="dns_RA", rejected="dns_rejected"),
    "qtype_name": Name("dns_qtype", QTYPES),
    "record_type": Name("dns_qtype", QTYPES),
    "rcode_name": Name("dns_rcode", RCODES),
    "qclass_name": Name("dns_qclass", QCLASSES),
}
_HTTP = {
    **_names(method="http_method", host="http_host", uri="http_uri", version="http_version"),
    **_names(user_agent="http_user_agent", status_code="http_status_code", trans_depth="http_trans_depth"),
    **_names(request_body_len="http_request_body_len", response_body_len="http_response_body_len"),
    **_names(orig_mime_types="http_orig_mime_types", resp_mime_types="http_resp_mime_types"),
    "post_body": Name("http_post_body"),
    "c-uri": Name("http_uri"),
    "cs-uri": Name("http_uri"),
    "c-useragent": Name("http_user_agent"),
    "cs-user-agent": Name("http_user_agent"),
    "cs-method": Name("http_method"),
    "cs-host": Name("http_host"),
    "r-dns": Name("http_host"),
    "cs-version": Name("http_version"),
    "sc-status": Name("http_status_code"),
    "resp_mime_type": Name("http_resp_mime_types"),
}
_TLS = {
    **_names(version="ssl_version", cipher="ssl_cipher", curve="ssl_curve", server_name="ssl_server_name"),
    **_names(next_protocol="ssl_alpn", ja3="ssl_ja3", ja4="ssl_ja4", resumed="ssl_resumed"),
    **_names(established="ssl_established", subject="ssl_subject", issuer="ssl_issuer"),
}
_MQTT = _names(client_id="mqtt_client_id", topic="mqtt_topics", topics="mqtt_topics")


@dataclass(frozen=True)
class Source:
    """A log source that flows can stand for.

    Args:
        names: Names in addition to FLOW's own.
        present: The rule is about flows that have one of these columns; of all flows if empty.
        application: The rule is about flows of this application, as the column `service` has it; "" is any.
    """

    names: Mapping[str, Name] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    application: str = ""

    def find(self, name: str) -> Name | None:
        """Return what `name` stands for, None if flows have no such thing."""
        if name in KINDS:
            return Name(name)
        return self.names.get(name) or _FLOW.get(name)

    def refusal(self, name: str) -> str:
        """Say why `name` cannot be used, and what can."""
        near = difflib.get_close_matches(name, sorted({*KINDS, *self.names, *_FLOW}), n=3)
        hint = f"near are {', '.join(near)}; " if near else ""
        return f"flows have no field '{name}'; {hint}`redshank rules fields` lists what they have"


_ALL = Source()
_ABOUT_DNS = Source(_DNS, ("dns_query",))
_ABOUT_HTTP = Source(_HTTP, ("http_method", "http_uri", "http_host"))
_ABOUT_TLS = Source(_TLS, ("ssl_version", "ssl_server_name"))
_ABOUT_MQTT = Source(_MQTT, ("mqtt_client_id", "mqtt_topics", "mqtt_publishes", "mqtt_subscribes"))
CATEGORIES = {
    **dict.fromkeys(("network_connection", "firewall", "netflow"), _ALL),
    **dict.fromkeys(("dns", "dns_query"), _ABOUT_DNS),
    **dict.fromkeys(("proxy", "webserver"), _ABOUT_HTTP),
}
_APPLICATIONS = ("dhcp", "dnp3", "ftp", "irc", "modbus", "ntp", "rdp", "rfb", "sip", "smtp", "snmp", "ssh")
SERVICES = {
    "flow": _ALL,
    "conn": _ALL,
    "dns": _ABOUT_DNS,
    "http": _ABOUT_HTTP,
    "ssl": _ABOUT_TLS,
    "mqtt": _ABOUT_MQTT,
    **{name: Source(application=name) for name in _APPLICATIONS},
}
PRODUCTS = ("redshank", "zeek")


def source_of(category: str | None, product: str | None, service: str | None) -> Source:
    """Return what a rule's log source means here.

    Raises:
        RuleError: If flows cannot stand for it.

    Example:
        >>> source_of(None, "zeek", "dns").find("qtype_name").column
        'dns_qtype'
    """
    if category is not None:
        if category not in CATEGORIES:
            raise RuleError(f"logsource.category: no flows for '{category}'; {alternatives(category, CATEGORIES)}")
        return CATEGORIES[category]
    if product is not None and product not in PRODUCTS:
        raise RuleError(f"logsource.product: no flows for '{product}'; {alternatives(product, PRODUCTS)}")
    if service is not None and service not in SERVICES:
        raise RuleError(f"logsource.service: no flows for '{service}'; {alternatives(service, SERVICES)}")
    return SERVICES[service] if service else _ALL


def other_names(column: str) -> list[str]:
    """List what rules may call a column beside its own name, in any log source."""
    tables = (_FLOW, _DNS, _HTTP, _TLS, _MQTT)
    return sorted({name for table in tables for name, item in table.items() if item.column == column})
