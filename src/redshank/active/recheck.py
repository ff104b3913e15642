"""Labels of a store that may be wrong: found, and their flows asked about once more.

In: what a store has been told. Out: how probably each label is wrong, and questions that are open again. The one idea:
a model only points, people decide. Who is asked again hears that an answer is in doubt, not what anybody takes the flow
for, and whoever did not give the answer is asked first. What people say then stands: a question is doubted once, and a
label that two people agree on never.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from redshank.active.agreement import confirmed
from redshank.active.doubt import doubtful
from redshank.active.told import Told, classes
from redshank.core.records import UNSURE, Label
from redshank.learn.model import Floats
from redshank.store.question import Question
from redshank.store.queue import Queue

WHY = "an earlier answer is in doubt: what was it?"


def label_doubts(told: Told, seed: int = 0) -> Floats:
    """Say how probably each label is wrong; 0 if people stand by it.

    Args:
        told: Questions and labels.
        seed: Of the forest that looks; see `doubtful`.

    Shape:
        returns: [m] float32, 0 to 1; m = len(told.labelled).
    """
    rows = told.labelled
    families = [told.family[row] for row in rows.tolist()]
    names = sorted(set(families))
    doubts = doubtful(told.x[rows], classes(families, names), len(names), seed)
    sure = np.array([_stands(told.questions[row], told.labels[row]) for row in rows.tolist()], dtype=np.bool_)
    return np.where(sure, np.float32(0), doubts)


def ask_again(queue: Queue, questions: Sequence[Question], count: int, now_s: float) -> list[Question]:
    """Open questions again.

    Args:
        queue: The store.
        questions: Those whose labels are in doubt, the most doubtful first; see `vetting.vet`.
        count: How many at most.
        now_s: The time, s since the epoch.

    Returns:
        The questions that are asked again; one that was asked again before is not among them.
    """
    again = [question for question in questions if question.doubted_at_s is None][:count]
    queue.doubt([question.id for question in again], now_s, WHY)
    return [replace(question, doubted_at_s=now_s, why=WHY) for question in again]


def _stands(question: Question, labels: tuple[Label, ...]) -> bool:
    """Tell whether people stand by a label: two of them agree, or somebody looked at it again."""
    sure = [label for label in labels if label.family != UNSURE]
    again = question.doubted_at_s
    return confirmed([label.family for label in sure]) or (
        again is not None and any(label.given_at_s > again for label in sure)
    )
