"""What Zeek's conn.log, ToN_IoT's network table and our own sensor all know of a flow: one definition for the three.

In: FLOW rows. Out: [n, 19] float32: three categories, the duration and the seven counts of conn.log, and eight ratios
of them. No address, no port, no time, no history: the first three name the network and not the behavior, and ToN_IoT
has no history letters.

The one idea is a canonical form, so that the same flow gives the same vector from every source:

- Zeek leaves the duration and both byte counts unset when no time passed between the first and the last packet (one
  packet, most often); ToN_IoT writes 0 for the same; FLOW has null. Here all three are 0 whenever the duration is unset
  or below one microsecond and the packet counts are known. A byte count that a source gives in spite of that is dropped
  too: the others could not have known it (`src_ip_bytes` still holds it).
- The duration is rounded to a microsecond, which is what Zeek prints; our sensor knows nanoseconds.
- Several services (`gssapi,smb` in Zeek, `smb;gssapi` in ToN_IoT) become the one that comes first in SERVICES.
- NaN is left where a field is truly unknowable: null, negative or not finite, and not covered by the first rule. A
  ratio over nothing (no packets, no time) is 0, not NaN; a ratio of an unknowable field is NaN.

Source: Zeek's scripts/base/protocols/conn/main.zeek for when fields are unset,
https://docs.zeek.org/en/master/logs/conn.html for the meaning of fields and states.
"""

import re
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.features.feature_set import UNKNOWN, Column, FeatureSet

PROTOS = ("tcp", "udp", "icmp", "unknown_transport")

# First what says most: an application; then what applications run over, so that `http,ssl` is http and `ssl` is ssl.
SERVICES = (
    *("mqtt", "coap", "amqp", "modbus", "dnp3", "dnp3_tcp", "dnp3_udp", "enip", "bacnet", "s7comm"),
    *("http", "websocket", "dns", "dhcp", "ntp", "snmp", "syslog", "ssdp", "ssh", "telnet", "rlogin", "rsh"),
    *("ftp", "ftp-data", "tftp", "smtp", "pop3", "imap", "irc", "irc-dcc-data", "xmpp", "sip", "rtsp"),
    *("rdp", "rdpeudp", "rfb", "mysql", "postgresql", "mongodb", "redis", "ldap_tcp", "ldap_udp", "radius"),
    *("smb", "dce_rpc", "socks", "quic", "ssl", "dtls", "ntlm", "krb_tcp", "krb", "gssapi"),
    *("teredo", "ayiya", "vxlan", "geneve", "gtpv1", "wireguard", "openvpn", "ipsec"),
)

CONN_STATES = ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TCP = 2 + PROTOS.index("tcp")
MICROSECOND = 1e-6
MOST = 2.0**64
"""No count and no duration reaches this; a larger value is an error, and its ratios would leave float32."""

_SEPARATORS = re.compile("[,;]")


class Conn(FeatureSet):
    """The fields of conn.log and ratios of them; see the module's text for their canonical form.

    Wrong for a question that needs to know who or when: it sees one flow, and neither its devices nor its time.

    Example:
        >>> from redshank.core.schema import flow_batch
        >>> one_packet = flow_batch({"proto": ["udp"], "src_pkts": [1], "dst_pkts": [0], "src_ip_bytes": [60]}, rows=1)
        >>> x = Conn().encode(one_packet)
        >>> dict(zip((column.name for column in Conn.columns), x[0].tolist(), strict=True))["src_bytes"]
        0.0
    """

    name: ClassVar[str] = "conn"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[Column, ...]] = (
        Column("proto", "category", PROTOS),
        Column("service", "category", SERVICES),
        Column("conn_state", "category", CONN_STATES),
        Column("duration", "s", heavy_tail=True),
        Column("src_bytes", "bytes", heavy_tail=True),
        Column("dst_bytes", "bytes", heavy_tail=True),
        Column("missed_bytes", "bytes", heavy_tail=True),
        Column("src_pkts", "packets", heavy_tail=True),
        Column("src_ip_bytes", "bytes", heavy_tail=True),
        Column("dst_pkts", "packets", heavy_tail=True),
        Column("dst_ip_bytes", "bytes", heavy_tail=True),
        Column("src_bytes_per_pkt", "bytes", heavy_tail=True),
        Column("dst_bytes_per_pkt", "bytes", heavy_tail=True),
        Column("src_header_bytes_per_pkt", "bytes", heavy_tail=True),
        Column("dst_header_bytes_per_pkt", "bytes", heavy_tail=True),
        Column("pkts_per_s", "packets/s", heavy_tail=True),
        Column("ip_bytes_per_s", "bytes/s", heavy_tail=True),
        Column("src_pkts_share", "1"),
        Column("src_ip_bytes_share", "1"),
    )

    def encode(self, flows: pa.RecordBatch) -> npt.NDArray[np.float32]:
        """Turn FLOW rows into raw feature values.

        Shape:
            returns: [n, 19] float32; n rows of `flows`, columns as in `columns`; NaN where unknowable.
        """
        src_pkts, dst_pkts = _number(flows, "src_pkts"), _number(flows, "dst_pkts")
        src_ip_bytes, dst_ip_bytes = _number(flows, "src_ip_bytes"), _number(flows, "dst_ip_bytes")
        pkts = src_pkts + dst_pkts

        duration = np.rint(_number(flows, "duration") / MICROSECOND) * MICROSECOND
        src_bytes, dst_bytes = _number(flows, "src_bytes"), _number(flows, "dst_bytes")
        absent = flows.column("duration").is_null().to_numpy(zero_copy_only=False)
        unset = (absent | (duration == 0)) & ~np.isnan(pkts)
        for field in (duration, src_bytes, dst_bytes):
            field[unset] = 0

        proto = _codes(flows.column("proto"), PROTOS)
        carrying = (proto == TCP) & ((src_bytes > 0) | (dst_bytes > 0))
        src_ip_bytes = self.sizes(src_ip_bytes, src_bytes, src_pkts, carrying)
        dst_ip_bytes = self.sizes(dst_ip_bytes, dst_bytes, dst_pkts, carrying)
        ip_bytes = src_ip_bytes + dst_ip_bytes
        values = (
            proto,
            _service_codes(flows.column("service")),
            _codes(flows.column("conn_state"), CONN_STATES),
            duration,
            src_bytes,
            dst_bytes,
            _number(flows, "missed_bytes"),
            src_pkts,
            src_ip_bytes,
            dst_pkts,
            dst_ip_bytes,
            _ratio(src_bytes, src_pkts),
            _ratio(dst_bytes, dst_pkts),
            # Payload is counted by sequence numbers, so where packets were missed it can exceed what was seen.
            _ratio(np.maximum(src_ip_bytes - src_bytes, 0), src_pkts),
            _ratio(np.maximum(dst_ip_bytes - dst_bytes, 0), dst_pkts),
            _ratio(pkts, duration),
            _ratio(ip_bytes, duration),
            _ratio(src_pkts, pkts),
            _ratio(src_ip_bytes, ip_bytes),
        )
        x = np.empty((flows.num_rows, len(values)), dtype=np.float32)
        for at, value in enumerate(values):
            x[:, at] = value
        return x

    def sizes(self, ip_bytes: Doubles, payload: Doubles, pkts: Doubles, carrying: Bools) -> Doubles:
        """Return the IP bytes of one direction as this feature set counts them; here as they are.

        Args:
            ip_bytes: What the direction sent, headers included; NaN where unknowable.
            payload: The same without headers.
            pkts: Its packets.
            carrying: Whether the flow is TCP and either direction has payload.

        Shape:
            ip_bytes, payload, pkts, carrying: [n]; returns: [n].
        """
        del payload, pkts, carrying
        return ip_bytes


def _codes(values: pa.Array, vocabulary: tuple[str, ...]) -> npt.NDArray[np.int32]:
    found = pc.index_in(values, value_set=pa.array(vocabulary)).fill_null(UNKNOWN - 2)
    codes: npt.NDArray[np.int32] = found.to_numpy(zero_copy_only=False) + np.int32(2)
    if values.null_count:
        codes[values.is_null().to_numpy(zero_copy_only=False)] = 0
    return codes


def _service_codes(values: pa.Array) -> npt.NDArray[np.int32]:
    codes = _codes(values, SERVICES)
    several = np.flatnonzero(codes == UNKNOWN)
    if several.size:
        distinct = values.take(pa.array(several)).dictionary_encode()
        ranks = {name: at for at, name in enumerate(SERVICES)}
        known = [
            min((ranks[part] for part in _SEPARATORS.split(text) if part in ranks), default=UNKNOWN - 2)
            for text in distinct.dictionary.to_pylist()
        ]
        codes[several] = np.array(known, dtype=np.int32)[distinct.indices.to_numpy()] + 2
    return codes


def _number(flows: pa.RecordBatch, name: str) -> npt.NDArray[np.float64]:
    numbers = np.array(flows.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)
    numbers[~((numbers >= 0) & (numbers < MOST))] = np.nan
    return numbers


def _ratio(above: npt.NDArray[np.float64], below: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    nothing = below == 0
    ratio = above / np.where(nothing, 1, below)
    ratio[nothing] = 0
    return ratio
