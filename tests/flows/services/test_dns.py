import pytest

from payloads import found_by, survives_anything

YES = [
    (bytes.fromhex("abcd01000001000000000000") + b"\x03www\x00\x00\x01\x00\x01", 1),
    (bytes.fromhex("abcd81800001000100000000") + b"\x03www\x00\x00\x01\x00\x01", 2),
    (bytes.fromhex("abcd84000000000000000000"), 2),
]
NO = [
    bytes(11),
    bytes.fromhex("abcd01000001000000000000ff"),
    bytes.fromhex("abcd010000010000000000003f") + b"a" * 20,
    bytes.fromhex("abcd0100ffff000000000000"),
]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("dns", payload, proto=17, port=53) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("dns", payload, proto=17, port=53) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("dns", YES[0][0], proto=6, port=53) == 0


def test_any_bytes_survive() -> None:
    survives_anything("dns", [payload for payload, _ in YES], proto=17, port=53)
