from dataclasses import replace
from pathlib import Path

from experiments.test_experiment import made_up
from redshank.experiments.cell import Outcome
from redshank.experiments.experiment import Results
from redshank.experiments.tables.ladder_toniot import RUNGS, LadderToniot


def example(place: Path) -> LadderToniot:
    del place
    return LadderToniot()


def test_the_rungs_are_told_from_the_published_one_to_unseen_pairs() -> None:
    cells = LadderToniot().cells([0])
    heights = {words: 0.9 - 0.1 * at for at, words in enumerate(RUNGS.values())}
    found = {
        key: replace(run, outcome=Outcome({"macro_f1": heights[run.cell.row.partition(":")[0]]}))
        for key, run in made_up(cells).found.items()
    }
    results = Results(tuple(cells), found)
    assert LadderToniot().worth(results) == [
        (
            "With one leak after another closed, a BiLSTM's macro-F1 is 0.900 as published, 0.600 without ports, 0.400 "
            "deduplicated, 0.300 unseen host pairs."
        )
    ]
    seen = LadderToniot().glance(results)
    assert seen is not None
    assert seen.meaning == "The BiLSTM falls from 0.900 as published to 0.300, remembering to 0.300."
