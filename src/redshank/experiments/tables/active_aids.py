"""What helps beside a good question: rows borrowed without a label, another model that asks, weights that go on.

All on ToN_IoT's ten families. And whether the signal that says when to stop tells the truth, on three datasets: the
gain that it expects and its interval, against the gain that came.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any, ClassVar

import numpy as np

from redshank.active.borrow import Agreement, SelfTraining
from redshank.active.caps import Rows
from redshank.active.loop import Round, judge
from redshank.active.stopping import POINT, Stopping
from redshank.experiments.asking import SCORE, Ground, Grounds, ask, at, model_of, outcome_of
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.measure import Data
from redshank.experiments.wording import gain, rows_of, told
from redshank.learn.model import MODELS
from redshank.learn.table import Table

BORROWING, LEARNING, STOPPING = "Borrowed rows", "A network learns from answers", "When to stop"
AT = (100, 200, 400, 800)
LAST = 1000
FOREST, NETWORK = "random_forest", "fnn"
ITSELF = f"{NETWORK} asks"
FEW: Mapping[str, Any] = {
    "units": 64,
    "blocks": 2,
    "epochs": 60,
    "patience": 60,
    "batch_size": 64,
    "learning_rate": 0.003,
    "schedule": "one_cycle",
}
"""A small network and many epochs, for hundreds of rows."""
OTHER = {FOREST: (NETWORK, FEW), NETWORK: (FOREST, {})}
"""Which model has to agree with which."""
COARSE: Mapping[str, Any] = {"initial": 50, "batch": 50, "candidates": 5_000, "whole": False}
LOOK: Mapping[str, Any] = {"answers": 800, "look": 100, "worth": 1.0, "candidates": 5_000, "whole": False}
"""Answers looked ahead, and the points of macro-F1 that they must promise, else it stops."""
LOOKED = ("expected", "gained", "held", "stops at", "macro_f1 there", at(SCORE, 800))
SCORES = tuple(at(SCORE, answers) for answers in (*AT, LAST))
SECONDS = "cpu_s"
GLANCED = at(SCORE, AT[2])


class ActiveAids(Experiment):
    """Aids of the labelling loop."""

    title: ClassVar[str] = "Aids of active learning"
    what: ClassVar[str] = (
        "What borrowed rows, a tree model that asks for a network, and weights that go on are worth, and whether the "
        "stopping signal is right."
    )
    asks: ClassVar[str] = "Do pseudo-labels, a second model, or a stop signal help?"
    best_first: ClassVar[bool] = False
    notes: ClassVar[tuple[str, ...]] = (
        (
            f"{NETWORK}: {FEW['blocks']} blocks of {FEW['units']} units, {FEW['epochs']} epochs in batches of "
            f"{FEW['batch_size']}, one cycle of the learning rate; nothing was tuned for a row. Nothing is gated."
        ),
        (
            f"“{BORROWING}” and “{LEARNING}”: {COARSE['initial']} labels drawn at random, then "
            f"{COARSE['batch']} questions a round by margin. Models with and without borrowed rows are trained on the "
            f"very same answers, which {FOREST} asked for."
        ),
        (
            "Borrowed rows: the model (self-training), or it and one of the other kind (agreement), gives the class a "
            "probability of 0.9 or more; a class borrows at most one row per label of it; a borrowed row weighs half."
        ),
        (
            f"`{SECONDS}`: processor time of a whole run of questions, scoring of candidates and test rows counted; "
            "“10 epochs” trains as many in each round, all other rows 60. A network that asks trains after each round, "
            "anew if nothing else is said. Rows of other models are trained on the answers that the forest asked for."
        ),
        (
            f"“{STOPPING}”: after each round the gain of the next {LOOK['look']} answers is expected from how far the "
            "model moved; `held` is how often the gain that came lies in the interval, which is meant to hold four of "
            "five; expected and gained are means over the rounds, in points of macro-F1; it stops when fewer than "
            f"{LOOK['worth']} points are expected. The shares behind the interval were chosen on the first split of "
            "ToN_IoT's ten families and of NSL-KDD; nothing was chosen on ToN_IoT's two classes, nor on RT-IoT2022."
        ),
    )

    def __init__(self) -> None:
        """Stand on nothing yet."""
        self._grounds = Grounds()
        self._asked: tuple[str, Rows] | None = None

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        ton = Cell("ton_iot", FOREST, task="family")
        network = replace(ton, model=NETWORK, settings=FEW)
        margin: dict[str, Any] = {"strategy": "margin"}
        made = [
            replace(model, table=BORROWING, row=f"{model.model}, {how}", options={**margin, "taught": AT, **borrow})
            for model in (ton, network)
            for how, borrow in (
                ("labels alone", {}),
                ("self-training", {"borrow": "self_training"}),
                ("agreement", {"borrow": "agreement"}),
            )
        ]
        forest: dict[str, Any] = {**margin, "taught": (*AT, LAST)}
        itself = {**COARSE, **margin, "answers": LAST}
        quick = {**FEW, "epochs": 10}
        for row, options, settings in (
            (ITSELF, itself, FEW),
            (f"{FOREST} asks", forest, FEW),
            ("random", {**forest, "strategy": "random"}, FEW),
            (f"{ITSELF}, anew each fifth round", {**itself, "fresh_every": 5}, FEW),
            (f"{ITSELF}, never anew", {**itself, "fresh_every": 0}, FEW),
            (f"{ITSELF}, 10 epochs, never anew", {**itself, "fresh_every": 0}, quick),
            (f"{ITSELF}, 10 epochs", itself, quick),
        ):
            made.append(replace(network, table=LEARNING, row=row, options=options, settings=settings))
        for dataset, task, strategy in (
            *((name, "family", strategy) for name in ("ton_iot", "nsl_kdd") for strategy in ("margin", "random")),
            ("ton_iot", "binary", "margin"),
            ("rt_iot2022", "family", "margin"),
        ):
            row = f"{dataset}, {task}, {strategy}"
            options = {**LOOK, "strategy": strategy}
            made.append(replace(ton, dataset=dataset, task=task, options=options, table=STOPPING, row=row))
        for table, taught in ((BORROWING, AT), (LEARNING, (*AT, LAST)), (STOPPING, AT[-1:])):
            options = {**margin, "taught": taught}
            made += [replace(ton, model=model, options=options, table=table, row=model) for model in BESIDE]
        return grid(seeds, made)

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Ask, and train as the cell says."""
        ground = self._grounds.of(cell, data)
        if "taught" in cell.options:
            return self._taught(cell, ground)
        begun = time.process_time()
        if "look" not in cell.options:
            rounds = ask(cell, ground).rounds
            return outcome_of(cell, ground, rounds, **{SECONDS: time.process_time() - begun})
        never = Stopping(cell.options["look"], -1.0, len(ground.parts.classes))  # no gain is less: it asks on
        rounds = ask(cell, ground, stop=never).rounds
        return outcome_of(cell, ground, rounds, **looked(rounds, replace(never, points=cell.options["worth"])))

    def published(self) -> tuple[str, ...]:
        """See `Experiment.published`."""
        return (*SCORES, SECONDS, *LOOKED)

    def tables(self, results: Results) -> list[Table]:
        """See `Experiment.tables`."""
        columns = {BORROWING: SCORES[:-1], LEARNING: (*SCORES, SECONDS), STOPPING: LOOKED}
        return [table_of(results, title, columns[title], ordered=False) for title in results.tables]

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = [self._borrowed(results, FOREST), self._borrowed(results, NETWORK), self._learning(results)]
        return [text for text in (*said, self._stops(results)) if text]

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        table = table_of(results, LEARNING, SCORES)
        helped = gain(results, GLANCED, LEARNING, f"{FOREST} asks", ITSELF)
        meaning = f"A forest asks for the network: {100 * helped:+.1f} points." if helped is not None else ""
        return glance(table, GLANCED, meaning=meaning, where=LEARNING)

    def _taught(self, cell: Cell, ground: Ground) -> Outcome:
        """Train on the first answers that a forest asked for, without and with borrowed rows."""
        rows = self._answered(cell, ground)
        parts, pool = ground.parts, ground.parts.train
        shape: dict[str, Any] = {"columns": parts.columns, "n_classes": len(parts.classes), "steps": parts.steps}
        figures: dict[str, float | None] = {}
        for answers in cell.options["taught"]:
            x, y = pool.x[rows[:answers]], pool.y[rows[:answers]]
            model = model_of(cell)
            model.fit(x, y, **shape)
            if "borrow" in cell.options:
                borrow = SelfTraining()
                if cell.options["borrow"] == "agreement":
                    other, settings = OTHER[cell.model]
                    borrow = Agreement(other=MODELS.find(other)(**settings, seed=cell.seed), **shape)
                rest = np.delete(pool.x, rows[:answers], axis=0)
                at_, guessed, weight = borrow(model, x, y, rest, cell.seed)
                weights = np.concatenate([np.ones(answers, np.float32), weight])
                model = model_of(cell)
                model.fit(np.concatenate([x, rest[at_]]), np.concatenate([y, guessed]), weight=weights, **shape)
            figures[at(SCORE, answers)] = judge(model, parts.test)[1]
        return Outcome(figures, rows={"train": len(pool), "test": len(parts.test)}, classes=parts.classes)

    def _answered(self, cell: Cell, ground: Ground) -> Rows:
        """Return the rows that a forest asks for, or a draw, in order."""
        asker = Cell(
            cell.dataset,
            FOREST,
            task=cell.task,
            seed=cell.seed,
            options={**COARSE, "strategy": cell.options["strategy"], "answers": max(cell.options["taught"])},
        )
        if self._asked is None or self._asked[0] != asker.key:
            self._asked = asker.key, ask(asker, ground).labelled
        return self._asked[1]

    def _borrowed(self, results: Results, model: str) -> str:
        alone = f"{model}, labels alone"
        said = [
            f"{way}: {gains}"
            for way in ("self-training", "agreement")
            if (gains := _gains(results, BORROWING, f"{model}, {way}", alone))
        ]
        return f"{model} with borrowed rows, against labels alone. {'; '.join(said)}." if said else ""

    def _learning(self, results: Results) -> str:
        said = []
        for row in rows_of(results, LEARNING):
            gains = "" if row in (*BESIDE, ITSELF) else _gains(results, LEARNING, row, ITSELF)
            mine, theirs = (results.figure(SECONDS, table=LEARNING, row=one).mean for one in (row, ITSELF))
            share = f", in {mine / theirs:.2f} of its time" if mine and theirs else ""
            said += [f"{row}: {gains}{share}"] if gains else []
        return f"Against a network that asks for itself, anew each round. {'; '.join(said)}." if said else ""

    def _stops(self, results: Results) -> str:
        said = []
        for row in rows_of(results, STOPPING):
            held, stops, there, end = (
                results.figure(name, table=STOPPING, row=row) for name in (*LOOKED[2:5], at(SCORE, LOOK["answers"]))
            )
            if held.mean is not None and stops.mean is not None:
                said.append(
                    f"{row}: the interval held {100 * held.mean:.0f} % of the gains; it stops at {stops.mean:.0f} "
                    f"answers with {told(there)}, and {LOOK['answers']} reach {told(end)}"
                )
        return f"The stopping signal. {'; '.join(said)}." if said else ""


def _gains(results: Results, table: str, row: str, against: str) -> str:
    """Say by how much a row is above another at each number of answers, in points."""
    found = [(answers, gain(results, at(SCORE, answers), table, row, against)) for answers in (*AT, LAST)]
    return ", ".join(f"{100 * value:+.1f} points at {answers}" for answers, value in found if value is not None)


def looked(rounds: Sequence[Round], stopping: Stopping) -> dict[str, float | None]:
    """Return what the stopping signal said after each round against what came, and where it would have stopped.

    Args:
        rounds: A curve.
        stopping: The signal.
    """
    looks = [(now, stopping.look(rounds[: i + 1])) for i, now in enumerate(rounds)]
    later = {one.asked: one.test_macro_f1 for one in rounds}
    pairs = [
        (expects, (later[now.asked + stopping.answers] - now.test_macro_f1) / POINT)
        for now, expects in looks
        if expects is not None and now.asked + stopping.answers in later
    ]
    stop = next((now for i, now in enumerate(rounds) if stopping(rounds[: i + 1])), rounds[-1])
    values = (
        fmean(expects.expected for expects, _ in pairs),
        fmean(came for _, came in pairs),
        fmean(expects.low <= came <= expects.high for expects, came in pairs),
        float(stop.asked),
        stop.test_macro_f1,
    )
    return dict(zip(LOOKED, values, strict=False))
