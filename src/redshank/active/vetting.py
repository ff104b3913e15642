"""Which labels of a store count: who is believed, what waits for somebody else, and what is in doubt.

In: what a store has been told, and canary questions: flows whose family is known, and whose answers tell how far to
believe who gave them. Out: what is left to measure on, what of it is not trained on, and which questions are to be
asked again. The one idea: nobody is shut out. What one person alone said waits until another says something, if that
person misses canaries, or says more at once than one may; and where only one person answers, nothing waits, because
nobody could end it. So a store with one honest analyst loses nothing but labels that all others speak against.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from redshank.active.agreement import agreed
from redshank.active.canaries import judged
from redshank.active.doubt import DOUBTFUL
from redshank.active.guard import BELIEVED, trust, within
from redshank.active.recheck import label_doubts
from redshank.active.told import Told
from redshank.store.question import Question

JUDGED = 10
"""Canary questions that somebody must have answered to be judged by them: one slip in ten is forgiven, two are not."""
ALONE = 1000
"""New labels that may rest on the word of one person, where several answer."""


@dataclass(frozen=True)
class Vetted:
    """What counts.

    Args:
        told: Without canary questions, and without labels that wait.
        doubted: Questions whose labels are not trained on.
        again: Questions to ask again: those that wait first, then those in doubt, the most doubtful first.
        notes: What a reader must know, one line each.
    """

    told: Told
    doubted: frozenset[str]
    again: tuple[Question, ...]
    notes: tuple[str, ...]


def vet(
    told: Told,
    canaries: Mapping[str, str],
    *,
    used: Collection[str] = (),
    alone: int = ALONE,
    method: str = "majority",
    seed: int = 0,
) -> Vetted:
    """Say which labels count.

    Args:
        told: Questions and labels.
        canaries: The family of canary questions, by id; see `canaries.canary_families`.
        used: Questions whose labels the champion was trained on: they are not new.
        alone: New labels that may rest on the word of one person, where several answer; 0 or more.
        method: As of `told.told`.
        seed: Of the search for doubtful labels.
    """
    people = {label.annotator for labels in told.labels for label in labels}
    notes, unbelieved = [], set()
    for who, right, asked in judged(told, canaries):
        if asked >= JUDGED and trust(right, asked) < BELIEVED:
            waits = f"what {who} alone says waits for somebody else" if len(people) > 1 else "nobody else answers"
            notes.append(f"{who}: {right} of {asked} canary questions right; {waits}")
            unbelieved |= {who} if len(people) > 1 else set()
    left = _of(told, [at for at, question in enumerate(told.questions) if question.id not in canaries])
    heard = _heard(left, unbelieved, method)
    heard, beyond = _within(heard, used, alone if len(people) > 1 else len(heard.questions))
    notes += [
        f"{who}: {count} labels beyond the {alone:,} new ones that may rest on one word wait for somebody else"
        for who, count in sorted(beyond.items())
    ]
    waiting = [left.questions[row] for row in left.labelled.tolist() if not heard.family[row]]
    rows, doubts = heard.labelled, label_doubts(heard, seed)
    doubtful = [
        heard.questions[rows[at]] for at in np.argsort(-doubts, kind="stable").tolist() if doubts[at] >= DOUBTFUL
    ]
    if doubtful:
        notes.append(f"{len(doubtful)} labels that others speak against are not trained on until somebody looks again")
    return Vetted(heard, frozenset(one.id for one in doubtful), (*waiting, *doubtful), tuple(notes))


def _of(told: Told, rows: list[int]) -> Told:
    """Return some of the questions."""
    at = np.array(rows, dtype=np.int64)
    return Told(
        tuple(told.questions[row] for row in rows),
        told.x[at],
        tuple(told.family[row] for row in rows),
        told.share[at],
        tuple(told.labels[row] for row in rows),
        told.lost,
    )


def _heard(told: Told, without: Collection[str], method: str) -> Told:
    """Return labels again, from the words of all but some people."""
    if not without:
        return told
    labels = tuple(tuple(label for label in given if label.annotator not in without) for given in told.labels)
    said = {
        question.id: {label.annotator: label for label in given}
        for question, given in zip(told.questions, labels, strict=True)
    }
    decided = agreed(said, method)
    families, shares = zip(*(decided.get(question.id, ("", 0.0)) for question in told.questions), strict=True)
    return replace(told, family=families, share=np.array(shares, dtype=np.float32), labels=labels)


def _within(told: Told, used: Collection[str], alone: int) -> tuple[Told, dict[str, int]]:
    """Take back new labels that rest on one word, beyond what one person may give; count them by person."""
    found = []
    for row in told.labelled.tolist():
        said = [label for label in told.labels[row] if label.family == told.family[row]]
        if len(said) == 1 and told.questions[row].id not in used:
            found.append((said[0].given_at_s, row, said[0].annotator))
    found.sort()
    source = np.unique([who for _, _, who in found], return_inverse=True)[1].astype(np.int64)
    beyond = [one for one, fits in zip(found, within(source, alone).tolist(), strict=True) if not fits]
    gone = {row for _, row, _ in beyond}
    family = tuple("" if row in gone else family for row, family in enumerate(told.family))
    counts: dict[str, int] = {}
    for _, _, who in beyond:
        counts[who] = counts.get(who, 0) + 1
    return replace(told, family=family), counts
