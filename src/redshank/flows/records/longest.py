r"""Texts of records, cut where our own sensor cuts them.

In: a FLOW column of text as another tool, or an archive of ours, has it. Out: the same, no text longer than the sensor
would have read it from the wire. The one idea: whoever is on the wire chooses these texts, and what holds flows later
(queues, alerts, the store) holds them as they are. A byte that is written as \xNN counts as the one that it was, so
that what the sensor wrote stays as it is.
"""

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.services import dns, http, mqtt

LONGEST = http.LONGEST | mqtt.LONGEST | dict.fromkeys(("ssl_subject", "ssl_issuer", "service", "weird_addl"), 1_024)
"""By FLOW column, bytes. Names of certificates are at most 512 in a certificate, and longer as text."""
OTHERS = dns.ROOM
"""Bytes of all others: what a domain name takes."""


def cut(name: str, texts: pa.StringArray) -> tuple[pa.StringArray, int]:
    r"""Cut the texts of a FLOW column, and tell how many of them were too long.

    Example:
        >>> texts, cuts = cut("http_method", pa.array(["GET", "A" * 30, r"\x00" * 30, None]))
        >>> [text and len(text) for text in texts.to_pylist()], cuts
        ([3, 20, 80, None], 2)
    """
    longest = LONGEST.get(name, OTHERS)
    long = pc.fill_null(pc.greater(pc.binary_length(texts), longest), fill_value=False)
    if not pc.any(long, min_count=0).as_py():
        return texts, 0
    before = texts.filter(long).to_pylist()
    after = [_cut(text, longest) for text in before]
    cuts = sum(one != other for one, other in zip(before, after, strict=True))
    return pc.replace_with_mask(texts, long, pa.array(after, pa.string())), cuts


def _cut(text: str, longest: int) -> str:
    found = _beginning(longest).match(text.encode())
    assert found is not None  # nothing is a beginning too
    return found[0].decode("utf-8", "backslashreplace")


@cache
def _beginning(longest: int) -> re.Pattern[bytes]:
    return re.compile(rb"(?s:\\x[0-9a-f]{2}|.){0,%d}" % longest)
