"""JA3 and JA4: fingerprints of TLS clients, from the raw lists that tls_client writes.

In: raw columns. Out: text. Each distinct list is hashed once.
Source: JA3 (Salesforce, 2017); JA4 (FoxIO, technical details).
"""

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.payload.rooms import each


def ja3(raw: pa.BinaryArray) -> pa.StringArray:
    """Return the MD5 of each list.

    Example:
        >>> ja3(pa.array([b"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"])).to_pylist()
        ['ada70206e40642a3e4461f35503241d5']
    """
    return each(raw, lambda text: hashlib.md5(text, usedforsecurity=False).hexdigest())


def ja4(head: pa.BinaryArray, ciphers: pa.BinaryArray, rest: pa.BinaryArray) -> pa.StringArray:
    """Join a fingerprint: its head, and twelve digits of the SHA-256 of its two lists (zeros for an empty one)."""
    return pc.binary_join_element_wise(head.cast(pa.string()), each(ciphers, _digits), each(rest, _digits), "_")


def _digits(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:12] if text else "0" * 12
