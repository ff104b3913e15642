"""One spelling per value: what differs only in blanks, case or the word for yes is the same.

In: distinct texts. Out: the canonical text of each. What a file's formatting gives away of the class is measured by how
much better a look-up of the written text is than one of these.
"""

from collections.abc import Sequence

MISSING = frozenset({"", "-", "?", "na", "n/a", "nan", "null", "none", "(empty)"})
"""How files write that there is no value, in canonical spelling."""

_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1", "1.0"), "true"),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0", "0.0"), "false"),
}


def canonical(texts: Sequence[str]) -> list[str]:
    """Return the canonical spelling of each text of a column.

    Blanks at the ends go, those inside become one, a number is written in one way; where all values are words for yes
    and no, they become "true" and "false". Case is folded unless it means something: where a value mixes it within a
    word, as Zeek's history does ("ShAdDaF"), the column keeps its case.

    Args:
        texts: The distinct values of one column.

    Example:
        >>> canonical(["high ", "high", "LOW"]), canonical(["true  ", "0", "1"]), canonical(["7", "7.0", "x"])
        (['high', 'high', 'low'], ['true', 'false', 'true'], ['7', '7', 'x'])
    """
    plain = [" ".join(text.split()) for text in texts]
    folded = [text.casefold() for text in plain]
    words = {text for text in folded if text not in MISSING}
    if words and words <= _WORDS.keys():
        return [_WORDS.get(text, text) for text in folded]
    mixed = any(text not in {text.lower(), text.upper(), text.title(), text.capitalize()} for text in plain)
    return [_number(text) for text in (plain if mixed else folded)]


def _number(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    return f"{value:.17g}" if abs(value) < 1e15 and text[:1] in "0123456789+-." else text
