from hypothesis import given
from hypothesis import strategies as st

from redshank.data.spelling import canonical


def test_padding_case_and_words_for_yes_do_not_count() -> None:
    assert canonical(["on", " on", "OFF", "off "]) == ["true", "true", "false", "false"]
    assert canonical(["true  ", "false  ", "1", "0", "-"]) == ["true", "false", "true", "false", "-"]
    assert canonical(["1", "2", "2.0", "0x10"]) == ["1", "2", "2", "0x10"]
    assert canonical(["no", "maybe"]) == ["no", "maybe"]
    assert canonical(["1e400", "infinity", "nan"]) == ["1e400", "infinity", "nan"]


def test_case_that_means_something_stays() -> None:
    assert canonical(["D", "d", "ShAdDaF"]) == ["D", "d", "ShAdDaF"]
    assert canonical(["wpad", "WPAD", "Wpad"]) == ["wpad"] * 3


@given(st.lists(st.text(max_size=8), max_size=8))
def test_a_canonical_text_is_its_own(texts: list[str]) -> None:
    once = canonical(texts)
    assert canonical(once) == once
    assert len(once) == len(texts)
