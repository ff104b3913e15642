import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from hellos import CERTIFICATE
from redshank.flows.payload.x509 import name_text, names

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


@settings(max_examples=examples(60), deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(CERTIFICATE) - 1), st.integers(0, 255))
def test_any_bytes_survive(noise: bytes, at: int, value: int) -> None:
    changed = bytearray(CERTIFICATE)
    changed[at] = value
    for certificate in (noise, bytes(changed)):
        for text in whose(certificate):
            assert text is None or text.isascii()
        assert name_text(certificate).isascii()
