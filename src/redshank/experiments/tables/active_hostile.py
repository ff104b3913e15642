"""Questions under wrong, late and hostile answers: what each costs, and what repair, caps and canary questions bring.

In: ToN_IoT's ten families, one strategy and one model for all rows. Out: a table with a row for each trouble, without
and with the remedy. The attacks are those of `active/attack.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from redshank.active.attack import Panel, flipping, flooded
from redshank.active.caps import Cap, Guard, Rows
from redshank.active.doubt import doubtful
from redshank.active.guard import clusters, quarantine, trust
from redshank.active.loop import Learned
from redshank.active.query import Landscape
from redshank.data.parts import Part
from redshank.experiments.asking import SCORE, Ground, ask, at, mistaken, outcome_of
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.curves import ASKED_NOTES, CONTROL, FEW, LEAD, Asking, beside
from redshank.experiments.experiment import Results
from redshank.experiments.measure import Data
from redshank.experiments.wording import gain
from redshank.learn.model import Classes, Floats

TABLE = "Wrong, late and hostile answers"
ANSWERS = 1200
TOLD = (400, 800, ANSWERS)
CLEAN = "clean"
CANARIES, SENT = "canary recall", "questions on the attacker's rows"
EACH = 20
"""Canaries of each family, and canary questions to each analyst."""
DEVICES = 400
"""That the rows of the pool are dealt out to, where devices are capped; as many of them are the attacker's as rows."""
OF_A_DEVICE = Cap(once=0.1, ever=5, share=0.01)
ROWS: Mapping[str, Mapping[str, Any]] = {
    CLEAN: {},
    "5 % wrong": {"wrong": 0.05},
    "5 % wrong, left out": {"wrong": 0.05, "repair": True},
    "10 % wrong": {"wrong": 0.1},
    "10 % wrong, left out": {"wrong": 0.1, "repair": True},
    "10 % wrong, left out and asked again": {"wrong": 0.1, "repair": True, "recheck": 0.25},
    "20 % wrong": {"wrong": 0.2},
    "20 % wrong, left out": {"wrong": 0.2, "repair": True},
    "three rounds late": {"late": 3},
    "clean, capped by cluster": {"cap": "cluster"},
    "flood": {"flood": 0.05},
    "flood, capped by cluster": {"flood": 0.05, "cap": "cluster"},
    "flood, capped by device": {"flood": 0.05, "cap": "device"},
    "one of three lies": {"liar": True},
    "one of three lies, quarantined": {"liar": True, "repair": True, "recheck": 0.1},
}


class ActiveHostile(Asking):
    """A row for each trouble."""

    title: ClassVar[str] = "Questions under wrong and hostile answers"
    what: ClassVar[str] = (
        "What wrong answers, late ones, a flood of rows and an analyst who lies cost a forest that learns from "
        "answers, and what the remedies bring."
    )
    asks: ClassVar[str] = "Does active learning survive wrong and hostile answers?"
    columns: ClassVar[tuple[str, ...]] = ("L95", "L99", *(at(SCORE, answers) for answers in TOLD), CANARIES, SENT)
    notes: ClassVar[tuple[str, ...]] = (
        *(ASKED_NOTES[0], ASKED_NOTES[2]),
        (
            "“wrong”: so many answers are another family, each alike; a repeated question is answered anew. “left "
            "out”: labels that are probably wrong are not trained on; “asked again”: up to a quarter of the questions "
            "go to them."
        ),
        (
            "“flood”: 5 % of the pool are an attacker's rows, between an attack and benign, and answers about them are "
            f"the toss of a coin. ToN_IoT's distinct rows have no device: “by device” deals them to {DEVICES} at "
            "random, of which the attacker has 5 %."
        ),
        (
            "“one of three lies”: every third answer calls an attack benign, or benign an attack. “quarantined”: "
            f"{EACH} canary questions to each analyst, beside the answers counted here, say whom to believe; what the "
            "others said waits for a second analyst, and 10 % of the questions go to that."
        ),
        f"`{CANARIES}`: share of {EACH} rows of each attack family, none in pool or test, that are called an attack.",
    )
    shown: ClassVar[tuple[str, ...]] = (CLEAN, "10 % wrong", "10 % wrong, left out", "one of three lies")

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for seed in seeds:
            shared = Cell("ton_iot", "random_forest", task="family", seed=seed, table=TABLE)
            asked = {"answers": ANSWERS}
            made += [
                replace(shared, row=row, options={**asked, "strategy": LEAD, **options})
                for row, options in ROWS.items()
            ]
            made.append(replace(shared, row=CONTROL, options={**asked, "strategy": CONTROL}))
            made += beside(shared) if seed < FEW else []
        return made

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Ask under the trouble that the cell's options say; see `Asking.measure`."""
        ground = self.grounds.of(cell, data)
        if "strategy" not in cell.options:
            return super().measure(cell, data)
        learned, sent = hostile(cell, ground)
        held = canaries(ground.parts.calibration, cell.seed)
        called = learned.model.predict_proba(held.x).argmax(axis=1) != 0
        figures = {CANARIES: float(called.mean()), SENT: float(sent)}
        return outcome_of(cell, ground, learned.rounds, **figures)

    def published(self) -> tuple[str, ...]:
        """See `Experiment.published`."""
        return (*super().published(), CANARIES, SENT)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for row in ROWS:
            gains = [(answers, gain(results, at(SCORE, answers), TABLE, row, CLEAN)) for answers in TOLD]
            text = ", ".join(f"{100 * value:+.1f} points at {answers}" for answers, value in gains if value is not None)
            said += [f"{row}: {text}"] if text and row != CLEAN else []
        return [f"Against clean answers. {'; '.join(said)}."] if said else []


def canaries(part: Part, seed: int) -> Part:
    """Return some rows of each attack family.

    Args:
        part: Rows that nobody asks about.
        seed: Of which.
    """
    shuffled = np.random.default_rng(seed).permutation(len(part))
    kinds = [shuffled[part.y[shuffled] == kind][:EACH] for kind in np.unique(part.y[part.y > 0])]
    return part.take(np.concatenate(kinds))


def hostile(cell: Cell, ground: Ground) -> tuple[Learned, int]:
    """Run the loop under the trouble that a cell's options say.

    Args:
        cell: Its options: `flood`, the attacker's share of the pool; `cap`, "cluster" or "device"; `liar`; `repair`,
            whether doubtful labels are left out; and those of `ask`.
        ground: What it stands on without an attack.

    Returns:
        What was learned, and how many questions went to the attacker's rows.
    """
    options, parts, land = cell.options, ground.parts, ground.landscape
    own = len(parts.train)
    if "flood" in options:
        parts, _ = flooded(parts, options["flood"], cell.seed)
        land = Landscape(parts.train.x, parts.columns, steps=parts.steps, seed=cell.seed)
    pool, kinds = parts.train, len(parts.classes)
    helped: dict[str, Any] = {}
    if "cap" in options:
        helped["admit"] = _guard(options["cap"], own, land, cell.seed)
    panel, trusted = None, [1.0]
    if "liar" in options:
        analysts = [mistaken(pool.y, kinds, 0.0, cell.seed)] * 2 + [flipping(pool.y, kinds, cell.seed)]
        helped["analyst"] = panel = Panel(analysts)
        # Canary questions are rows whose truth is known: here some of the pool's own.
        asked = np.random.default_rng(cell.seed).choice(own, EACH, replace=False)
        trusted = [trust(int((one(asked) == pool.y[asked]).sum()), EACH) for one in analysts]
    if "repair" in options:

        def doubt(rows: Rows, y: Classes, seed: int) -> Floats:
            if panel is None:
                return doubtful(pool.x[rows], y, kinds, seed)
            return quarantine(np.zeros(len(rows), np.float32), panel.source(rows, y), trusted)

        helped["doubt"] = doubt
    learned = ask(cell, Ground(parts, land), **helped)
    return learned, int((learned.labelled >= own).sum())


def _guard(by: str, own: int, land: Landscape, seed: int) -> Guard:
    """Return the caps: on clusters, or on devices of which the attacker has as large a share as of the rows."""
    if by == "cluster":
        return Guard([clusters(land.points, seed)], [Cap()])
    theirs = round(DEVICES * (1 - own / len(land)))
    rng = np.random.default_rng(seed)
    honest = rng.integers(DEVICES - theirs, size=own)
    hostile = DEVICES - theirs + rng.integers(max(1, theirs), size=len(land) - own)
    return Guard([np.concatenate([honest, hostile])], [OF_A_DEVICE])
