import pytest

from payloads import found_by, survives_anything

YES = [(bytes([0x23]) + bytes(47), 1), (bytes([0x24, 2]) + bytes(46), 2), (bytes([0x16]) + bytes(11), 3)]
NO = [bytes([0x23]) + bytes(46), bytes([0x3B]) + bytes(47), bytes([0x20]) + bytes(47), bytes([0x24, 200]) + bytes(46)]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("ntp", payload, proto=17, port=123) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("ntp", payload, proto=17, port=123) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("ntp", YES[0][0], proto=6, port=123) == 0


def test_any_bytes_survive() -> None:
    survives_anything("ntp", [payload for payload, _ in YES], proto=17, port=123)
