"""The first study's own claim: does a BiLSTM that asks for what it is least sure of beat one that does not?

Both rows have as many labels and one test part here, beside random questions, margin, and a forest that asks in the
network's place.
Source: Mahdi and Khadhim's study of a BiLSTM with active learning on ToN_IoT's network table; `mahdi_2024.py` has it at
its own size.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from redshank.experiments.asking import ACCURACY, SCORE, at
from redshank.experiments.cell import Cell
from redshank.experiments.curves import CONTROL, EVERY, FEW, RIVAL, Asking, beside, difference
from redshank.experiments.experiment import Results, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.wording import first_seeds, told
from redshank.experiments.zoo import lasting
from redshank.learn.table import Table

BINARY, FAMILIES = "Benign or attack", "Ten families"
STUDY = "least_confidence"
PROPOSER = "random_forest"
PROPOSED = {BINARY: f"{STUDY}, a forest asks", FAMILIES: f"{RIVAL}, a forest asks"}
"""The row in which another model asks; of two classes margin and least confidence ask alike."""
LEARNER = "bilstm"
SETTINGS: dict[str, Any] = {"units": (32, 16), "batch_size": 32, "learning_rate": 0.003, **lasting(15)}
"""The published network, narrower: a seed of all rows must be a matter of a minute."""
PLAN: dict[str, Any] = {"initial": 100, "batch": 100, "answers": 1000, "whole": False}
TOLD = (200, 500, 1000)


class ActiveStudy(Asking):
    """The BiLSTM by who asks and what."""

    title: ClassVar[str] = "The first study's claim, at equal label counts"
    what: ClassVar[str] = (
        "A BiLSTM that asks for its least confident rows beside one whose rows are drawn at random, same test part."
    )
    asks: ClassVar[str] = "Does least confidence help a BiLSTM with equal labels?"
    columns: ClassVar[tuple[str, ...]] = (ACCURACY, *(at(SCORE, answers) for answers in TOLD), "answers")
    notes: ClassVar[tuple[str, ...]] = (
        (
            f"The BiLSTM has layers of {' and '.join(map(str, SETTINGS['units']))} units and trains anew each round, "
            f"{SETTINGS['epochs']} epochs in batches of {SETTINGS['batch_size']}: less than the study's, the same for "
            "all rows."
        ),
        (
            f"{PLAN['initial']} labels drawn at random, the same for all rows of a seed, then {PLAN['batch']} a round. "
            "No gate: the study's would cost more validation labels than all answers."
        ),
        f"“a forest asks”: a {PROPOSER} learns from the same answers and asks in the network's place.",
        "Of two classes margin, entropy and least confidence ask alike, so margin stands among families alone.",
        f"{first_seeds('Models that have every label', FEW)}.",
    )
    shown: ClassVar[tuple[str, ...]] = (STUDY, RIVAL, CONTROL, *PROPOSED.values())

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for seed in seeds:
            for table, task in ((BINARY, "binary"), (FAMILIES, "family")):
                shared = Cell("ton_iot", LEARNER, settings=SETTINGS, task=task, seed=seed, table=table)
                rows = {name: name for name in (STUDY, RIVAL, CONTROL) if table == FAMILIES or name != RIVAL}
                rows[PROPOSED[table]] = PROPOSED[table].partition(",")[0]
                made += [
                    replace(
                        shared,
                        row=row,
                        options={
                            **PLAN,
                            "strategy": strategy,
                            **({"proposer": PROPOSER} if row == PROPOSED[table] else {}),
                        },
                    )
                    for row, strategy in rows.items()
                ]
                made += beside(shared) if seed < FEW else []
        return made

    def tables(self, results: Results) -> list[Table]:
        """See `Experiment.tables`."""
        return [table_of(results, title, self.columns) for title in results.tables]

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for table, name in ((BINARY, ACCURACY), (FAMILIES, SCORE)):
            study, control = (results.figure(name, table=table, row=row) for row in (STUDY, CONTROL))
            gain = difference(results, name, table, STUDY, CONTROL)
            if gain.mean is None:
                continue
            more = [
                f"; {row} gains {told(other)}"
                for row in (RIVAL, PROPOSED[table])
                if (other := difference(results, name, table, row, CONTROL)).mean is not None
            ]
            said.append(
                f"{table}: with {PLAN['answers']:,} labels the BiLSTM that asks for its least confident rows has "
                f"{'an accuracy' if name == ACCURACY else 'a macro-F1'} of {told(study)}, with labels drawn at random "
                f"{told(control)}; seed by seed it gains {told(gain)}{''.join(more)}."
            )
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        gain = difference(results, ACCURACY, BINARY, STUDY, CONTROL)
        meaning = "" if gain.mean is None else f"Least confidence gains {told(gain)} of accuracy over random questions."
        known = table_of(results, BINARY, self.columns)
        plain = tuple(replace(row, name=row.name.removesuffix(f", {EVERY}")) for row in known.rows)
        return glance(replace(known, rows=plain), ACCURACY, meaning=meaning, where=f"{PLAN['answers']:,} labels")
