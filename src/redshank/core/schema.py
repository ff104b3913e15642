"""FLOW and VERDICT: what flows through the system, as Arrow schemas.

Every source gives FLOW rows, every detector gives VERDICT rows; nothing else crosses these stages.
A field that a source cannot give is null, never 0 and never a magic string. Each field carries its meaning and unit in
the Arrow field metadata, and `docs/reference/records.md` is generated from it.
Source: Zeek's conn.log (https://docs.zeek.org/en/master/logs/conn.html) for the meaning of the first block; names after
the ToN_IoT network table (Moustafa 2021).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

BENIGN = "benign"
"""The family of traffic that is no attack, everywhere."""

TIMESTAMP = pa.timestamp("ns", tz="UTC")


@dataclass(frozen=True)
class Field:
    """One column: its Arrow type, what it means and in which unit."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""

    def arrow(self) -> pa.Field:
        """Return the Arrow field, with meaning and unit as metadata."""
        return pa.field(self.name, self.type, metadata={"meaning": self.meaning, "unit": self.unit})


def _direction(side: str, who: str) -> list[Field]:
    sizes = [
        Field(f"{side}_size_{stat}_bytes", pa.float64(), f"{stat} IP length of the {who}'s packets", "bytes")
        for stat in ("min", "mean", "max", "std")
    ]
    gaps = [
        Field(
            f"{side}_gap_{stat}_s",
            pa.float64(),
            f"{stat} time between the {who}'s packets; null below two packets",
            "s",
        )
        for stat in ("min", "mean", "max", "std")
    ]
    flags = [
        Field(
            f"{side}_{flag}_count",
            pa.int64(),
            f"TCP packets of the {who} with {flag.upper()}; null unless TCP",
            "packets",
        )
        for flag in ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")
    ]
    return [*sizes, *gaps, *flags]


CONN_FIELDS = (
    Field("ts", TIMESTAMP, "time of the first packet"),
    Field("uid", pa.string(), "identifier of the flow; the same for its interim and final rows"),
    Field("src_ip", pa.string(), "originator's address (Zeek's id.orig_h)"),
    Field("src_port", pa.int32(), "originator's port; ICMP type for ICMP"),
    Field("dst_ip", pa.string(), "responder's address (Zeek's id.resp_h)"),
    Field("dst_port", pa.int32(), "responder's port; type of the ICMP reply, or ICMP code, for ICMP"),
    Field(
        "proto",
        pa.string(),
        "tcp, udp, icmp (also for ICMPv6) or unknown_transport; arp: no flow, but a claim to an address",
    ),
    Field("service", pa.string(), "application recognised by content, Zeek's names, several joined by a comma"),
    Field("duration", pa.float64(), "last packet's time minus the first's; null for one packet, as in Zeek", "s"),
    Field(
        "src_bytes",
        pa.int64(),
        "payload bytes of the originator, TCP by sequence numbers; null when duration is",
        "bytes",
    ),
    Field("dst_bytes", pa.int64(), "payload bytes of the responder; null when duration is", "bytes"),
    Field("conn_state", pa.string(), "Zeek's summary of the connection: S0, SF, REJ, RSTO, OTH, ..."),
    Field("missed_bytes", pa.int64(), "bytes of TCP content that were never seen", "bytes"),
    Field("history", pa.string(), "Zeek's history letters; upper case from the originator"),
    Field("src_pkts", pa.int64(), "packets of the originator", "packets"),
    Field("src_ip_bytes", pa.int64(), "IP-level bytes of the originator, headers included", "bytes"),
    Field("dst_pkts", pa.int64(), "packets of the responder", "packets"),
    Field("dst_ip_bytes", pa.int64(), "IP-level bytes of the responder, headers included", "bytes"),
)
LINK_FIELDS = (
    Field("ip_proto", pa.int32(), "IP protocol number"),
    Field("community_id", pa.string(), "Community ID v1, seed 0"),
    Field("src_mac", pa.string(), "link-layer address the originator's first packet came from (or went to)"),
    Field("dst_mac", pa.string(), "link-layer address at the responder's end of the first packet"),
    Field("vlan", pa.int32(), "outermost VLAN identifier of the first packet"),
    Field("tunnel_parents", pa.string(), "uids of the flows or tunnels that carried this one, joined by a comma"),
)
SEQUENCE_FIELDS = (
    Field(
        "first_sizes_bytes",
        pa.list_(pa.int32()),
        "IP lengths of the first packets, at most 16, in order of time; negative from the responder",
        "bytes",
    ),
    Field(
        "first_gaps_s", pa.list_(pa.float32()), "time since the packet before, of the same packets; the first 0", "s"
    ),
)
BURST_FIELDS = (
    Field("burst_count", pa.int32(), "bursts: runs of packets, of either side, without a pause of 1 s or more"),
    Field("burst_max_pkts", pa.int64(), "packets of the longest burst", "packets"),
    Field("burst_max_bytes", pa.int64(), "IP-level bytes of the largest burst", "bytes"),
    Field("burst_mean_s", pa.float64(), "mean duration of the bursts", "s"),
    Field("idle_mean_s", pa.float64(), "mean pause between bursts; null below two bursts", "s"),
    Field("idle_max_s", pa.float64(), "longest pause between bursts; null below two bursts", "s"),
)
STATISTICS_FIELDS = (
    *_direction("src", "originator"),
    *_direction("dst", "responder"),
    *SEQUENCE_FIELDS,
    *BURST_FIELDS,
)
# Our own sensor reads these from the first 4,096 payload bytes of each side: what comes later is not in them.
APPLICATION_FIELDS = (
    Field("dns_query", pa.string(), "first DNS query name"),
    Field("dns_qclass", pa.int32(), "DNS query class"),
    Field("dns_qtype", pa.int32(), "DNS query type"),
    Field("dns_rcode", pa.int32(), "DNS response code"),
    Field("dns_AA", pa.bool_(), "DNS: authoritative answer"),
    Field("dns_RD", pa.bool_(), "DNS: recursion desired"),
    Field("dns_RA", pa.bool_(), "DNS: recursion available"),
    Field("dns_rejected", pa.bool_(), "DNS: the server refused the query"),
    Field("ssl_version", pa.string(), "TLS version"),
    Field("ssl_cipher", pa.string(), "TLS cipher suite"),
    Field("ssl_curve", pa.string(), "TLS: elliptic curve or group agreed on"),
    Field("ssl_server_name", pa.string(), "TLS: server name that the client asked for (SNI)"),
    Field("ssl_alpn", pa.string(), "TLS: application protocol agreed on, or the client's first offer (ALPN)"),
    Field("ssl_ja3", pa.string(), "TLS: JA3 fingerprint of the ClientHello (MD5, hexadecimal)"),
    Field("ssl_ja4", pa.string(), "TLS: JA4 fingerprint of the ClientHello"),
    Field("ssl_resumed", pa.bool_(), "TLS: session resumed"),
    Field("ssl_established", pa.bool_(), "TLS: handshake completed"),
    Field("ssl_subject", pa.string(), "subject of the server's certificate"),
    Field("ssl_issuer", pa.string(), "issuer of the server's certificate"),
    Field("http_trans_depth", pa.int32(), "HTTP requests pipelined so far"),
    Field("http_method", pa.string(), "HTTP method"),
    Field("http_host", pa.string(), "HTTP host that the client named"),
    Field("http_uri", pa.string(), "HTTP request target"),
    Field("http_version", pa.string(), "HTTP version"),
    Field("http_request_body_len", pa.int64(), "HTTP request body length", "bytes"),
    Field("http_response_body_len", pa.int64(), "HTTP response body length", "bytes"),
    Field("http_status_code", pa.int32(), "HTTP status code"),
    Field("http_user_agent", pa.string(), "HTTP user agent"),
    Field("http_orig_mime_types", pa.string(), "MIME types sent by the originator"),
    Field("http_resp_mime_types", pa.string(), "MIME types sent by the responder"),
    Field(
        "http_post_body",
        pa.string(),
        "beginning of what a request posts, percent signs resolved; null unless it has a character that markup, SQL or "
        "a shell acts on; rules see it, a service keeps it nowhere",
    ),
    Field("mqtt_client_id", pa.string(), "MQTT client identifier"),
    Field("mqtt_level", pa.int32(), "MQTT protocol level: 3, 4 (3.1.1) or 5"),
    Field("mqtt_connect_code", pa.int32(), "MQTT result of CONNECT; 0 is accepted"),
    Field("mqtt_topics", pa.string(), "MQTT topics published or subscribed, joined by a comma"),
    Field("mqtt_publishes", pa.int32(), "MQTT PUBLISH packets of both sides"),
    Field("mqtt_subscribes", pa.int32(), "MQTT topics subscribed to"),
    Field(
        "weird_name", pa.string(), "name of a protocol anomaly that Zeek noticed, or arp_second_owner of our own sensor"
    ),
    Field("weird_addl", pa.string(), "detail of that anomaly"),
    Field("weird_notice", pa.bool_(), "whether that anomaly became a notice"),
)
PART_FIELDS = (
    Field("part", pa.string(), "final (the flow's last row) or interim"),
    Field(
        "part_reason",
        pa.string(),
        "why the row was emitted: closed, idle, evicted, end_of_input, record; interim: packets, time",
    ),
)

FLOW_FIELDS = (*CONN_FIELDS, *LINK_FIELDS, *STATISTICS_FIELDS, *APPLICATION_FIELDS, *PART_FIELDS)
FLOW = pa.schema([field.arrow() for field in FLOW_FIELDS])

DEVICE_FIELDS = (
    Field("mac", pa.string(), "link-layer address; null for a device seen only beyond a router"),
    Field("ips", pa.list_(pa.string()), "IP addresses seen behind it, most recent first"),
    Field("vendor", pa.string(), "organization that the MAC's prefix is registered to; null if not known"),
    Field("first_seen", TIMESTAMP, "first packet"),
    Field("last_seen", TIMESTAMP, "last packet"),
    Field("offers", pa.list_(pa.string()), "services it answered, as service or proto/port"),
    Field("uses", pa.list_(pa.string()), "services it asked others for"),
    Field("peers", pa.list_(pa.string()), "IP addresses that it began flows to, most recent first"),
    Field("flows", pa.int64(), "flows it took part in", "flows"),
    Field("sent_bytes", pa.int64(), "IP-level bytes sent", "bytes"),
    Field("received_bytes", pa.int64(), "IP-level bytes received", "bytes"),
)
DEVICE = pa.schema([field.arrow() for field in DEVICE_FIELDS])
"""One row for each device on the networks watched."""

VERDICT_FIELDS = (
    Field("uid", pa.string(), "the flow judged"),
    Field("ts", TIMESTAMP, "the flow's first packet"),
    Field("detector", pa.string(), "which detector judged; of several, those that raised the alarm, joined by a comma"),
    Field("bundle", pa.string(), "name of the model bundle used"),
    Field("score", pa.float64(), "calibrated probability of an attack, 0 to 1, high is bad; null if it cannot tell"),
    Field("family", pa.string(), "attack family, or benign; null if none is known to fit"),
    Field("p_value", pa.float64(), "share of benign calibration flows that score at least as high"),
    Field("unknown", pa.bool_(), "no known family, benign included, fits this flow"),
    Field("alarm", pa.bool_(), "score reached the threshold of the stated false-alarm rate"),
    Field(
        "reasons",
        pa.list_(pa.string()),
        "what carried the verdict, strongest first, then what known flows it is most like",
    ),
    Field("rules", pa.list_(pa.string()), "names of the signature rules that were hit; null if none"),
)
VERDICT = pa.schema([field.arrow() for field in VERDICT_FIELDS])
JUDGED = tuple(name for name in VERDICT.names if name not in FLOW.names)
"""What a verdict adds to a flow, where both stand in one row."""


def flow_batch(columns: Mapping[str, object], rows: int) -> pa.RecordBatch:
    """Build a FLOW batch from some of its columns; the others are null.

    Args:
        columns: By FLOW name: Arrow arrays, or anything `pa.array` takes.
        rows: Number of rows.

    Raises:
        KeyError: If a name is not in FLOW.

    Example:
        >>> batch = flow_batch({"uid": ["C1"], "proto": ["tcp"]}, rows=1)
        >>> batch.column("service").null_count
        1
    """
    return _batch("FLOW", columns, rows)


def verdict_batch(columns: Mapping[str, object], rows: int) -> pa.RecordBatch:
    """Build a VERDICT batch from some of its columns, as `flow_batch` does.

    Example:
        >>> verdict_batch({"score": [0.5]}, rows=1).column("family").null_count
        1
    """
    return _batch("VERDICT", columns, rows)


_SCHEMAS = {"FLOW": FLOW, "VERDICT": VERDICT}
_COLUMNS = {word: dict(zip(schema.names, schema.types, strict=True)) for word, schema in _SCHEMAS.items()}


def _batch(word: str, columns: Mapping[str, object], rows: int) -> pa.RecordBatch:
    known = _COLUMNS[word]
    if not columns.keys() <= known.keys():
        raise KeyError(f"not in {word}: {', '.join(sorted(columns.keys() - known.keys()))}")
    nulls: dict[pa.DataType, pa.Array] = {}  # arrays never change: columns can share one
    arrays = []
    for name, kind in known.items():
        value = columns.get(name)
        if value is None:
            if kind not in nulls:
                nulls[kind] = pa.nulls(rows, kind)
            value = nulls[kind]
        arrays.append(value)
    # Makes the others of a column's type what they should be.
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMAS[word])
