from redshank.core.described import described


class Bell:
    """Something that rings.

    Args:
        place: Where it hangs; a tower,
            or a door.
        low, high: Its tones: in Hz.

    Raises:
        ValueError: If it cannot ring.
    """


class Silent:
    """Says nothing of its arguments."""


def test_each_argument_has_its_words_however_they_are_broken() -> None:
    assert described(Bell) == {
        "place": "Where it hangs; a tower, or a door.",
        "low": "Its tones: in Hz.",
        "high": "Its tones: in Hz.",
    }


def test_what_is_not_said_is_left_out() -> None:
    assert described(Silent) == {}
