from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.protocols import coap

SEGMENTS = st.lists(st.text(st.characters(codec="ascii"), min_size=1, max_size=40), max_size=4).map(tuple)


def test_the_get_of_rfc_7252_figure_16_is_encoded_as_printed() -> None:
    assert coap.encode(coap.Message(coap.CON, coap.GET, 0x7D34, path=("temperature",))).hex() == (
        "40017d34" "bb" + b"temperature".hex()
    )  # fmt: skip


def test_the_answer_of_rfc_7252_figure_16_is_decoded() -> None:
    assert coap.decode(bytes.fromhex("60457d34ff") + b"22.3 C") == coap.Message(
        coap.ACK, coap.CONTENT, 0x7D34, payload=b"22.3 C"
    )


@given(st.integers(0, 3), st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=8), SEGMENTS, st.binary())
def test_what_is_encoded_is_decoded(
    kind: int, code: int, ident: int, token: bytes, path: tuple[str, ...], payload: bytes
) -> None:
    message = coap.Message(kind, code, ident, token, path, payload)
    assert coap.decode(coap.encode(message)) == message


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(data: bytes) -> None:
    message = coap.decode(data)
    assert message is None or len(message.payload) <= len(data)


def test_malformed_messages_give_none() -> None:
    good = coap.encode(coap.Message(coap.CON, coap.GET, 1, b"ab", ("x",)))
    cases = {
        "short": good[:3],
        "version 2": bytes((good[0] | 0x80,)) + good[1:],
        "token of 9 bytes": b"\x49" + good[1:],
        "token cut": b"\x42\x01\x00\x01a",
        "option cut": good[:-1],
        "reserved delta": good[:6] + b"\xf1x",
        "marker without payload": good + b"\xff",
    }
    assert {name: coap.decode(data) for name, data in cases.items()} == dict.fromkeys(cases)


def test_other_options_are_stepped_over() -> None:
    # Uri-Host (3) of 3 bytes, then Uri-Path (11 = 3 + 8) "t".
    found = coap.decode(bytes.fromhex("40010001") + b"\x33abc\x81t")
    assert found is not None
    assert found.path == ("t",)
