"""QUIC: a packet with a long header of a known version.

From the client that is an Initial with a connection id of 8 bytes or more, or 0-RTT; from the server anything with a
long header, or a list of versions to choose from.
Source: RFC 9000, section 17.2; RFC 9369 for version 2; RFC 8999 for what all versions share.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.quic_packets import INITIAL, RETRY, header, packet_type
from redshank.flows.service import Bytes, Hint, Places, Records

_LONG = bytes(range(0xC0, 0x100))
_LONG = bytes(range(0xC0, 0x100))
_VERSIONS = (b"\x00\x6b\xff", b"\x00\x33", b"\x00\x43")
MAYBE = Hint(proto=17, client=(_LONG, *_VERSIONS), server=(bytes(range(0x80, 0x100)), *_VERSIONS), least=7)

_SHORTEST = 8


@lean_kernel
def _asks(data: Bytes, at: int, end: int) -> bool:
    version, target, target_end, _, rest = header(data, at, end)
    if version <= 0 or data[at] & 64 == 0:
        return False
    kind = packet_type(data, at, version)
    return target_end - target >= _SHORTEST and kind < RETRY and rest < end and (kind != INITIAL or rest + 22 <= end)


@lean_kernel
def _answers(data: Bytes, at: int, end: int) -> bool:
    version, _, _, _, rest = header(data, at, end)
    if version == 0:  # version negotiation: a list of versions
        return rest + 4 <= end and (end - rest) % 4 == 0
    return version > 0 and data[at] & 64 != 0 and rest < end


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        one = streams[which[k]]
        if one.proto != 17:
            continue
        asks = _asks(data, one.client_at, one.client_end)
        found[k] = asks or (_answers(data, one.server_at, one.server_end) and one.client_end == one.client_at)
