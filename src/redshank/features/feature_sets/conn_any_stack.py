"""`conn` without what names a host's TCP stack: packets that carry data have a header of 40 bytes, whoever sends them.

In: FLOW rows. Out: the 19 columns of `conn`. The one idea: a host with TCP timestamps sends 12 bytes more a packet than
one without, so header bytes say who is speaking. On ToN_IoT some attackers have timestamps and some benign devices
have not; a model learns that, and calls the same attack benign when it comes from the next host. What a TCP connection
without payload is made of (a probe has 0, 4 or 20 bytes of options) says which tool sent it, and stays.
Source: docs/decisions/0023.
"""

from typing import ClassVar

import numpy as np

from redshank.features.feature_sets.conn import Bools, Conn, Doubles

HEADER = 40
"""Bytes of an IPv4 and a TCP header without options."""


class ConnAnyStack(Conn):
    """The fields of conn.log without the TCP options of packets that carry data.

    IPv6 has a header 20 bytes longer, of which this makes 40 bytes a packet too. Wrong for a question that is about the
    stack, such as which tool probes: such flows differ only where they carry nothing.
    """

    name: ClassVar[str] = "conn_any_stack"
    version: ClassVar[int] = 1

    def sizes(self, ip_bytes: Doubles, payload: Doubles, pkts: Doubles, carrying: Bools) -> Doubles:
        """Return the IP bytes with no more than 40 bytes of header a packet, where the flow is TCP with payload."""
        # A payload that was counted by sequence numbers can exceed what was seen: never above what was there.
        plain: Doubles = np.where(carrying, np.fmin(ip_bytes, payload + HEADER * pkts), ip_bytes)
        return plain
