"""The labelling loop of the published study: ask, retrain, and keep the new weights only if they are better.

In: parts of a dataset (the training part is the pool, its labels are hidden until asked for), a model, a strategy and
an analyst. Out: the model that was kept, and a curve: score against labels given. The initial set is drawn at random,
because nobody can stratify labels that he does not have yet. The labels of the validation part are a cost too, and the
curve says how many they are.
Source: Mahdi and Khadhim (BiLSTM with active learning on ToN_IoT). We differ: every strategy starts from the same
initial set for a seed, scores come from one test part for all rounds, and a round that is not better keeps its labels
but not its weights.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from redshank.active.strategy import Pool, Strategy
from redshank.data.parts import Part, Parts
from redshank.learn import measures
from redshank.learn.model import Model

Analyst = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]
"""Answers a question: row numbers of the training part in, their classes out."""


@dataclass(frozen=True)
class Plan:
    """How many questions are asked, and when.

    Args:
        initial: Labels drawn at random before the first question.
        batch: Questions in a round.
        rounds: Rounds after the initial one.
        warm_start: Go on from the kept weights instead of training anew each round. Encoders then stay as the initial
            set fitted them, which is why it is off by default.
    """

    initial: int = 100
    batch: int = 50
    rounds: int = 8
    warm_start: bool = False


@dataclass(frozen=True)
class Round:
    """One point of a curve.

    Args:
        labels: Labels of the pool known after this round.
        kept: Whether the new weights were better on the validation part, and so kept.
        validation_accuracy: Of the new weights.
        test_macro_f1, test_accuracy: Of the weights in force after this round.
        families: Distinct classes among the labels so far.
    """

    labels: int
    kept: bool
    validation_accuracy: float
    test_macro_f1: float
    test_accuracy: float
    families: int


@dataclass(frozen=True)
class Learned:
    """The outcome of a loop.

    Args:
        model: The weights in force at the end.
        rounds: The curve, the initial round first.
        labelled: Row numbers of the training part whose labels were given, in the order of asking.
        validation_labels: What the gate cost in labels.
    """

    model: Model
    rounds: tuple[Round, ...]
    labelled: npt.NDArray[np.int64]
    validation_labels: int


def learn_actively(
    parts: Parts,
    model: Model,
    strategy: Strategy,
    plan: Plan,
    *,
    seed: int = 0,
    analyst: Analyst | None = None,
    on_round: Callable[[Round], None] | None = None,
) -> Learned:
    """Run the loop.

    Args:
        parts: The pool (`train`), the gate (`validation`) and the measure (`test`).
        model: The estimator; it is cloned, never changed.
        strategy: What asks.
        plan: How many questions.
        seed: Of the initial set and of the strategy's draws.
        analyst: Who answers; the pool's own labels if absent (a simulation).
        on_round: Told of each round as it ends.

    Raises:
        ValueError: If the pool is smaller than the initial set, or there is nothing to gate or to measure on.
    """
    pool = parts.train
    if plan.initial > len(pool):
        raise ValueError(f"initial set of {plan.initial} labels from a pool of {len(pool)} rows; ask for fewer")
    for name in ("validation", "test"):
        if not len(getattr(parts, name)):
            raise ValueError(f"the {name} part has no rows, nothing can be judged; use another protocol")
    answer: Analyst = analyst if analyst is not None else lambda rows: pool.y[rows]
    order = np.random.default_rng(seed).permutation(len(pool))
    labelled = order[: plan.initial].astype(np.int64)
    labels = answer(labelled)
    kept, accuracy = _train(parts, model, None, labelled, labels)
    rounds = [_round(parts, kept, labels, accuracy, kept=True)]
    if on_round:
        on_round(rounds[0])
    for number in range(1, plan.rounds + 1):
        rest = np.setdiff1d(np.arange(len(pool), dtype=np.int64), labelled)
        if len(rest) == 0:
            break
        candidates = Pool(pool.x[rest], kept.predict_proba(pool.x[rest]))
        asked = rest[strategy.query(candidates, plan.batch, seed * 100_003 + number)]
        labelled = np.concatenate([labelled, asked])
        labels = np.concatenate([labels, answer(asked)])
        challenger, challenger_accuracy = _train(parts, model, kept if plan.warm_start else None, labelled, labels)
        better = challenger_accuracy > accuracy
        if better:
            kept, accuracy = challenger, challenger_accuracy
        rounds.append(_round(parts, kept, labels, challenger_accuracy, kept=better))
        if on_round:
            on_round(rounds[-1])
    return Learned(kept, tuple(rounds), labelled, len(parts.validation))


def _train(
    parts: Parts,
    model: Model,
    start: Model | None,
    rows: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
) -> tuple[Model, float]:
    challenger: Model = copy.deepcopy(start) if start is not None else clone(model)
    challenger.fit(
        parts.train.x[rows],
        labels,
        columns=parts.columns,
        n_classes=len(parts.classes),
        steps=parts.steps,
        validation=(parts.validation.x, parts.validation.y),
        warm_start=start is not None,
    )
    return challenger, _judge(challenger, parts.validation)[0]


def _round(parts: Parts, model: Model, labels: npt.NDArray[np.int64], accuracy: float, *, kept: bool) -> Round:
    test_accuracy, test_macro_f1 = _judge(model, parts.test)
    return Round(
        labels=len(labels),
        kept=kept,
        validation_accuracy=accuracy,
        test_macro_f1=test_macro_f1,
        test_accuracy=test_accuracy,
        families=len(np.unique(labels)),
    )


def _judge(model: Model, part: Part) -> tuple[float, float]:
    """Return accuracy and macro-F1, by the very measures that an evaluation publishes."""
    p = model.predict_proba(part.x)
    matrix = measures.confusion(part.y, p.argmax(axis=1), np.ones(len(part)), p.shape[1])
    accuracy, macro_f1 = measures.accuracy(matrix), measures.macro_f1(matrix)
    assert accuracy is not None
    assert macro_f1 is not None
    return accuracy, macro_f1
