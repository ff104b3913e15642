"""PACKET: what decoding a frame gives, as one numpy record; and the names of all that is counted while decoding.

A record says where things are, it copies no payload. IPv4 addresses have `hi` = 0 and `lo` = the 32-bit address, IPv6
addresses are two big-endian 64-bit halves. ICMP has its type in `src_port` and its code in `dst_port`.
"""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
"""How often each of ANOMALIES was seen, by index."""

PACKET = np.dtype(
    [
        # The first 64 bytes, one cache line, are what metering a packet takes.
        ("ts_ns", "i8"),
        ("src_hi", "u8"),
        ("src_lo", "u8"),
        ("dst_hi", "u8"),
        ("dst_lo", "u8"),
        ("src_port", "u2"),
        ("dst_port", "u2"),
        ("version", "u1"),  # 4 or 6; 0: nothing to meter, counted by name
        ("proto", "u1"),  # IP protocol behind all extension headers
        ("tcp_flags", "u1"),
        ("bad_checksum", "u1"),
        ("seq", "u4"),
        ("ack", "u4"),
        ("payload_length", "i4"),  # payload bytes by the headers' lengths, even if the snap length cut them
        ("ip_length", "i4"),  # IP total length, header included; 0 where the header says so (segmentation offload)
        ("src_mac", "u8"),  # 48 bits; 0 where the link layer has none
        ("dst_mac", "u8"),
        ("payload_offset", "i4"),  # into the data that the record came with: where the transport payload would start
        ("payload_captured", "i4"),  # payload bytes that are really there, >= 0
        ("window", "u2"),
        ("vlan", "i2"),  # outermost VLAN identifier, -1 if none
        ("depth", "u1"),  # 0: outermost; d: inside a tunnel, the nearest record before it with depth d - 1
        ("carrier", "u1"),  # PLAIN, CARRIES or METERED_CARRIER
    ],
    align=True,
)

PLAIN, CARRIES, METERED_CARRIER = range(3)
"""What a record is to the records of depth + 1 behind it. CARRIES: IP in IP or GRE, a tunnel between two addresses that
is no flow itself. METERED_CARRIER: a tunnel over UDP, whose packets are a flow too."""

HARMLESS = (
    "arp",
    "not_ip",
    "ipv6_no_next_header",
    "fragment",  # of an IP datagram, which is metered when it is whole
)
"""Names in ANOMALIES that are no fault: frames that carry nothing to meter."""

ANOMALIES = (
    *HARMLESS,
    "link_type_unknown",  # a LINKTYPE_ value that we cannot read
    "link_truncated",  # the frame ends inside its link layer
    "link_too_deep",  # more tags and link layers inside each other than anybody sends
    "ip_version",  # neither 4 nor 6
    "ip_length_zero",  # length left to the network card (segmentation offload); taken from the frame, metered
    "ip_longer_than_frame",  # the header claims more bytes than there were on the wire
    "ipv4_truncated",
    "ipv4_header_length",  # below 20 bytes, or above the total length
    "ipv6_truncated",
    "ipv6_extensions",  # a chain of extension headers that ends outside the packet or is too long
    "tcp_truncated",
    "tcp_header_length",  # below 20 bytes, or above the packet's
    "udp_truncated",
    "udp_length",  # below 8 bytes, or above the packet's; metered by the IP length
    "icmp_truncated",
    "tunnel_too_deep",  # more tunnels inside each other than MAX_TUNNELS; the innermost read is metered
    "tunnel_truncated",  # a tunnel header that is cut or not understood; the tunnel itself is metered
    "ipv4_checksum",  # the four checksums only where decode was told to verify them; metered, with bad_checksum set
    "tcp_checksum",
    "udp_checksum",
    "icmp_checksum",
)
"""What decoding counts, by index; one frame counts at most one fault that keeps it from being metered."""
