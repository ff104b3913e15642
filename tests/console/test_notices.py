from redshank.console import notices
from redshank.console.notices import MOST_EACH, Notices


def test_a_sentence_is_said_once_and_to_nobody_else() -> None:
    waiting = Notices()
    waiting.put("s1", "done")
    assert (waiting.take("s2"), waiting.take("s1"), waiting.take("s1")) == ([], ["done"], [])


def test_what_nobody_fetches_is_bounded() -> None:
    waiting = Notices()
    for n in range(notices.MOST + 10):
        waiting.put(f"s{n}", "done")
    for n in range(MOST_EACH + 3):
        waiting.put("s-last", str(n))
    assert waiting.take("s0") == []
    assert waiting.take("s-last") == [str(n) for n in range(3, MOST_EACH + 3)]
