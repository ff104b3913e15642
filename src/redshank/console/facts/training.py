"""What a retraining needs, and whether it is there: told before somebody waits for it.

In: a desk, the shelf. Out: why the champion's dataset cannot be read here, and how many answers the gate still waits
for. The one idea: nothing is read but the names of files and what the store counts, for the page is shown to everybody.
"""

import math
from dataclasses import dataclass

from redshank.active.trained import GATE_ROWS, HOLD_OUT, KEY
from redshank.console.desk import Desk
from redshank.core.bundle import Manifest
from redshank.core.errors import ConfigError
from redshank.data.dataset import find_all
from redshank.data.place import ANYWHERE, place


@dataclass(frozen=True)
class Ready:
    """How far the answers reach.

    Args:
        sure: Flows with a sure answer.
        fresh: Those of them that can measure: the champion was not taught them, and no alert chose them.
        missing: Answers until the gate can decide, at the usual share that is held out; at least, because a flow whose
            vector was trained on measures nothing.
        needed: Fresh answers that it takes.
    """

    sure: int
    fresh: int
    missing: int
    needed: int = math.ceil(GATE_ROWS / HOLD_OUT)


def ready(desk: Desk, champion: Manifest) -> Ready:
    """Return how far the answers of the store reach for a retraining."""
    sure = desk.queue.sure(desk.now_s())
    fresh = desk.queue.measuring(sure) - set(champion.provenance.get(KEY, {}).get("questions", ()))
    return Ready(len(sure), len(fresh), max(0, Ready.needed - len(fresh)))


def without_data(desk: Desk, made: Manifest) -> str:
    """Say why what a bundle was made from cannot be read here, and which setting helps; "" if its files are there.

    Args:
        desk: What is looked at.
        made: The bundle.
    """
    named, names = desk.settings.console.training_data, str(made.provenance.get("dataset", ""))
    again = "and begin the console anew."
    try:
        datasets = find_all(names)
    except ConfigError:
        return f"{made.name} does not say from which dataset it was made: it cannot be trained or measured from here."
    if named is not None:
        if len(datasets) > 1:
            return (
                f"console.training_data names one place, and {made.name} was made from {len(datasets)} datasets "
                f"({names}). Remove it from the settings, name the folder of all in the setting data, {again}"
            )
        there = datasets[0].here(named)
        return "" if there else f"Nothing lies at {named.resolve()}. Correct console.training_data, {again}"
    for dataset in datasets:
        if dataset.name in ANYWHERE:
            return f"{made.name} was made from files of your own. Name them under console.training_data, {again}"
        where = place(dataset.full_name, desk.settings.data)
        if not dataset.here(where):
            own = " or the dataset's own place under console.training_data," if len(datasets) == 1 else ""
            return (
                f"{made.name} was made from {names}, and the files of {dataset.full_name} are not in "
                f"{where.resolve()}. Name the folder of the datasets in the setting data (it is "
                f"{desk.settings.data.resolve()}),{own} {again}"
            )
    return ""
