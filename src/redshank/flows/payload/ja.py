"""JA3 and JA4: fingerprints of TLS clients, from the lists that tls_fingerprint writes out.

In: the bytes of lists. Out: text.
Source: JA3 (Salesforce, 2017); JA4 (FoxIO, technical details).
"""

import hashlib


def ja3(lists: bytes) -> str:
    """Return the MD5 of the lists.

    Example:
        >>> ja3(b"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0")
        'ada70206e40642a3e4461f35503241d5'
    """
    return hashlib.md5(lists, usedforsecurity=False).hexdigest()


def ja4(parts: bytes) -> str:
    """Return a fingerprint: its head, and twelve digits of the SHA-256 of each of two lists (zeros for an empty one).

    Args:
        parts: Head and lists, parted by blanks.

    Example:
        >>> ja4(b"t10i000000  ")
        't10i000000_000000000000_000000000000'
    """
    head, ciphers, rest = parts.split(b" ")
    return f"{head.decode()}_{_digits(ciphers)}_{_digits(rest)}"


def _digits(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:12] if text else "0" * 12
