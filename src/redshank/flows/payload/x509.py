"""Whom a certificate names: its subject and issuer.

In: the DER bytes of a certificate, or its beginning. Out: where the two names lie, and their text as Zeek writes it:
the last part first, joined by commas.
Source: RFC 5280, section 4.1; RFC 2253, section 2, and OpenSSL's short names; ITU-T X.690 for the encoding.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.ber import SEQUENCE, content

_NAMES = {
    **{
        f"2.5.4.{number}": name
        for number, name in {
            3: "CN",
            4: "SN",
            5: "serialNumber",
            6: "C",
            7: "L",
            8: "ST",
            9: "street",
            10: "O",
            11: "OU",
            12: "title",
            13: "description",
            15: "businessCategory",
            17: "postalCode",
            41: "name",
            42: "GN",
            43: "initials",
            46: "dnQualifier",
            65: "pseudonym",
            97: "organizationIdentifier",
        }.items()
    },
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.2.840.113549.1.9.2": "unstructuredName",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}
_SET, _OID, _VERSION = 0x31, 0x06, 0xA0
_ENCODINGS = {12: "utf-8", 18: "ascii", 19: "ascii", 20: "latin-1", 22: "ascii", 28: "utf-32-be", 30: "utf-16-be"}


@lean_kernel
def names(data: npt.NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int, int]:
    """Return where issuer and subject of the certificate at `at` start and end, as elements; -1: not whole."""
    if at >= end or data[at] != SEQUENCE:
        return -1, -1, -1, -1
    place, _ = content(data, at, end)
    place = content(data, place, end)[0] if place > 0 else -1
    if 0 <= place < end and data[place] == _VERSION:
        _, place = content(data, place, end)
    issuer, issuer_end, subject, subject_end = -1, -1, -1, -1
    for part in range(5):  # serial number, signature algorithm, issuer, validity, subject
        if place < 0 or place >= end:
            break
        start, stop = content(data, place, end)
        if start < 0 or stop > end:
            break
        if part == 2 and data[place] == SEQUENCE:
            issuer, issuer_end = place, stop
        if part == 4 and data[place] == SEQUENCE:
            subject, subject_end = place, stop
        place = stop
    return issuer, issuer_end, subject, subject_end


def name_text(name: bytes) -> str:
    r"""Return the text of a name; of what cannot be read, the parts before it.

    Example:
        >>> name_text(bytes.fromhex("3019310b3009060355040613024445310a300806035504030c012c"))
        'CN=\\,,C=DE'
    """
    parts = []
    for relative in _elements(name, SEQUENCE):
        values = []
        for pair in _elements(relative, _SET):
            found = _content(pair)
            if found is None or pair[0] != SEQUENCE:
                continue
            kind = _content(found)
            if kind is None or found[0] != _OID:
                continue
            oid = _oid(kind)
            value = found[found.index(kind, 1) + len(kind) :] if kind else b""
            values.append(f"{_NAMES.get(oid, oid)}={_value(value, known=oid in _NAMES)}")
        if values:
            parts.append("+".join(values))
    return ",".join(reversed(parts))


def _content(data: bytes) -> bytes | None:
    start, stop = content(np.frombuffer(data, np.uint8), 0, len(data)) if data else (-1, -1)
    return data[start:stop] if start >= 0 and stop <= len(data) else None


def _elements(data: bytes, kind: int) -> list[bytes]:
    """Return the elements inside one of a certain kind."""
    inner = _content(data)
    if inner is None or data[0] != kind:
        return []
    found, at = [], 0
    while at < len(inner):
        start, stop = content(np.frombuffer(inner, np.uint8), at, len(inner))
        if start < 0 or stop > len(inner):
            break
        found.append(inner[at:stop])
        at = stop
    return found


def _oid(data: bytes) -> str:
    numbers, value = [], 0
    for byte in data:
        value = value << 7 | byte & 127
        if byte < 128:
            numbers.append(value)
            value = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _value(data: bytes, *, known: bool) -> str:
    inner = _content(data)
    encoding = _ENCODINGS.get(data[0]) if data else None
    if inner is None or encoding is None or not known:
        return "#" + data.hex().upper()
    text = inner.decode(encoding, "replace")
    escaped = "".join(_escaped(letter) for letter in text)
    if text[:1] in {" ", "#"}:
        escaped = "\\" + escaped
    if len(text) > 1 and text.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    return escaped


def _escaped(letter: str) -> str:
    if letter in ',+"\\<>;':
        return "\\" + letter
    if " " <= letter <= "~":
        return letter
    return "".join(f"\\{byte:02X}" for byte in letter.encode("utf-8", "replace"))
