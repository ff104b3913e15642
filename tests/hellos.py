"""Messages of TLS handshakes for the tests: hellos, certificates and the records that carry them."""

from collections.abc import Sequence


def sized(content: bytes, size: int) -> bytes:
    """Return content behind its length in `size` bytes."""
    return len(content).to_bytes(size) + content


def numbers(values: Sequence[int]) -> bytes:
    """Return two bytes for each number."""
    return b"".join(value.to_bytes(2) for value in values)


def extension(kind: int, content: bytes = b"") -> bytes:
    """Return an extension."""
    return kind.to_bytes(2) + sized(content, 2)


def server_name(name: bytes) -> bytes:
    """Return the extension that asks for a name."""
    return extension(0, sized(b"\0" + sized(name, 2), 2))


def protocols(*names: bytes) -> bytes:
    """Return the extension that offers application protocols."""
    return extension(16, sized(b"".join(sized(name, 1) for name in names), 2))


def message(kind: int, body: bytes) -> bytes:
    """Return a handshake message."""
    return bytes([kind]) + sized(body, 3)


def client_hello(
    suites: Sequence[int] = (0x1301,),
    extensions: Sequence[bytes] = (),
    *,
    session: bytes = b"",
    version: int = 0x0303,
    cookie: bytes | None = None,
) -> bytes:
    """Return a ClientHello; a cookie makes it one of DTLS."""
    body = version.to_bytes(2) + bytes(32) + sized(session, 1)
    body += b"" if cookie is None else sized(cookie, 1)
    body += sized(numbers(suites), 2) + b"\x01\x00" + sized(b"".join(extensions), 2)
    return message(1, body)


def server_hello(
    suite: int = 0x1301, extensions: Sequence[bytes] = (), *, session: bytes = b"", version: int = 0x0303
) -> bytes:
    """Return a ServerHello."""
    body = version.to_bytes(2) + bytes(32) + sized(session, 1) + suite.to_bytes(2) + b"\x00"
    return message(2, body + sized(b"".join(extensions), 2))


def certificates(*ders: bytes) -> bytes:
    """Return a Certificate message of TLS up to 1.2."""
    return message(11, sized(b"".join(sized(der, 3) for der in ders), 3))


def record(content: bytes, kind: int = 22, version: int = 0x0303) -> bytes:
    """Return one record."""
    return bytes([kind]) + version.to_bytes(2) + sized(content, 2)


CHANGE = record(b"\x01", 20)
FINISHED = record(b"\x99" * 40)
APPLIED = record(b"\x77" * 60, 23)

# openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1, with a subject of hard cases; the key was thrown
# away. What is expected is what `openssl x509 -subject -nameopt RFC2253` (3.0) prints for it.
CERTIFICATE = bytes.fromhex(
    "308201ef30820195021415d48dcba5aee562d6d779d9c3ff6b05e6467ba0300a06082a8648ce3d040302307a310b3009060355040613"
    "024445311d301b060355040a0c144dc3bc6c6c65722c2053c3b6686e65202620436f310d300b060355040b0c042b496f543115301306"
    "035504030c0c6c616d702e6578616d706c65311a301806092a864886f70d010901160b6140622e6578616d706c65310a300806032a03"
    "040c0178301e170d3236313132313232313932315a170d3336313131383232313932315a307a310b3009060355040613024445311d30"
    "1b060355040a0c144dc3bc6c6c65722c2053c3b6686e65202620436f310d300b060355040b0c042b496f543115301306035504030c0c"
    "6c616d702e6578616d706c65311a301806092a864886f70d010901160b6140622e6578616d706c65310a300806032a03040c01783059"
    "301306072a8648ce3d020106082a8648ce3d03010703420004572265f571d3200cf1360a3a45e3682ec90365d5be10c89719e0c15cdd"
    "f141be10309c4abb79560af25371b5607b75360c71039f18cc2f539672fd5d8526bb40300a06082a8648ce3d04030203480030450221"
    "00893dee990188466a61cad9a63c064fefc7f1d0ca7d883871e7293f81779efe090220343b18cbd59ac1ec7a894eeedcb78dcf13aa43"
    "21d20a74e0be555b35f8b5464f"
)
