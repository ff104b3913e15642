"""What further answers promise, and whether they pay: the words in which that is told.

In: points of macro-F1 that answers are expected to bring, what an answer costs and what a point is worth. Out: plain
values for a person. `active/stopping.py` finds the points; here is nothing that needs a model, so that a page can say
it too.
"""

from dataclasses import dataclass

Promise = dict[str, str | int | float]
"""What answers promise, as plain values: `answers`, `points_of_macro_f1`, `at_least`, `at_most`, `in_words`, `because`;
or why that is `unknown`."""


@dataclass(frozen=True)
class Gain:
    """What answers are expected to bring.

    Args:
        answers: How many.
        expected: Points of macro-F1, 0 to 100.
        low, high: In four of five cases it is between these.
    """

    answers: int
    expected: float
    low: float
    high: float

    def __str__(self) -> str:
        """Say it.

        Example:
            >>> print(Gain(100, 1.25, 0.2, 3.0))
            the next 100 answers: +1.2 points of macro-F1 (80 % interval +0.2 to +3.0)
        """
        ends = f"{self.low:+.1f} to {self.high:+.1f}"
        return f"the next {self.answers} answers: {self.expected:+.1f} points of macro-F1 (80 % interval {ends})"


@dataclass(frozen=True)
class Cost:
    """What a site pays, and gets.

    Args:
        answer: Cost of an answer, in minutes or any unit; 0 or more.
        point: Worth of a point of macro-F1, in the same unit; above 0.

    Raises:
        ValueError: If a number is out of range.
    """

    answer: float
    point: float

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if self.answer < 0:
            raise ValueError(f"answer: {self.answer} is not 0 or more")
        if self.point <= 0:
            raise ValueError(f"point: {self.point} is not above 0")

    def points(self, answers: int) -> float:
        """Return how many points answers must gain to be worth their cost.

        Example:
            >>> Cost(answer=0.5, point=60).points(120)
            1.0
        """
        return answers * self.answer / self.point


@dataclass(frozen=True)
class Outlook:
    """What the next answers of a site promise.

    Args:
        gain: What to expect; None if it cannot be known.
        because: What that rests on, or why it cannot be known.
    """

    gain: Gain | None
    because: str

    def facts(self, cost: Cost | None) -> Promise:
        """Return it for a person, against what a site pays and gets, if that is told."""
        if self.gain is None:
            return {"unknown": self.because}
        found: Promise = {
            "answers": self.gain.answers,
            "points_of_macro_f1": self.gain.expected,
            "at_least": self.gain.low,
            "at_most": self.gain.high,
            "in_words": str(self.gain),
            "because": self.because,
        }
        return found if cost is None else weighed(found, cost)


def weighed(promise: Promise, cost: Cost) -> Promise:
    """Return a promise with what would pay, and whether it does; one that cannot be known stays as it is.

    Args:
        promise: As `Outlook.facts` gives it; it may have been written down meanwhile.
        cost: What a site pays and gets.

    Example:
        >>> weighed({"answers": 100, "points_of_macro_f1": 0.4}, Cost(answer=0.5, point=60))["advice"]
        'stop'
    """
    if "unknown" in promise:
        return promise
    worth = cost.points(int(promise["answers"]))
    advice = "stop" if float(promise["points_of_macro_f1"]) < worth else "ask on"
    return promise | {"points_that_pay": worth, "advice": advice}
