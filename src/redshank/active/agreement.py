"""Several people's answers to the same questions: one label each, and how far the people agree.

In: each annotator's word on each question. Out: the family of each question with the share that it rests on, how good
each annotator seems to be, and how much they agree beyond chance. The one idea: who is often alone against the others
counts for less, and for each family apart: nobody needs to know the truth for that. "unsure" is no answer.
Source: Dawid and Skene, Applied Statistics 28, 1979 (expectation maximization); Krippendorff, "Computing Krippendorff's
Alpha-Reliability", 2011 (nominal data, missing answers allowed).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from redshank.core.errors import ConfigError
from redshank.core.records import UNSURE, Label
from redshank.core.registry import alternatives

T = TypeVar("T")

Doubles = npt.NDArray[np.float64]
SILENT = -1
"""No answer, or an unsure one."""
SMOOTHING = 0.01
"""Answers that everybody is taken to have given to every family, so that one look makes nobody infallible."""
ROUNDS = 100
TOLERANCE = 1e-6
METHODS = ("majority", "dawid_skene")


@dataclass(frozen=True)
class Answers:
    """Who said what.

    Args:
        questions, annotators, families: Names of rows, columns and classes.
        given: Class by question and annotator, or `SILENT`. [n, a] int64
    """

    questions: tuple[str, ...]
    annotators: tuple[str, ...]
    families: tuple[str, ...]
    given: npt.NDArray[np.int64]

    @classmethod
    def of(cls, words: Mapping[str, Mapping[str, Label]]) -> "Answers":
        """Put words into a table; a question without any sure word is left out.

        Args:
            words: By question, each annotator's word; see `store/history.py`.
        """
        sure = {
            question: {who: label.family for who, label in given.items() if label.family not in (None, UNSURE)}
            for question, given in words.items()
        }
        sure = {question: given for question, given in sure.items() if given}
        people = sorted({who for given in sure.values() for who in given})
        families = sorted({family for given in sure.values() for family in given.values() if family})
        table = np.full((len(sure), len(people)), SILENT, dtype=np.int64)
        for row, given in enumerate(sure.values()):
            for who, family in given.items():
                table[row, people.index(who)] = families.index(family or "")
        return cls(tuple(sure), tuple(people), tuple(families), table)


@dataclass(frozen=True)
class Estimate:
    """What answers say together.

    Args:
        posterior: Probability of each class. [n, k] float64
        confusion: How probably an annotator calls a class another; rows are the truth. [a, k, k] float64
        prior: How frequent classes are. [k] float64
    """

    posterior: Doubles
    confusion: Doubles
    prior: Doubles


def majority(given: Sequence[T]) -> T:
    """Return the most frequent answer, the latest among equals.

    Args:
        given: Sure answers, the oldest first; at least one.

    Example:
        >>> majority(["dos", "scanning", "dos"]), majority(["dos", "scanning"])
        ('dos', 'scanning')
    """
    return max(reversed(given), key=given.count)


def confirmed(given: Sequence[object]) -> bool:
    """Return whether two answers agree, and more than disagree with them.

    Args:
        given: Sure answers.

    Example:
        >>> confirmed(["dos"]), confirmed(["dos", "dos", "benign"]), confirmed(["dos", "dos", "benign", "xss"])
        (False, True, False)
    """
    most = max(map(given.count, given), default=0)
    return most > 1 and 2 * most > len(given)


def agreed(words: Mapping[str, Mapping[str, Label]], method: str = "majority") -> dict[str, tuple[str, float]]:
    """Return the family of each question that has a sure word, and the share or probability that speaks for it.

    Args:
        words: By question, each annotator's word.
        method: One of METHODS.

    Raises:
        ConfigError: If there is no such method.
    """
    if method not in METHODS:
        raise ConfigError(f"method: no '{method}'; {alternatives(method, METHODS)}")
    if method == "dawid_skene":
        answers = Answers.of(words)
        found = dawid_skene(answers.given, len(answers.families)).posterior
        return {
            question: (answers.families[int(row.argmax())], float(row.max()))
            for question, row in zip(answers.questions, found, strict=True)
        }
    labels = {}
    for question, given in words.items():
        newest_last = sorted(given.values(), key=lambda label: label.given_at_s)
        sure = [label.family for label in newest_last if label.family is not None and label.family != UNSURE]
        if sure:
            family = majority(sure)
            labels[question] = (family, sure.count(family) / len(sure))
    return labels


def dawid_skene(
    given: npt.NDArray[np.int64], n_classes: int, *, rounds: int = ROUNDS, smoothing: float = SMOOTHING
) -> Estimate:
    """Estimate what is true, and what each annotator's answers are worth.

    Args:
        given: Class by question and annotator, or `SILENT`; every row has an answer.
        n_classes: Number of classes.
        rounds: Rounds of expectation maximization at most.
        smoothing: See `SMOOTHING`.

    Shape:
        given: [n, a] int64.
    """
    said = (given[:, :, None] == np.arange(n_classes)).astype(np.float64)  # [n, a, k]
    posterior = said.sum(axis=1) / np.maximum(said.sum(axis=(1, 2)), 1)[:, None]
    prior, confusion = np.zeros(n_classes), np.zeros((given.shape[1], n_classes, n_classes))
    for _ in range(rounds):
        prior = posterior.mean(axis=0) if len(posterior) else prior
        counts = np.einsum("nt,nal->atl", posterior, said) + smoothing
        confusion = counts / np.maximum(counts.sum(axis=2, keepdims=True), np.finfo(float).tiny)
        with np.errstate(divide="ignore"):
            logs = np.log(confusion)
            # A class that was said never, of an annotator who never said it: 0 times minus infinity is 0.
            weight = np.log(prior) + np.einsum("nal,atl->nt", said, np.where(np.isinf(logs), -1e9, logs))
        likelihood = np.exp(weight - weight.max(axis=1, keepdims=True, initial=-np.inf))
        before, posterior = posterior, likelihood / likelihood.sum(axis=1, keepdims=True)
        if np.abs(posterior - before).max(initial=0.0) < TOLERANCE:
            break
    return Estimate(posterior, confusion, prior)


def alpha(given: npt.NDArray[np.int64]) -> float | None:
    """Return Krippendorff's alpha: 1 is full agreement, 0 what chance gives; None if nothing can disagree.

    Shape:
        given: [n, a] int64, `SILENT` where nobody answered.
    """
    classes = np.unique(given[given != SILENT])
    counts = np.stack([(given == one).sum(axis=1) for one in classes], axis=1) if len(classes) else np.zeros((0, 0))
    counts = counts[counts.sum(axis=1) >= 2].astype(np.float64)  # [units, k]
    each = counts.sum(axis=1)
    total, of_class = float(counts.sum()), counts.sum(axis=0)
    expected = (total**2 - float((of_class**2).sum())) / (total * (total - 1)) if total else 0.0
    if not expected:
        return None
    observed = float(((each**2 - (counts**2).sum(axis=1)) / (each - 1)).sum()) / total
    return 1.0 - observed / expected


def pairs(answers: Answers) -> list[tuple[str, str, int, int]]:
    """Return, of each pair of annotators who answered a question both: how many such questions, and how often alike."""
    found = []
    for one, other in itertools.combinations(range(len(answers.annotators)), 2):
        a, b = answers.given[:, one], answers.given[:, other]
        both = (a != SILENT) & (b != SILENT)
        if both.any():
            found.append(
                (answers.annotators[one], answers.annotators[other], int(both.sum()), int((a == b)[both].sum()))
            )
    return found


def worth(answers: Answers) -> list[tuple[str, int, float | None]]:
    """Return, of each annotator, how many sure answers were given, and what share of them is probably right.

    Only answers to questions that somebody else answered too tell; None if there is none.
    """
    posterior = dawid_skene(answers.given, len(answers.families)).posterior
    several = (answers.given != SILENT).sum(axis=1) > 1
    found: list[tuple[str, int, float | None]] = []
    for column, who in enumerate(answers.annotators):
        given = answers.given[:, column]
        rows = np.flatnonzero((given != SILENT) & several)
        share = float(posterior[rows, given[rows]].mean()) if len(rows) else None
        found.append((who, int((given != SILENT).sum()), share))
    return found
