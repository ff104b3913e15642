from typing import Any

import pytest

from payloads import fields_of, speaks, survives_anything

NAME = b"\x03WWW\x07Example\x03com\x00"
QUERY = bytes.fromhex("abcd01000001000000000000") + NAME + b"\x00\x01\x00\x01"
ANSWER = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\x7f\x00\x00\x01"
RESPONSE = bytes.fromhex("abcd85800001000100000000") + NAME + b"\x00\x01\x00\x01" + ANSWER
NOTHING = bytes.fromhex("abcd81830001000000000000") + NAME + b"\x00\x01\x00\x01"
# The announcement of a host in multicast DNS, without a question: RFC 6762, section 8.3.
ANNOUNCED = bytes.fromhex("000084000000000100000000") + b"\x05Lampe\x05local\x00" + ANSWER[2:]
# RFC 1001, section 14.1: each half of a byte is a letter from A on; the last byte is the kind of the name.
LETTERS = b"".join(bytes([65 + (byte >> 4), 65 + (byte & 15)]) for byte in b"PRINT-1        \x20")
NETBIOS = bytes.fromhex("000101100001000000000000") + b"\x20" + LETTERS + b"\x00\x00\x20\x00\x01"

YES = [(QUERY, b""), (b"", RESPONSE), (b"", bytes.fromhex("abcd84000000000000000000")), (QUERY, RESPONSE)]
NO = [
    bytes(11),
    bytes.fromhex("abcd01000001000000000000ff"),
    bytes.fromhex("abcd010000010000000000003f") + b"a" * 20,
    bytes.fromhex("abcd0100ffff000000000000"),
    bytes.fromhex("abcd01000000000000000000"),
    QUERY[:-1],
    bytes.fromhex("abcd1900") + QUERY[4:],
    bytes.fromhex("abcd0100001a000000000000") + 26 * b"\x00\x00\x01\x00\x01",
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return QUERY, RESPONSE, 17, 53


def over_tcp(message: bytes) -> bytes:
    return len(message).to_bytes(2) + message


@pytest.mark.parametrize("port", [53, 137, 5353, 5355, 10053])
@pytest.mark.parametrize(("client", "server"), [(QUERY, b""), (b"", RESPONSE), (QUERY, RESPONSE)])
def test_a_question_or_an_answer_is_recognized_on_any_port(client: bytes, server: bytes, port: int) -> None:
    assert speaks("dns", client, server, proto=17, port=port)
    assert speaks("dns", *(over_tcp(side) if side else b"" for side in (client, server)), proto=6, port=port)


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert not speaks("dns", payload, proto=17, port=53)
    assert not speaks("dns", b"", payload, proto=17, port=53)


@pytest.mark.parametrize(
    "payload",
    [
        RESPONSE,  # no client says so first
        QUERY[:-1] + b"\x03",
        bytes.fromhex("abcd0140") + QUERY[4:],
        bytes.fromhex("abcd2800") + QUERY[4:],
        ANNOUNCED,
    ],
)
def test_elsewhere_only_one_plain_question_is_believed(payload: bytes) -> None:
    assert speaks("dns", payload, proto=17, port=53)
    assert not speaks("dns", payload, proto=17, port=9999)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("dns", QUERY, proto=6, port=53)


def test_any_bytes_survive() -> None:
    survives_anything("dns", [*YES, (NETBIOS, b""), (ANNOUNCED, ANNOUNCED)], proto=17, port=53)


ASKED = {"dns_query": "www.example.com", "dns_qtype": 1, "dns_qclass": 1, "dns_RD": True}
FLAGS = {"dns_AA": False, "dns_RD": False, "dns_RA": False, "dns_rejected": False}


@pytest.mark.parametrize(
    ("client", "server", "fields"),
    [
        (QUERY, b"", {**FLAGS, **ASKED}),
        (QUERY, RESPONSE, {**FLAGS, **ASKED, "dns_rcode": 0, "dns_AA": True, "dns_RA": True}),
        (QUERY, NOTHING, {**FLAGS, **ASKED, "dns_rcode": 3, "dns_rejected": True}),
        (QUERY, b"\xff" + RESPONSE[1:], {**FLAGS, **ASKED}),  # the answer to another question
        (b"", RESPONSE, {**FLAGS, "dns_query": "www.example.com", "dns_rcode": 0, "dns_AA": True, "dns_RA": True}),
        (b"", bytes.fromhex("abcd81820000000000000000"), {**FLAGS, "dns_rcode": 2, "dns_rejected": True}),
        (bytes.fromhex("abcd2800") + QUERY[4:], b"", {}),  # an update: Zeek's log does not follow it
        (QUERY[:12] + b"\x00" + QUERY[-4:], b"", {**FLAGS, **ASKED, "dns_query": ""}),
        (QUERY[:12] + b"\x02a\xff\x00" + QUERY[-4:], b"", {**FLAGS, **ASKED, "dns_query": r"a\xff"}),
    ],
)
def test_query_and_response_are_read(client: bytes, server: bytes, fields: dict[str, Any]) -> None:
    assert fields_of("dns", client, server, proto=17, port=53) == fields
    if client:
        assert fields_of("dns", over_tcp(client), over_tcp(server), proto=6, port=53) == fields


def test_an_announcement_names_itself() -> None:
    fields = fields_of("dns", ANNOUNCED, proto=17, port=5353)
    assert fields == {**FLAGS, "dns_query": "lampe.local", "dns_rcode": 0, "dns_AA": True}


def test_names_of_netbios_are_decoded_up_to_the_first_blank() -> None:
    assert fields_of("dns", NETBIOS, proto=17, port=137)["dns_query"] == "PRINT-1"
    assert fields_of("dns", NETBIOS, proto=17, port=53)["dns_query"].startswith("fafcejeo")


def test_a_pointer_in_a_query_is_followed_backward_only() -> None:
    back = bytes.fromhex("abcd01000002000000000000") + NAME + b"\x00\x01\x00\x01\x03ftp\xc0\x10\x00\x01\x00\x01"
    assert fields_of("dns", back, proto=17, port=53)["dns_query"] == "www.example.com"
    loop = bytes.fromhex("abcd01000001000000000000") + b"\x01a\xc0\x0c\x00\x01\x00\x01"
    assert fields_of("dns", loop, proto=17, port=53)["dns_query"].startswith("a.a.a.a")
    ahead = bytes.fromhex("abcd01000001000000000000") + b"\x01a\xc0\x3f\x00\x01\x00\x01"
    assert fields_of("dns", ahead, proto=17, port=53)["dns_query"] == "a"


def test_a_name_without_end_is_cut() -> None:
    long = bytes.fromhex("abcd01000001000000000000") + b"\x3f" + b"x" * 63
    long += (b"\x3f" + b"y" * 63) * 8 + b"\x00\x00\x01\x00\x01"
    assert fields_of("dns", long, proto=17, port=53)["dns_query"] == ".".join(["x" * 63, *["y" * 63] * 3])
