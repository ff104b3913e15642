import pytest

from payloads import Flow, speaks, survives_anything

IDS = bytes.fromhex("088394c8f03e515708" + "00")
# RFC 9001, appendix A.2: the head of the client's first packet, padded to 1,200 bytes.
INITIAL = bytes.fromhex("c000000001") + IDS + bytes.fromhex("00449e") + bytes(1182)
INITIAL_2 = bytes.fromhex("d36b3343cf") + IDS + bytes.fromhex("00449e") + bytes(1182)
# RFC 9001, appendix A.3: the head of the server's.
ANSWER = bytes.fromhex("c1000000010008f067a5502a4262b50040750001") + bytes(117)
NEGOTIATION = bytes.fromhex("8000000000") + IDS + bytes.fromhex("000000016b3343cf")
YES: list[Flow] = [
    (INITIAL, b""),
    (INITIAL, ANSWER),
    (INITIAL_2, b""),
    (b"", ANSWER),
    (b"", NEGOTIATION),
    (bytes.fromhex("d000000001") + INITIAL[5:], b""),  # 0-RTT
    (bytes.fromhex("c0ff00001d") + INITIAL[5:], b""),
]
NO: list[Flow] = [
    (b"", b""),
    (bytes.fromhex("c000000001") + bytes.fromhex("0401020304") + INITIAL[14:], b""),  # too short an id for a client
    (bytes.fromhex("8000000001") + INITIAL[5:], b""),
    (bytes.fromhex("f000000001") + INITIAL[5:], b""),  # only servers ask for a retry
    (bytes.fromhex("c000000002") + INITIAL[5:], b""),
    (INITIAL[:20], b""),
    (b"\xffnothing of the kind", ANSWER),
    (b"", NEGOTIATION[:-1]),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return INITIAL, ANSWER, 17, 443


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("quic", client, server, proto=17, port=8443)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("quic", client, server, proto=17, port=443)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("quic", *YES[0], proto=6, port=443)


def test_any_bytes_survive() -> None:
    survives_anything("quic", YES, proto=17, port=443)
