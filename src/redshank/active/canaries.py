"""Canary questions: flows whose family is known, hidden among the others, that show how far to believe an answer.

In: labelled flows that somebody trusts. Out: some of them as questions, and how many of them each person answered
rightly. The one idea: the store does not know which questions they are, so whoever reads the store does not either;
the file that knows lies elsewhere, and a question's id is found again from the flow.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.active.told import Told
from redshank.core.records import UNSURE
from redshank.data.dataset import Labelled
from redshank.data.encoding import FlowEncoding
from redshank.learn.model import Floats
from redshank.store.question import flow_values, identity

ONE_IN = 10
"""Of so many questions one is a canary, where there are canaries."""


@dataclass(frozen=True)
class Asking:
    """Flows that become questions.

    Args:
        flows: Their values, the most useful first.
        x: Their raw features. [n, c] float32
        at_random: Whether chance alone drew them. [n] bool
    """

    flows: Sequence[Mapping[str, Any]]
    x: Floats
    at_random: npt.NDArray[np.bool_]

    def among(self, others: "Asking", seed: int) -> "Asking":
        """Return these and others, which stand anywhere; these keep their order.

        Args:
            others: As many as there are.
            seed: Of the places of the others.
        """
        many = len(self.flows) + len(others.flows)
        place = np.sort(np.random.default_rng(seed).permutation(many)[: len(others.flows)])
        order = np.empty(many, np.int64)
        theirs = np.isin(np.arange(many), place)
        order[~theirs], order[theirs] = np.arange(len(self.flows)), len(self.flows) + np.arange(len(others.flows))
        flows = [*self.flows, *others.flows]
        return Asking(
            [flows[at] for at in order.tolist()],
            np.concatenate([self.x, others.x])[order],
            np.concatenate([self.at_random, others.at_random])[order],
        )


def canary_families(labelled: Labelled) -> dict[str, str]:
    """Return the family of each canary flow, by the id that the question about it has."""
    ids = [identity(flow) for flow in flow_values(labelled.flows)]
    return dict(zip(ids, labelled.family.tolist(), strict=True))


def canary_questions(labelled: Labelled, feature_set: str, asked: Collection[str], count: int, seed: int) -> Asking:
    """Draw canaries for a round of questions.

    Args:
        labelled: The canaries.
        feature_set: Name of the feature set that is wanted.
        asked: Questions that were asked before.
        count: Questions of the round.
        seed: Of the draw.

    Returns:
        One in `ONE_IN` of the round, at least one, but of a single question none; fewer where fewer are left.
    """
    values = flow_values(labelled.flows)
    left = [row for row, flow in enumerate(values) if identity(flow) not in asked]
    wanted = min(max(1, count // ONE_IN), count - 1)
    rows = np.random.default_rng(seed).permutation(np.array(left, dtype=np.int64))[:wanted]
    (x,) = FlowEncoding(labelled, feature_set).encode([np.arange(len(values))]).x
    return Asking([values[row] for row in rows.tolist()], x[rows], np.zeros(len(rows), np.bool_))


def judged(told: Told, families: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Return who answered canary questions, how many rightly, and how many in all; unsure answers do not count.

    Args:
        told: Questions and labels.
        families: By id of the canary questions; see `canary_families`.
    """
    found: dict[str, list[bool]] = {}
    for question, labels in zip(told.questions, told.labels, strict=True):
        for label in labels if question.id in families else ():
            if label.family != UNSURE:
                found.setdefault(label.annotator, []).append(label.family == families[question.id])
    return [(who, sum(right), len(right)) for who, right in sorted(found.items())]
