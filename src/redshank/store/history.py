"""What was said of a flow, and what of it holds.

In: the labels of one question, in the order in which they arrived, and the time. Out: each annotator's word. The rules:

- What was withdrawn never counts, whichever of the two arrived first. A withdrawal cannot be withdrawn: answer again.
- What was corrected does not count while its correction stands.
- Of what is left, an annotator's word is the newest by the time it was given, the last to arrive among equals. A late
  answer is an answer: it counts from when it was given, not from when it came.
- A word that has expired says nothing, and nothing older takes its place.

"unsure" is a word too, but no label.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from redshank.core.records import UNSURE, Label


def words(labels: Sequence[Label], now_s: float) -> dict[str, Label]:
    """Return each annotator's word on one question.

    Args:
        labels: All labels of the question, in the order of arrival.
        now_s: The time, s since the epoch.
    """
    withdrawn = {label.about for label in labels if label.family is None}
    stand = [label for label in labels if label.family is not None and label.id not in withdrawn]
    corrected = {label.about for label in stand}
    newest: dict[str, Label] = {}
    for label in stand:
        before = newest.get(label.annotator)
        if label.id not in corrected and (before is None or label.given_at_s >= before.given_at_s):
            newest[label.annotator] = label
    return {who: label for who, label in newest.items() if label.expires_at_s is None or now_s < label.expires_at_s}


def settled(given: Mapping[str, Label], wanted: int, doubted_at_s: float | None = None) -> bool:
    """Tell whether nobody else need be asked: enough sure words, and one family that most of them name.

    Args:
        given: Each annotator's word.
        wanted: How many sure words are enough; 0: nobody was ever to be asked.
        doubted_at_s: Since when what was said is in doubt: a sure word must be newer than that. None: it is not.
    """
    if not wanted and doubted_at_s is None:
        return True
    sure = [label for label in given.values() if label.family != UNSURE] if given else ()
    if not sure or len(sure) < wanted:
        return False
    if doubted_at_s is not None and not any(label.given_at_s > doubted_at_s for label in sure):
        return False
    counts = Counter(label.family for label in sure).most_common(2) if len(sure) > 1 else []
    return not (len(counts) == 2 and counts[0][1] == counts[1][1])


def by_question(labels: Iterable[Label]) -> dict[str, list[Label]]:
    """Sort labels by their question, in the order of arrival."""
    found: dict[str, list[Label]] = {}
    for label in labels:
        found.setdefault(label.question, []).append(label)
    return found
