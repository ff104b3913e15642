import pytest

from payloads import found_by, survives_anything

YES = [
    (bytes.fromhex("101600044d5154540402003c"), 1),
    (bytes.fromhex("10140006") + b"MQIsdp\x03", 1),
    (bytes.fromhex("20020000"), 2),
]
NO = [
    bytes.fromhex("10ffffffffff"),
    bytes.fromhex("1016"),
    bytes.fromhex("30020000"),
    bytes.fromhex("1016") + b"\x00\x04HTTP",
]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("mqtt", payload, proto=6, port=1883) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("mqtt", payload, proto=6, port=1883) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("mqtt", YES[0][0], proto=17, port=1883) == 0


def test_any_bytes_survive() -> None:
    survives_anything("mqtt", [payload for payload, _ in YES], proto=6, port=1883)
