"""The labelling loop: ask, hear, train anew, and keep the new weights only if they are better.

In: parts of a dataset (the training part is the pool, its labels are hidden until asked for), a model, a strategy and
an analyst. Out: the model that was kept, and a curve: score against answers. The initial set is drawn at random,
because nobody can stratify labels that he does not have yet. An answer may be `UNSURE`, late, or wrong; a row may be
asked about again, and then the majority of its answers is its label. The labels of the validation part, where they gate
new weights, are a cost too, and the outcome says how many they are.
Source: Mahdi and Khadhim (BiLSTM with active learning on ToN_IoT). We differ: every strategy starts from the same
initial set for a seed, scores come from one test part for all rounds, and a round that is not better keeps its labels
but not its weights.
"""

import copy
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import clone

from redshank.active.agreement import confirmed, majority
from redshank.active.caps import Admit, Rows
from redshank.active.doubt import DOUBTFUL
from redshank.active.query import MOST, Landscape, choose
from redshank.active.strategy import Strategy
from redshank.data.parts import Part, Parts
from redshank.learn import measures
from redshank.learn.model import Classes, Floats, Model

Analyst = Callable[[Rows], Classes]
"""Answers questions: row numbers of the training part in, their classes out; `UNSURE` is an answer too."""

Doubt = Callable[[Rows, Classes, int], Floats]
"""Row numbers of the training part, their labels and a seed in; out: how probably each label is wrong, 0 to 1."""

Borrow = Callable[[Model, Floats, Classes, Floats, int], tuple[Rows, Classes, Floats]]
"""The model in force, raw rows with labels, these, raw open rows and a seed in; out: which open rows to train on, as
what, with what weight. See `active/borrow.py`."""

Stop = Callable[[Sequence["Round"]], bool]
"""The curve so far in; out: whether further questions are not worth their cost."""

UNSURE = -1
HEARD_MOST = 3  # answers to one row
WATCHED = 3000  # rows of the pool that tell how far a model moves


@dataclass(frozen=True)
class Plan:
    """How many questions are asked, and when.

    Args:
        initial: Labels drawn at random before the first question.
        batch: Questions in a round.
        rounds: Rounds after the initial one.
        growth: Least questions of a round, as a share of those before; whole batches. A curve over thousands of answers
            needs no point every twenty, and a site with many labels no training for a few more.
        gate: Keep new weights only if they are better on the validation part; else every round's weights are in force.
        fresh_every: Train anew every so many rounds and go on from the kept weights between; 0 never trains anew.
            Encoders then stay as the last fresh start fitted them, which is why the default is 1.
        late: Rounds until an answer arrives; the initial set is answered at once.
        recheck: Share of a round's questions that go to labels in doubt, 0 to 1.
        candidates: Rows scored in a round.
    """

    initial: int = 100
    batch: int = 50
    rounds: int = 8
    growth: float = 0.0
    gate: bool = True
    fresh_every: int = 1
    late: int = 0
    recheck: float = 0.0
    candidates: int = MOST

    def questions(self, before: int) -> int:
        """Return how many questions the next round has.

        Args:
            before: Questions so far, the initial set counted.

        Example:
            >>> plan = Plan(initial=20, batch=20, growth=0.04)
            >>> plan.questions(20), plan.questions(999), plan.questions(1500)
            (20, 20, 60)
        """
        return max(self.batch, math.floor(self.growth * before / self.batch) * self.batch)


@dataclass(frozen=True)
class Round:
    """One point of a curve.

    Args:
        asked: Answers that were given, the initial set and `UNSURE` ones counted.
        labels: Labels of the pool known after this round.
        kept: Whether the new weights are in force.
        validation_accuracy: Of the new weights; None without a gate.
        test_macro_f1, test_accuracy: Of the weights in force after this round.
        families: Distinct classes among the labels so far.
        said: What the weights in force call some rows of the pool, always the same rows, a byte for each; empty unless
            something may end the loop, because that is what `active/stopping.py` looks at.
    """

    asked: int
    labels: int
    kept: bool
    validation_accuracy: float | None
    test_macro_f1: float
    test_accuracy: float
    families: int
    said: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Learned:
    """The outcome of a loop.

    Args:
        model: The weights in force at the end.
        rounds: The curve, the initial round first.
        labelled: Row numbers of the training part whose labels were given, in the order of answering.
        validation_labels: What the gate cost in labels.
    """

    model: Model
    rounds: tuple[Round, ...]
    labelled: Rows
    validation_labels: int


@dataclass
class Answers:
    """What was answered so far: rows, and what they are by the majority of their answers.

    Args:
        heard: Answers by row, in the order of the first answer.
        asked: Answers counted.
    """

    heard: dict[int, list[int]] = field(default_factory=dict)
    asked: int = 0

    def take(self, rows: Rows, classes: Classes) -> None:
        """Take answers in; a row that was answered before is heard again."""
        for row, one in zip(rows.tolist(), classes.tolist(), strict=True):
            self.heard.setdefault(row, []).append(one)
        self.asked += len(rows)

    def confirmed(self, row: int) -> bool:
        """Return whether two answers to a row agree, and more than disagree with them."""
        return confirmed([one for one in self.heard[row] if one != UNSURE])

    def labels(self) -> tuple[Rows, Classes]:
        """Return the rows that have a label, and their labels: the most frequent answer, the latest among equals.

        Example:
            >>> answers = Answers()
            >>> answers.take(np.array([7, 3, 5]), np.array([1, 0, UNSURE]))
            >>> answers.take(np.array([7]), np.array([2]))
            >>> [found.tolist() for found in answers.labels()]
            [[7, 3], [2, 0]]
        """
        sure = {row: [one for one in given if one != UNSURE] for row, given in self.heard.items()}
        decided = {row: majority(given) for row, given in sure.items() if given}
        return np.array(list(decided), dtype=np.int64), np.array(list(decided.values()), dtype=np.int64)


def learn_actively(
    parts: Parts,
    model: Model,
    strategy: Strategy,
    plan: Plan,
    *,
    seed: int = 0,
    analyst: Analyst | None = None,
    landscape: Landscape | None = None,
    proposer: Model | None = None,
    admit: Admit | None = None,
    doubt: Doubt | None = None,
    borrow: Borrow | None = None,
    stop: Stop | None = None,
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
        landscape: The pool's, if it was made before; several runs can share one.
        proposer: A model that asks in place of `model`, trained on the same answers: trees learn from few.
        admit: Which questions may be asked.
        doubt: Finds labels that may be wrong. What is in doubt is asked again (`Plan.recheck`), and until
            most answers agree nothing is trained on it.
        borrow: Chooses unlabelled rows to train on as the model would label them.
        stop: Ends the loop early.
        on_round: Told of each round as it ends.

    Raises:
        ValueError: If the pool is smaller than the initial set, or there is nothing to gate or to measure on.
    """
    pool = parts.train
    if plan.initial > len(pool):
        raise ValueError(f"initial set of {plan.initial} labels from a pool of {len(pool)} rows; ask for fewer")
    for name in ("validation", "test") if plan.gate else ("test",):
        if not len(getattr(parts, name)):
            raise ValueError(f"the {name} part has no rows, nothing can be judged; use another protocol")
    answer: Analyst = analyst if analyst is not None else lambda rows: pool.y[rows]
    land = landscape or Landscape(pool.x, parts.columns, steps=parts.steps, seed=seed)
    open_rows = np.ones(len(pool), dtype=np.bool_)
    answers, waiting = Answers(), deque[tuple[Rows, Classes]]()
    order = np.random.default_rng(seed).permutation(len(pool)).astype(np.int64)
    first, watched = order[: plan.initial], pool.x[order[-WATCHED:]]
    answers.take(first, answer(first))
    open_rows[first] = False
    trainer = _Trainer(parts, model, plan, land, borrow)
    asker = _Trainer(parts, proposer, plan, land, None) if proposer is not None else trainer
    rounds: list[Round] = []
    sent = plan.initial
    doubted: dict[int, float] = {}
    for number in range(plan.rounds + 1):
        once = seed * 100_003 + number
        if number:
            questions = plan.questions(sent)
            again = _to_recheck(answers, doubted, round(plan.recheck * questions))
            rest = np.flatnonzero(open_rows)
            rows, y = answers.labels()
            known = land.known(strategy, rows, y)
            size = questions - len(again)
            new = choose(
                strategy, land, rest, asker.kept.predict_proba, known, size,
                seed=once, admit=admit, most=plan.candidates,
            ).rows  # fmt: skip
            asked = np.concatenate([new, again])
            if not len(asked) and not waiting:
                break
            open_rows[new] = False
            waiting.append((asked, answer(asked)))
            sent += len(asked)
            if len(waiting) > plan.late:
                answers.take(*waiting.popleft())
        rows, y = answers.labels()
        if doubt is not None:
            doubted = dict(zip(rows.tolist(), doubt(rows, y, once).tolist(), strict=True))
            doubted = {row: one for row, one in doubted.items() if not answers.confirmed(row)}
        clear = np.array([doubted.get(row, 0.0) < DOUBTFUL for row in rows.tolist()], dtype=np.bool_)
        clear |= not clear.any()  # a model needs something to learn from
        kept, accuracy = trainer.train(rows[clear], y[clear], number, np.flatnonzero(open_rows), once)
        if asker is not trainer:
            asker.train(rows[clear], y[clear], number, rest=np.empty(0, np.int64), seed=once)
        test_accuracy, test_macro_f1 = judge(trainer.kept, parts.test)
        families = len(np.unique(y))
        said = b"" if stop is None else trainer.kept.predict_proba(watched).argmax(axis=1).astype(np.uint8).tobytes()
        rounds.append(Round(answers.asked, len(rows), kept, accuracy, test_macro_f1, test_accuracy, families, said))
        if on_round:
            on_round(rounds[-1])
        if stop is not None and stop(rounds):
            break
    return Learned(trainer.kept, tuple(rounds), answers.labels()[0], len(parts.validation) if plan.gate else 0)


def judge(model: Model, part: Part) -> tuple[float, float]:
    """Return accuracy and macro-F1, by the very measures that an evaluation publishes."""
    p = model.predict_proba(part.x)
    matrix = measures.confusion(part.y, p.argmax(axis=1), np.ones(len(part)), p.shape[1])
    accuracy, macro_f1 = measures.accuracy(matrix), measures.macro_f1(matrix)
    assert accuracy is not None
    assert macro_f1 is not None
    return accuracy, macro_f1


def _to_recheck(answers: Answers, doubted: dict[int, float], size: int) -> Rows:
    """Return the rows whose labels are most in doubt and were not heard too often."""
    worst = sorted((row for row, one in doubted.items() if one >= DOUBTFUL), key=lambda row: -doubted[row])
    return np.array([row for row in worst if len(answers.heard[row]) < HEARD_MOST][:size], dtype=np.int64)


class _Trainer:
    """Trains challengers, and keeps the better weights."""

    kept: Model

    def __init__(self, parts: Parts, model: Model, plan: Plan, land: Landscape, borrow: Borrow | None) -> None:
        self._parts, self._model, self._plan, self._land, self._borrow = parts, model, plan, land, borrow
        self._accuracy = -1.0

    def train(self, rows: Rows, y: Classes, number: int, rest: Rows, seed: int) -> tuple[bool, float | None]:
        """Train on labels; say whether the new weights are in force, and how good they are on the validation part.

        Args:
            rows: Rows that have a label.
            y: Their labels.
            number: Which round.
            rest: Unlabelled rows that `borrow` may choose from.
            seed: Of that choice.
        """
        every = self._plan.fresh_every
        warm = number > 0 and (every == 0 or number % every != 0)
        challenger: Model = copy.deepcopy(self.kept) if warm else clone(self._model)
        x, weight = self._land.x[rows], None
        if self._borrow is not None and number:
            at, guessed, trust = self._borrow(self.kept, x, y, self._land.x[rest], seed)
            weight = np.concatenate([np.ones(len(rows), np.float32), trust])
            x, y = np.concatenate([x, self._land.x[rest[at]]]), np.concatenate([y, guessed])
        validation = self._parts.validation if self._plan.gate else None
        challenger.fit(
            x,
            y,
            columns=self._parts.columns,
            n_classes=len(self._parts.classes),
            weight=weight,
            steps=self._parts.steps,
            validation=None if validation is None else (validation.x, validation.y),
            warm_start=warm,
        )
        if validation is None:
            self.kept = challenger
            return True, None
        accuracy = judge(challenger, validation)[0]
        better = accuracy > self._accuracy
        if better:
            self.kept, self._accuracy = challenger, accuracy
        return better, accuracy
