"""Which flows that people judged are most like another one, told with numpy alone.

In: a store and a question. Out: the questions that were answered, the most like it first. The one idea: distances are
Gower's (`features/gower.py`). Nothing is fitted before, so it serves where `active/embedding.py` cannot: in a console,
in a terminal.
"""

from functools import lru_cache

import numpy as np

from redshank.features.feature_set import FEATURE_SETS, FeatureSet
from redshank.features.gower import Gower
from redshank.store.answered import Rows
from redshank.store.question import Question
from redshank.store.queue import Queue


def nearest(queue: Queue, question: Question) -> list[str]:
    """Return the questions that were answered last and have the same features, the most like one first.

    Whether an answer stands is not looked at.

    Args:
        queue: The store.
        question: What they are compared with; it is not among them.
    """
    rows = queue.answered(question)
    if not rows.ids:
        return []
    x, found = question.values, _feature_set(question.feature_set)
    if found is not None and found.fingerprint() != question.fingerprint:
        found = None
    if found is not None and found.remembers:  # the last step is the flow itself
        x = x[-len(found.columns) :]
    (apart,) = _placed(rows, found).distances(x[np.newaxis])
    order = np.argsort(apart, kind="stable")
    return [rows.ids[at] for at in order.tolist() if rows.ids[at] != question.id]


@lru_cache(maxsize=4)
def _placed(rows: Rows, found: type[FeatureSet] | None) -> Gower:
    """Place those that were answered last; they are the same until another one is answered."""
    others, categories = rows.values, np.zeros(rows.values.shape[1], dtype=np.bool_)
    if found is not None:
        if found.remembers:
            others = others[:, -len(found.columns) :]
        categories = np.tile([column.codes > 0 for column in found.columns], others.shape[1] // len(found.columns))
    return Gower(others, categories)


@lru_cache(maxsize=8)
def _feature_set(name: str) -> type[FeatureSet] | None:
    """Return what a name stands for; None if this installation has no such feature set."""
    return FEATURE_SETS.find(name) if name in FEATURE_SETS.names() else None
