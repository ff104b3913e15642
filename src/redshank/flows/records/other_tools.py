"""What other tools count, in Zeek's terms.

In: columns of protocols, packets, bytes and TCP flags as flow tools give them. Out: FLOW columns; null wherever the
tool's figures leave more than one answer. Zeek tells `conn_state` from the order of packets; flags that were gathered
over a whole direction tell it only where every order that TCP allows gives the same state.
Source: Zeek's manual (conn_state of conn.log); IANA's protocol numbers; RFC 792 and RFC 4443 for ICMP.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.records.columns import Count, numbers, typed

Numbers: TypeAlias = npt.NDArray[np.int64]

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
UNTOLD = -1
"""Flags of a direction that a tool does not tell."""

_LETTERS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG, "E": ECE, "C": CWR}
_NUMBERS = {
    "icmp": 1,
    "igmp": 2,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmpv6": 58,
    "ipv6-icmp": 58,
    "icmp6": 58,
    "eigrp": 88,
    "ospf": 89,
    "ospfigp": 89,
    "pim": 103,
    "vrrp": 112,
    "l2tp": 115,
    "sctp": 132,
    "udplite": 136,
    "rtp": 17,  # Argus names what it recognizes inside UDP
    "rtcp": 17,
    "udt": 17,
}
_OURS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}
_REPLIES = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129, 133: 134, 135: 136}
_PAIRS = _REPLIES | {reply: request for request, reply in _REPLIES.items()}
_SHORTEST = 20
"""Bytes of the shortest IP header."""


def protocols(names: pa.StringArray) -> tuple[pa.StringArray, pa.Int32Array]:
    """Return `proto` and `ip_proto` for names or numbers of protocols; null for what is not carried by IP.

    Example:
        >>> [column.to_pylist() for column in protocols(pa.array(["UDP", "6", "ipv6-icmp", "arp"]))]
        [['udp', 'tcp', 'icmp', None], [17, 6, 58, None]]
    """
    encoded = names.dictionary_encode()
    found = [_protocol(name.strip().lower()) for name in encoded.dictionary.to_pylist()]
    known = pa.array([None if n is None else _OURS.get(n, "unknown_transport") for n in found], pa.string())
    return known.take(encoded.indices), pa.array(found, pa.int32()).take(encoded.indices)


def _protocol(name: str) -> int | None:
    if name.isascii() and name.isdigit() and len(name) <= 3:
        return int(name) if int(name) <= 255 else None
    return _NUMBERS.get(name)


def flag_bits(letters: pa.StringArray) -> Numbers:
    """Return flags from their letters, dots for those not set; UNTOLD where there is no text, or other letters.

    Shape:
        returns: [n].

    Example:
        >>> flag_bits(pa.array(["...AP.SF", "S", "", None, "CON"])).tolist()
        [27, 2, 0, -1, -1]
    """
    encoded = letters.dictionary_encode()
    bits = [
        sum({_LETTERS[letter] for letter in text if letter != "."}) if set(text) <= {*_LETTERS, "."} else UNTOLD
        for text in encoded.dictionary.to_pylist()
    ]
    table = np.array([*bits, UNTOLD], np.int64)
    places: Numbers = encoded.indices.fill_null(len(bits)).to_numpy(zero_copy_only=False)
    return table[places]


def conn_state(
    proto: pa.StringArray,
    src_flags: Numbers,
    dst_flags: Numbers,
    src_pkts: Numbers,
    dst_pkts: Numbers,
) -> pa.StringArray:
    """Return Zeek's state where it is sure, otherwise null.

    Args:
        proto: FLOW's protocol.
        src_flags: TCP flags of all packets of the originator, or UNTOLD.
        dst_flags: The same of the responder.
        src_pkts: Packets of the originator, or -1 where unknown.
        dst_pkts: The same of the responder.

    Shape:
        src_flags, dst_flags, src_pkts, dst_pkts: [n].

    Example:
        >>> one = np.array([1])
        >>> conn_state(pa.array(["tcp"]), np.array([SYN]), np.array([RST | ACK]), one, one).to_pylist()
        ['REJ']
    """
    tcp, udp, other = (_is(proto, names) for names in (("tcp",), ("udp",), ("icmp", "unknown_transport")))
    o, r = src_flags, dst_flags
    tcp &= (o >= 0) & (r >= 0) & (src_pkts > 0) & (dst_pkts >= 0)
    main = SYN | FIN | RST | ACK
    alone, both = tcp & (dst_pkts == 0), tcp & (dst_pkts > 0)
    met = both & ((o & r & (SYN | ACK)) == (SYN | ACK))
    o_fin, r_fin, o_rst, r_rst = ((flags & bit) != 0 for bit in (FIN, RST) for flags in (o, r))
    kept, stream = met & ~o_rst & ~r_rst, ((o | r) & (SYN | FIN | RST)) == 0
    sent = udp & (src_pkts > 0)
    states = {
        "S0": (alone & ((o & main) == SYN)) | (sent & (dst_pkts == 0)),
        "SH": alone & ((o & main) == (SYN | FIN)),
        "RSTOS0": alone & ((o & main) == (SYN | RST)),
        "REJ": both & ((o & main) == SYN) & ((r & (SYN | FIN | RST)) == RST),
        "SF": (kept & o_fin & r_fin) | (sent & (dst_pkts > 0)),
        "S1": kept & ~o_fin & ~r_fin,
        "S2": kept & o_fin & ~r_fin,
        "S3": kept & ~o_fin & r_fin,
        "RSTO": met & o_rst & ~r_rst & ~(o_fin & r_fin),
        "RSTR": met & r_rst & ~o_rst & ~(o_fin & r_fin),
        "SHR": udp & (src_pkts == 0) & (dst_pkts > 0),
        "OTH": other | (tcp & stream),
    }
    chosen = np.select(list(states.values()), list(range(len(states))), -1)
    return pa.array(list(states), pa.string()).take(pa.array(chosen, mask=chosen < 0))


def _is(proto: pa.StringArray, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.is_in(proto, pa.array(names)).to_numpy(zero_copy_only=False)
    return found


def icmp_reply(kind: Numbers, code: Numbers) -> Numbers:
    """Return what Zeek writes as the responder's port of ICMP: the type that answers, or else the code.

    Shape:
        kind, code: [n], type and code of the originator's packets.

    Example:
        >>> icmp_reply(np.array([8, 3]), np.array([0, 1])).tolist()
        [0, 1]
    """
    answers = np.full(256, -1, np.int64)
    answers[list(_PAIRS)] = list(_PAIRS.values())
    known = np.where((kind >= 0) & (kind < 256), kind, 255)
    return np.where(answers[known] >= 0, answers[known], code)


def ip_bytes(frame_bytes: Numbers, packets: Numbers, link_bytes: int) -> tuple[Numbers, int]:
    """Take the link headers out of a count of bytes on the wire.

    What pads a short frame stays in: nobody can tell it any more (Ethernet fills to 60 bytes).

    Args:
        frame_bytes: Bytes with link headers; -1: unknown.
        packets: Packets; -1: unknown.
        link_bytes: Bytes of one link header: 14 for Ethernet, 18 with a VLAN tag, 0 if the tool counts IP bytes.

    Returns:
        IP-level bytes, -1 where unknown, and in how many rows less would be left than IP headers take: the link is
        another one then, and the bytes of such a row are unknown.

    Shape:
        frame_bytes, packets: [n].
    """
    left = frame_bytes - link_bytes * packets
    known = (frame_bytes >= 0) & (packets >= 0)
    impossible = known & (left < _SHORTEST * packets)
    return np.where(known & ~impossible, left, -1), int(impossible.sum())


def counts_of(text: pa.StringArray, name: str, count: Count) -> Numbers:
    """Read counts of packets or bytes, -1 where there is none; those that are no numbers are counted."""
    return numbers(typed("src_pkts", text, lambda _, rows: count(f"{name}_unreadable", rows))).copy()


def whole(values: Numbers) -> pa.Int64Array:
    """Return numbers as a column, null where negative.

    Example:
        >>> whole(np.array([3, -1])).to_pylist()
        [3, None]
    """
    return pa.array(values, pa.int64(), mask=values < 0)
