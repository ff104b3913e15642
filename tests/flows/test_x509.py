import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.flows.x509 import name_text, names

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
SUBJECT = r"1.2.3.4=#0C0178,emailAddress=a@b.example,CN=lamp.example,OU=\+IoT,O=M\C3\BCller\, S\C3\B6hne & Co,C=DE"


def whose(certificate: bytes) -> tuple[str | None, str | None]:
    data = np.frombuffer(b"\x30\x82" + certificate + b"\x30\x82", np.uint8)
    issuer, issuer_end, subject, subject_end = names(data, 2, len(data) - 2)
    raw = data.tobytes()
    return (
        name_text(raw[issuer:issuer_end]) if issuer >= 0 else None,
        name_text(raw[subject:subject_end]) if subject >= 0 else None,
    )


def test_names_are_written_as_openssl_does() -> None:
    assert whose(CERTIFICATE) == (SUBJECT, SUBJECT)


def test_a_certificate_that_was_cut_still_names_what_is_there() -> None:
    assert whose(CERTIFICATE[:200]) == (SUBJECT, None)
    assert whose(CERTIFICATE[:400]) == (SUBJECT, SUBJECT)
    assert whose(CERTIFICATE[:100]) == (None, None)
    assert whose(b"") == (None, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0c012c", r"\,"),
        ("0c0120", "\\ "),
        ("0c032061 20", "\\ a\\ "),
        ("0c022361", r"\#a"),
        ("1e0400e40041", r"\C3\A4A"),  # BMPString
        ("1401e4", r"\C3\A4"),  # T61String, read as Latin-1
        ("0c01ff", r"\EF\BF\BD"),
        ("0c0100", r"\00"),
        ("020105", "#020105"),
        ("0c05ab", "#0C05AB"),
        ("", "#"),
    ],
)
def test_values_are_escaped(value: str, text: str) -> None:
    inner = bytes.fromhex("0603550403" + value)
    pair = bytes([0x30, len(inner)]) + inner
    relative = bytes([0x31, len(pair)]) + pair
    assert name_text(bytes([0x30, len(relative)]) + relative) == f"CN={text}"


def test_several_values_of_one_part_are_joined() -> None:
    one = bytes.fromhex("30080603550403130141")
    assert name_text(bytes([0x30, 22, 0x31, 20]) + one + one) == "CN=A+CN=A"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(CERTIFICATE) - 1), st.integers(0, 255))
def test_any_bytes_survive(noise: bytes, at: int, value: int) -> None:
    changed = bytearray(CERTIFICATE)
    changed[at] = value
    for certificate in (noise, bytes(changed)):
        for text in whose(certificate):
            assert text is None or text.isascii()
        assert name_text(certificate).isascii()
