"""What a store has been told, as rows that a model can learn from.

In: a store's questions and labels, a feature set, the time. Out: one row for each question with a label: its features,
its family, and the labels that it rests on. The one idea: a flow's features are computed again from the flow itself,
so that labels outlive a feature set; only of a set that remembers earlier flows is taken what it saw at the time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from redshank.active.agreement import agreed
from redshank.core.errors import ConfigError
from redshank.core.files import replacing
from redshank.core.records import Label
from redshank.core.schema import BENIGN
from redshank.features.feature_set import FEATURE_SETS
from redshank.store.history import by_question, words
from redshank.store.question import Question, flow_rows
from redshank.store.queue import Queue


@dataclass(frozen=True)
class Told:
    """Questions, and those of them that have a label.

    Args:
        questions: The questions whose features are known.
        x: Their raw feature values. [n, c] float32
        family: The family of each, or "" if it has no label.
        share: The share of answers, or the probability, that speaks for it; 0 without a label.
        labels: The words that each rests on.
        lost: Questions left out: a feature set that remembers has changed since.
    """

    questions: tuple[Question, ...]
    x: npt.NDArray[np.float32]
    family: tuple[str, ...]
    share: npt.NDArray[np.float32]
    labels: tuple[tuple[Label, ...], ...]
    lost: int

    @property
    def labelled(self) -> npt.NDArray[np.int64]:
        """Return which questions have a label. [m] int64."""
        return np.array([row for row, family in enumerate(self.family) if family], dtype=np.int64)

    def classes(self, known: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the class of each labelled question; a family that is not known yet gets a number beyond them.

        Args:
            known: Classes of a bundle. Where they are benign and attack alone, every other family is an attack.

        Shape:
            returns: [m] int64; m = len(labelled).
        """
        return classes([self.family[row] for row in self.labelled.tolist()], known)


def classes(families: Sequence[str], known: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number families; see `Told.classes`.

    Example:
        >>> classes(["dos", "benign", "worm"], ["benign", "dos"]).tolist()
        [1, 0, 2]
        >>> classes(["dos", "benign", "worm"], ["benign", "attack"]).tolist()
        [1, 0, 1]
    """
    if tuple(known) == (BENIGN, "attack"):
        return np.array([int(family != BENIGN) for family in families], dtype=np.int64)
    beyond = sorted(set(families) - set(known))
    number = {family: at for at, family in enumerate([*known, *beyond])}
    return np.array([number[family] for family in families], dtype=np.int64)


def said(queue: Queue, now_s: float) -> dict[str, Mapping[str, Label]]:
    """Return, by question, each annotator's word; questions that nobody answered are not in it.

    Args:
        queue: The store.
        now_s: The time, s since the epoch.
    """
    found = {question: words(labels, now_s) for question, labels in by_question(queue.labels()).items()}
    return {question: given for question, given in found.items() if given}


def told(queue: Queue, feature_set: str, now_s: float, *, method: str = "majority") -> Told:
    """Read a store.

    Args:
        queue: The store.
        feature_set: Name of the feature set that is wanted.
        now_s: The time, s since the epoch.
        method: How several answers become a label; see `agreement.METHODS`.
    """
    found = FEATURE_SETS.find(feature_set)
    everything = queue.questions()
    questions = [
        question
        for question in everything
        if not found.remembers or (question.feature_set, question.fingerprint) == (feature_set, found.fingerprint())
    ]
    if found.remembers:
        x = np.array([question.values for question in questions], dtype=np.float32)
    else:
        x = found().encode(flow_rows([question.flow for question in questions]))
    given = said(queue, now_s)
    decided = agreed(given, method)
    families = tuple(decided.get(question.id, ("", 0.0))[0] for question in questions)
    return Told(
        tuple(questions),
        x.reshape(len(questions), found.steps * len(found.columns)),
        families,
        np.array([decided.get(question.id, ("", 0.0))[1] for question in questions], dtype=np.float32),
        tuple(tuple(given.get(question.id, {}).values()) for question in questions),
        len(everything) - len(questions),
    )


def flows_with_families(queue: Queue, out: Path, now_s: float, method: str = "majority") -> dict[str, int]:
    """Write the labelled flows, each with its family beside it, as the dataset `flows` reads them.

    Args:
        queue: The store.
        out: A .parquet file.
        now_s: The time, s since the epoch.
        method: As of `told`.

    Returns:
        Flows by family.

    Raises:
        ConfigError: If the file is of another kind, or there is no label.
    """
    if out.suffix != ".parquet":
        raise ConfigError(f"-o: '{out}' is no .parquet file; name one")
    decided = agreed(said(queue, now_s), method)
    questions = [question for question in queue.questions() if question.id in decided]
    if not questions:
        raise ConfigError(f"-o: no flow has a label yet, '{out}' would be empty; `redshank label` answers questions")
    families = [decided[question.id][0] for question in questions]
    flows = flow_rows([question.flow for question in questions])
    table = pa.Table.from_batches([flows]).append_column("family", pa.array(families, pa.string()))
    with replacing(out) as part:
        parquet.write_table(table, part, compression="zstd")
    return dict(Counter(families).most_common())
