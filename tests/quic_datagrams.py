"""QUIC's Initial packets for the tests, sealed with another implementation than the one that opens them."""

import hashlib
import hmac

import numpy as np

from redshank.flows.payload.aes import KEYS, encrypt, expand

_SALTS = {
    1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    0xFF00001D: "afbfec289993d24c9e9786f19c6111e04390a899",
    0x6B3343CF: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
}


def _expand(secret: bytes, label: str, size: int) -> bytes:
    info = size.to_bytes(2) + bytes([len(label) + 6]) + b"tls13 " + label.encode() + b"\0\1"
    return hmac.new(secret, info, hashlib.sha256).digest()[:size]


def _block(key: bytes, block: bytes) -> bytes:
    keys, out = np.zeros(KEYS, np.uint8), np.frombuffer(block, np.uint8).copy()
    expand(np.frombuffer(key, np.uint8).copy(), keys)
    encrypt(keys, out, np.zeros(16, np.uint8))
    return out.tobytes()


def _mixed(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=False))


def initial(
    target: bytes,
    frames: bytes,
    *,
    version: int = 1,
    number: int = 0,
    side: str = "client",
    source: bytes = b"",
    first: bytes = b"",
) -> bytes:
    """Return an Initial packet; its seal, which nobody checks, is zeros.

    Args:
        target: The destination's connection id.
        frames: What it carries.
        version: 1, draft 29 or 2.
        number: Of the packet.
        side: Who seals it, client or server.
        source: The sender's connection id.
        first: The client's first connection id, if it is not the target.
    """
    secret = hmac.new(bytes.fromhex(_SALTS[version]), first or target, hashlib.sha256).digest()
    secret = _expand(secret, f"{side} in", 32)
    prefix = "quicv2" if version == 0x6B3343CF else "quic"
    key, nonce, heads = (
        _expand(secret, f"{prefix} {name}", size) for name, size in (("key", 16), ("iv", 12), ("hp", 16))
    )
    nonce = nonce[:8] + _mixed(nonce[8:], number.to_bytes(4))
    frames += bytes(max(4 - len(frames), 0))
    stream = b"".join(_block(key, nonce + (2 + k).to_bytes(4)) for k in range(len(frames) // 16 + 1))
    sealed = _mixed(frames, stream) + bytes(16)
    kind = 0xD0 if version == 0x6B3343CF else 0xC0
    head = bytes([kind | 1]) + version.to_bytes(4) + bytes([len(target)]) + target + bytes([len(source)]) + source
    head += b"\0" + (0x4000 | len(sealed) + 2).to_bytes(2) + number.to_bytes(2)
    mask = _block(heads, sealed[2:18])
    return bytes([head[0] ^ mask[0] & 15]) + head[1:-2] + _mixed(head[-2:], mask[1:]) + sealed
