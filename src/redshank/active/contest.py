"""Two bundles on labelled rows that neither was made with: what `redshank models` compares and promotes on.

In: two bundles and datasets. Out: a `Contest`, ready for the gate. The one idea: every distinct vector of a dataset
counts but those that training, validation or calibration of either bundle has seen, as far as their manifests tell. So
a bundle's own dataset leaves its test part, and another dataset is there as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.active.caps import Rows
from redshank.active.decision import Decision, Gate, Paired
from redshank.active.promote import compare, decide, unseen
from redshank.active.query import Scorer
from redshank.active.told import Told
from redshank.active.trained import KEY
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.core.schema import BENIGN
from redshank.data.dataset import TOGETHER, Labelled
from redshank.data.grouping import usual_grouping
from redshank.data.parts import OTHER_FAMILY, Part, joined
from redshank.data.protocol import ATTACK
from redshank.detect.calibrate import Calibration, calibrated
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.graph import Graph
from redshank.learn.model import Floats
from redshank.learn.retest import distinct_rows, parts_of

LABELS = "labels"
"""What the labels of a store are called among the rows that judge."""


def scorer(bundle: Bundle, classes: Sequence[str]) -> Scorer:
    """Return calibrated probabilities of a bundle in classes that may be more, or only benign and attack.

    Args:
        bundle: The bundle.
        classes: Benign first; a class that the bundle does not have is never probable. If the bundle has one that is
            not among them, there must be one beside benign, which stands for all attacks.
    """
    graph, calibration = Graph(bundle), Calibration.from_dict(bundle.manifest.calibration)
    own = bundle.manifest.classes
    named = set(own) <= set(classes)
    place = np.zeros((len(own), len(classes)))
    for at, name in enumerate(own):
        place[at, classes.index(name) if named else min(at, 1)] = 1

    def score(x: Floats) -> Floats:
        return (calibrated(calibration, graph.probabilities(x)) @ place).astype(np.float32)

    return score


@dataclass(frozen=True)
class Contest:
    """Champion and challenger, and what they are judged on.

    Args:
        champion, challenger: They score, calibrated.
        classes: Of both, benign first; "attack" alone beside it if one of them tells no families.
        frozen: Rows by dataset.
        groups: Of the rows, by dataset, where it knows groups.
        alarm_at: Thresholds of both.
        notes: What a reader must know, one line each.
    """

    champion: Scorer
    challenger: Scorer
    classes: tuple[str, ...]
    frozen: dict[str, Part]
    groups: dict[str, Rows]
    alarm_at: tuple[float, float]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        champion: Bundle,
        challenger: Bundle,
        datasets: Sequence[Labelled],
        rate: float,
        told: Told | None = None,
    ) -> "Contest":
        """Make the bundles and the rows ready.

        Args:
            champion: The bundle in service.
            challenger: The other one.
            datasets: What they are judged on.
            rate: The false-alarm rate whose thresholds raise alarms, 0 to 1.
            told: Labels of a store, in the features of both; those that neither was taught judge too.

        Raises:
            BundleError: If a bundle was made for other features than this version computes, or is damaged.
            ConfigError: If one has no threshold for the rate.
            ActionError: If they take different features, or a dataset leaves no row that neither was made with.
        """
        both = (champion, challenger)
        thresholds = [Classifier(one, rate).threshold for one in both]
        if champion.manifest.feature_set != challenger.manifest.feature_set:
            raise ActionError(
                f"{challenger.manifest.name}: takes features {challenger.manifest.feature_set}, the champion "
                f"{champion.manifest.name} takes {champion.manifest.feature_set}: no row is the same for both"
            )
        families = all(one.manifest.task == "family" for one in both)
        several = [name for one in both for name in one.manifest.classes]
        classes = tuple(dict.fromkeys(several)) if families else (BENIGN, ATTACK)
        frozen, groups = {}, {}
        notes = [
            f"{one.manifest.name}: was also taught {one.manifest.provenance[KEY]['count']:,} labels of a store, whose "
            "rows are not known here and not left out"
            for one in both
            if datasets and KEY in one.manifest.provenance
        ]
        for labelled in datasets:
            part, names, note = _fresh(both, labelled)
            y = _numbers(names.tolist(), classes if families else ())
            frozen[labelled.name] = replace(part, y=y[part.y])
            notes.append(note)
            grouping = usual_grouping(labelled)
            if grouping is not None:
                groups[labelled.name] = grouping.number[part.row]
                notes.append(f"{labelled.name}: whole groups are resampled, by {grouping.by}")
        if told is not None:
            frozen[LABELS], note = _untaught(both, told, classes if families else ())
            notes.append(note)
        return cls(
            scorer(champion, classes),
            scorer(challenger, classes),
            classes,
            frozen,
            groups,
            (thresholds[0], thresholds[1]),
            tuple(notes),
        )

    def decide(self, gate: Gate) -> Decision:
        """Ask the gate; see `promote.decide`."""
        return decide(self.champion, self.challenger, self.frozen, gate=gate, **self._how)

    def compare(self, gate: Gate) -> tuple[Paired, ...]:
        """Measure both by every metric; see `promote.compare`."""
        return compare(self.champion, self.challenger, self.frozen, gate=gate, **self._how)

    @property
    def _how(self) -> dict[str, Any]:
        return {"classes": self.classes, "groups": self.groups, "alarm_at": self.alarm_at}


def _numbers(families: Sequence[str], known: Sequence[str]) -> Rows:
    """Number families: their place among the known ones, benign first; where none are known, attacks are 1."""
    found = [0 if n == BENIGN else known.index(n) if n in known else OTHER_FAMILY if known else 1 for n in families]
    return np.array(found, dtype=np.int64)


def _untaught(bundles: Sequence[Bundle], told: Told, known: Sequence[str]) -> tuple[Part, str]:
    """Return the labelled flows that no bundle was taught and that may measure, and a note."""
    taught = {one for bundle in bundles for one in bundle.manifest.provenance.get(KEY, {}).get("questions", ())}
    labelled = [row for row in told.labelled.tolist() if told.questions[row].measures]
    rows = np.array([row for row in labelled if told.questions[row].id not in taught], dtype=np.int64)
    if not len(rows):
        raise ActionError(
            f"store: {len(labelled)} labels, of which none is left that neither bundle was taught; answer more"
        )
    y = _numbers([told.family[row] for row in rows.tolist()], known)
    drawn = sum(told.questions[row].at_random for row in rows.tolist())
    note = (
        f"{LABELS}: {len(rows):,} of {len(labelled):,} labelled flows were taught to neither; chance drew {drawn:,} of "
        "them, doubt the others, which favors whoever differs from the champion"
    )
    return Part(told.x[rows], y, np.ones(len(rows), np.float32), rows), note


def _fresh(bundles: Sequence[Bundle], labelled: Labelled) -> tuple[Part, npt.NDArray[np.str_], str]:
    """Return the distinct rows that no bundle was made with, the names of their classes, and a note."""
    draft, names = distinct_rows(labelled, bundles[0].manifest.feature_set)
    part = whole = draft.parts[0]
    for bundle in bundles:
        made_with = bundle.manifest.provenance
        if made_with.get("sha256") == labelled.sha256:
            parts = parts_of(bundle, labelled)
            seen = joined([parts.train, parts.validation, parts.calibration])
            # Rows too: a feature set that remembers gives a row another vector in another part.
            rows = np.concatenate([one.counted()[1] for one in (parts.train, parts.validation, parts.calibration)])
            vector, row = part.counted()
            stale = np.zeros(len(part), np.bool_)
            stale[vector[np.isin(row, rows)]] = True
            part = unseen(part.take(np.flatnonzero(~stale).astype(np.int64)), seen.x)
        elif shared := set(str(made_with.get("dataset")).split(TOGETHER)) & set(labelled.name.split(TOGETHER)):
            raise ActionError(
                f"bundle {bundle.manifest.name}: was made with {made_with.get('dataset')}, and {labelled.name} shares "
                f"'{min(shared)}' with that in another form; judge on {made_with.get('dataset')}, or on other data"
            )
    if not len(part):
        raise ActionError(f"{labelled.name}: every row was used to make one of the bundles; name other data")
    return (
        part,
        names,
        f"{labelled.name}: {len(part):,} of {len(whole):,} distinct vectors were in the making of neither",
    )
