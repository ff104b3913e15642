"""When a flow ends if nothing more comes.

In: a flow and the timeouts. Out: its deadline in packet time, which depends on its packets alone.
Source: Zeek's manual, the timeouts of init-bare.zeek (tcp_inactivity_timeout, tcp_attempt_delay, tcp_close_delay,
tcp_session_timer, udp_inactivity_timeout, icmp_inactivity_timeout) and dns_session_timeout. Zeek looks at a DNS flow
only every so often, at times that depend on the packets of all other flows; here it is a timeout like the others.
"""

import numpy as np

from redshank.core.kernel import inlined
from redshank.flows.metering.orient import ICMP, ICMPV6, TCP, UDP, is_dns
from redshank.flows.metering.stream import INACTIVE, RESET, SYN_ACK_SENT, SYN_SENT
from redshank.flows.metering.table import Int, Record

LIMITS = np.dtype(
    [
        ("tcp_idle", "i8"),  # all in ns; MeterSettings says what they mean
        ("udp_idle", "i8"),
        ("icmp_idle", "i8"),
        ("tcp_attempt", "i8"),
        ("tcp_close", "i8"),
        ("tcp_linger", "i8"),
        ("dns_idle", "i8"),
        ("interim", "i8"),  # 0: never
        ("interim_packets", "i8"),  # packets; 0: never
        ("checksums", "i8"),  # whether bad checksums count
    ]
)
"""What rows depend on beside packets; kernels take one record of it."""


@inlined
def deadline(row: Record, orig: Record, resp: Record, limits: Record) -> Int:
    """Return when the flow ends if nothing more comes."""
    if row.proto != TCP:
        if row.proto == UDP:
            dns = is_dns(row.b_port if row.orig_is_a else row.a_port)
            return row.last_ns + (limits.dns_idle if dns else limits.udp_idle)
        return row.last_ns + (limits.icmp_idle if row.proto in (ICMP, ICMPV6) else limits.udp_idle)
    if row.delete_ns > 0:
        return row.delete_ns
    ends_ns = row.last_ns + (limits.tcp_idle if row.established else limits.udp_idle)
    if row.attempt_ns > 0 and resp.state == INACTIVE and orig.state in (SYN_SENT, SYN_ACK_SENT):
        ends_ns = min(ends_ns, row.attempt_ns)
    one, other = orig.state, resp.state
    if (orig.did_close and resp.did_close) or (
        (orig.did_close or resp.did_close) and (one in (RESET, INACTIVE) or other in (RESET, INACTIVE))
    ):
        ends_ns = min(ends_ns, row.last_ns + limits.tcp_linger)
    return ends_ns
