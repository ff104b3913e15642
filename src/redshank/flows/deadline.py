"""When a flow ends if nothing more comes.

In: a flow and the timeouts. Out: its deadline in packet time.
Source: Zeek's manual, the timeouts of init-bare.zeek (tcp_inactivity_timeout, tcp_attempt_delay, tcp_close_delay,
tcp_session_timer, udp_inactivity_timeout, icmp_inactivity_timeout).
"""

import numpy as np

from redshank.core.kernel import kernel
from redshank.flows.orient import ICMP, ICMPV6, TCP, UDP, is_dns
from redshank.flows.stream import INACTIVE, RESET, SYN_ACK_SENT, SYN_SENT
from redshank.flows.table import Int, Record

TIMEOUTS = np.dtype(
    [
        ("tcp_idle", "i8"),  # all in ns; MeterSettings says what they mean
        ("udp_idle", "i8"),
        ("icmp_idle", "i8"),
        ("tcp_attempt", "i8"),
        ("tcp_close", "i8"),
        ("tcp_linger", "i8"),
        ("dns_idle", "i8"),
        ("checksums", "i8"),  # no timeout: whether bad checksums count
    ]
)
"""What a flow's end depends on; kernels take one record of it."""


@kernel
def deadline(row: Record, orig: Record, resp: Record, timeouts: Record) -> Int:
    """Return when the flow ends if nothing more comes."""
    if row.proto == UDP and is_dns(row.b_port if row.orig_is_a else row.a_port):
        # Looked at every DNS_IDLE (is_over), not when its last packet is that old.
        if row.attempt_ns == 0:
            row.attempt_ns = row.first_ns + timeouts.dns_idle
        return row.attempt_ns
    if row.proto != TCP:
        return row.last_ns + (timeouts.icmp_idle if row.proto in (ICMP, ICMPV6) else timeouts.udp_idle)
    if row.delete_ns > 0:
        return row.delete_ns
    ends_ns = row.last_ns + (timeouts.tcp_idle if row.established else timeouts.udp_idle)
    if row.attempt_ns > 0 and resp.state == INACTIVE and orig.state in (SYN_SENT, SYN_ACK_SENT):
        ends_ns = min(ends_ns, row.attempt_ns)
    one, other = orig.state, resp.state
    if (orig.did_close and resp.did_close) or (
        (orig.did_close or resp.did_close) and (one in (RESET, INACTIVE) or other in (RESET, INACTIVE))
    ):
        ends_ns = min(ends_ns, row.last_ns + timeouts.tcp_linger)
    return ends_ns


@kernel
def is_over(row: Record, clock: Int, timeouts: Record) -> bool:
    """Tell whether the deadline passed; a DNS flow that is looked at too early gets a new one."""
    if row.deadline_ns > clock:
        return False
    if row.proto == UDP and row.attempt_ns > 0 and clock - row.last_ns < timeouts.dns_idle:
        row.attempt_ns = clock + timeouts.dns_idle
        row.deadline_ns = row.attempt_ns
        return False
    return True
