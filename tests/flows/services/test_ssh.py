import pytest

from payloads import found_by, survives_anything

YES = [(b"SSH-2.0-OpenSSH_9.6\r\n", 3), (b"SSH-1.99-x", 3)]
NO = [b"SSH", b"SSH-3.0", b"ssh-2.0-x"]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("ssh", payload, proto=6, port=22) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("ssh", payload, proto=6, port=22) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("ssh", YES[0][0], proto=17, port=22) == 0


def test_any_bytes_survive() -> None:
    survives_anything("ssh", [payload for payload, _ in YES], proto=6, port=22)
