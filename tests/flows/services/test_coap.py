import pytest

from payloads import found_by, survives_anything

YES = [(bytes.fromhex("40010001") + b"\xb4temp", 1), (bytes.fromhex("60450001ff31"), 2), (bytes.fromhex("40000001"), 3)]
NO = [bytes.fromhex("8001"), bytes.fromhex("4f010001"), bytes.fromhex("40e10001"), bytes.fromhex("44010001")]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("coap", payload, proto=17, port=5683) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("coap", payload, proto=17, port=5683) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("coap", YES[0][0], proto=6, port=5683) == 0


def test_any_bytes_survive() -> None:
    survives_anything("coap", [payload for payload, _ in YES], proto=17, port=5683)
