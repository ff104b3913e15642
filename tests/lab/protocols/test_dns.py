from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.protocols import dns

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)
NAMES = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
ADDRESSES = st.lists(st.ip_addresses().map(str), max_size=4).map(tuple)


def test_a_query_is_laid_out_as_in_rfc_1035_section_4() -> None:
    # By hand: identifier 7, recursion desired, one question; "hub.home" type AAAA class IN.
    expected = "0007010000010000000000000368756204686f6d6500001c0001"
    assert dns.encode(dns.Message(7, "hub.home", dns.AAAA)).hex() == expected  # fmt: skip


@given(st.integers(0, 65535), NAMES, st.sampled_from([dns.A, dns.AAAA]), ADDRESSES)
def test_what_is_encoded_is_decoded(ident: int, name: str, kind: int, answers: tuple[str, ...]) -> None:
    for message in (
        dns.Message(ident, name, kind),
        dns.Message(ident, name, kind, response=True, answers=answers),
        dns.Message(ident, name, kind, response=True, code=dns.NAME_ERROR),
    ):
        assert dns.decode(dns.encode(message)) == message


@given(st.binary(max_size=80))
def test_any_bytes_are_survived(data: bytes) -> None:
    found = dns.decode(data)
    assert found is None or len(found.name) < len(data)


@given(NAMES, st.integers(0, 100))
def test_a_cut_message_gives_none(name: str, cut: int) -> None:
    data = dns.encode(dns.Message(1, name, dns.A, response=True, answers=("10.0.0.1",)))
    assert dns.decode(data[: min(cut, len(data) - 1)]) is None


def test_more_than_one_question_gives_none() -> None:
    data = bytearray(dns.encode(dns.Message(1, "a.b", dns.A)))
    data[5] = 2
    assert dns.decode(bytes(data)) is None
