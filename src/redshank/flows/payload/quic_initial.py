"""What QUIC's Initial packets carry: the hellos of TLS 1.3.

In: the first datagrams of both directions. Out: the beginning of a handshake. The keys of Initials derive from the
client's first connection id, which is in the clear: what they hide is hidden from nobody who looks. The seal at the end
of a packet is not checked; what does not come out as a hello is none.
Source: RFC 9001, sections 5.2 to 5.4; RFC 9369, section 3.3; RFC 9000, section 19.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.aes import KEYS, encrypt, expand
from redshank.flows.payload.bytes import number
from redshank.flows.payload.quic_packets import INITIAL, V2, header, packet_type, variable
from redshank.flows.payload.sha256 import WORK, expand_label, hmac

SPACE = 2 * 4096 + 4096 + 2 * KEYS + 6 * 64
"""Bytes that `handshake` works with."""

NUMBERS = WORK
"""And numbers."""

_LONGEST = 4096
_MAX_PACKETS, _MAX_FRAMES = 4, 200
_SEAL = 16
_SALT = np.frombuffer(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), np.uint8).copy()
_SALT_DRAFTS = np.frombuffer(bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899"), np.uint8).copy()
_SALT_2 = np.frombuffer(bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), np.uint8).copy()


@lean_kernel
def _derive(
    data: npt.NDArray[np.uint8],
    at: int,
    end: int,
    version: int,
    server: bool,  # noqa: FBT001  a kernel takes places
    space: npt.NDArray[np.uint8],
    work: npt.NDArray[np.int64],
) -> None:
    """Write the keys of one side, from the connection id data[at:end], where `handshake` expects them in space."""
    secret, key, message, short = space[0:64], space[64:128], space[128:192], space[192:256]
    for k in range(end - at):
        message[k] = data[at + k]
    if version == V2:
        hmac(_SALT_2, 20, message, end - at, secret, work)
    elif version > 1:
        hmac(_SALT_DRAFTS, 20, message, end - at, secret, work)
    else:
        hmac(_SALT, 20, message, end - at, secret, work)
    expand_label(secret, b"server in" if server else b"client in", 32, secret, message, work)
    expand_label(secret, b"quicv2 key" if version == V2 else b"quic key", 16, key, message, work)
    expand(key, space[384 : 384 + KEYS])
    expand_label(secret, b"quicv2 hp" if version == V2 else b"quic hp", 16, key, message, work)
    expand(key, space[384 + KEYS : 384 + 2 * KEYS])
    expand_label(secret, b"quicv2 iv" if version == V2 else b"quic iv", 12, short, message, work)


@lean_kernel
def _open(
    data: npt.NDArray[np.uint8],
    first: int,
    at: int,
    end: int,
    space: npt.NDArray[np.uint8],
    plain: npt.NDArray[np.uint8],
) -> int:
    """Decrypt the packet whose first byte is at `first` and whose number is at `at`; return how many bytes came out."""
    nonce, block, other = space[192:256], space[256:320], space[320:384]
    keys, heads = space[384 : 384 + KEYS], space[384 + KEYS : 384 + 2 * KEYS]
    if at + 4 + 16 > end:
        return 0
    for k in range(16):
        block[k] = data[at + 4 + k]
    encrypt(heads, block, other)
    size = ((data[first] ^ block[0]) & 3) + 1
    for k in range(12):
        nonce[32 + k] = nonce[k]
    for k in range(size):
        nonce[44 - size + k] ^= data[at + k] ^ block[1 + k]
    start = at + size
    length = min(end - start - _SEAL, len(plain))
    counter = 2
    for begin in range(0, length, 16):
        for k in range(12):
            block[k] = nonce[32 + k]
        for k in range(4):
            block[12 + k] = counter >> (24 - 8 * k) & 255
        encrypt(keys, block, other)
        for k in range(min(16, length - begin)):
            plain[begin + k] = data[start + begin + k] ^ block[k]
        counter += 1
    return int(max(length, 0))


@lean_kernel
def _collect(
    plain: npt.NDArray[np.uint8], length: int, out: npt.NDArray[np.uint8], known: npt.NDArray[np.uint8]
) -> None:
    """Put the pieces of handshake that the frames in plain[:length] carry where they belong."""
    at = 0
    for _ in range(_MAX_FRAMES):
        while at < length and plain[at] == 0:  # padding
            at += 1
        if at >= length:
            return
        kind = plain[at]
        at += 1
        if kind == 1:  # ping
            continue
        if kind in (2, 3):  # acknowledgment: largest, delay, count, first range, ranges, counts of congestion
            values = 4
            k = 0
            while k < values and at < length:
                value, at = variable(plain, at, length)
                if k == 2:
                    values += 2 * min(max(value, 0), _MAX_FRAMES) + (3 if kind == 3 else 0)
                k += 1
            continue
        if kind != 6:
            return
        offset, at = variable(plain, at, length)
        size, at = variable(plain, at, length)
        if offset < 0 or size < 0 or offset > len(out):
            return
        for k in range(min(size, length - at, len(out) - offset)):
            out[offset + k] = plain[at + k]
            known[offset + k] = 1
        at += size


@lean_kernel
def handshake(
    data: npt.NDArray[np.uint8],
    at: int,
    end: int,
    first_at: int,
    first_end: int,
    server: bool,  # noqa: FBT001  a kernel takes places
    out: npt.NDArray[np.uint8],
    space: npt.NDArray[np.uint8],
    work: npt.NDArray[np.int64],
) -> int:
    """Write the handshake that the Initials of a datagram carry; return how much of it is there without a gap.

    Args:
        data: Bytes.
        at: Where the datagram starts.
        end: Where it ends.
        first_at: Where the client's first datagram starts.
        first_end: Where it ends.
        server: Whether the datagram is the server's.
        out: The handshake goes there, as much as it has room for.
        space: SPACE bytes to work with.
        work: NUMBERS numbers to work with.
    """
    version, target, target_end, _, _ = header(data, first_at, first_end)
    if version <= 0:
        return 0
    _derive(data, target, target_end, version, server, space, work)
    used = 384 + 2 * KEYS
    plain, known = space[used : used + _LONGEST], space[used + _LONGEST : used + 2 * _LONGEST]
    for k in range(len(known)):
        known[k] = 0
    for _ in range(_MAX_PACKETS):
        spoken, _, _, _, rest = header(data, at, end)
        if spoken != version:
            break
        kind = packet_type(data, at, version)
        if kind == INITIAL:
            token, rest = variable(data, rest, end)
            rest = rest + token if 0 <= token <= end - rest else end
        length, rest = variable(data, rest, end)
        if length < 0:
            break
        if kind == INITIAL:
            count = _open(data, at, rest, min(rest + length, end), space, plain)
            _collect(plain, count, out, known)
        at = rest + length
        if at >= end or number(data, at, 1) & 128 == 0:
            break
    length = 0
    while length < min(len(out), len(known)) and known[length] == 1:
        length += 1
    return length
