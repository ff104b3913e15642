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
    "ipv6_encrypted",  # ESP, whose ports nobody sees
    "ipv6_mobility",
    "fragment",  # of an IP datagram, which is metered when it is whole
)
"""Names in ANOMALIES that are no fault: frames that carry nothing to meter."""

ANOMALIES = (
    *HARMLESS,
    "link_type_unknown",  # a LINKTYPE_ value that we cannot read
    "link_truncated",  # the frame ends inside its link layer
    "link_too_deep",  # more tags and link layers inside each other than anybody sends
    "ip_version",  # neither 4 nor 6
    "ip_length_zero",  # length left to the network card (segmentation offload): metered, or with checksums dropped
    "ip_longer_than_frame",  # the header claims more bytes than there were on the wire
    "ipv4_truncated",
    "ipv4_header_length",  # below 20 bytes, or above the total length
    "ipv4_checksum",  # only where checksums are verified; not metered
    "ipv6_truncated",
    "ipv6_extensions",  # a chain of extension headers that ends outside the packet or is too long
    "tcp_truncated",
    "tcp_header_length",  # below 20 bytes, or above the packet's
    "udp_truncated",
    "udp_length",  # not the length that IP says; metered, by UDP's own if that is 8 or more
    "icmp_truncated",
    "tcp_checksum",  # the three only where checksums are verified; metered, with bad_checksum set
    "udp_checksum",
    "icmp_checksum",
    "tunnel_too_deep",  # more tunnels inside each other than MAX_TUNNELS; the innermost are not opened
    "tunnel_truncated",  # a tunnel header that is cut or contradicts itself
    "fragment_cut",  # by the snap length: the first is metered as it is, the others are lost
    "fragment_length",  # empty, or not the last and no multiple of eight bytes long
    "fragment_too_large",  # a datagram of more than 65,535 bytes, or with too long headers; the fragment is dropped
    "fragment_overlap",  # bytes that were there already; the first stay
    "fragment_inconsistent",  # an overlap that says other bytes, or another end of the datagram; the first stays
    "fragment_incomplete",  # a datagram given up after TIMEOUT_NS with parts missing, or at the end of the input
    "fragment_evicted",  # a datagram given up for a newer one, because DATAGRAMS were open
)
"""What decoding counts, by index. Each frame without a record that is metered counts at least once."""
