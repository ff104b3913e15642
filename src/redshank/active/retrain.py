"""Train a challenger on what a store has been told, and let the gate decide.

In: the champion's bundle, the dataset that it was made from, the store's labels. Out: a challenger by the same trainer,
whose provenance lists its labels, and the gate's decision. The one idea: the labels whose flows came last are trained
on by nobody and measure both; labels from before, and the dataset's test part, are the past that must not get worse.

Labels that a model's own doubts chose are no fair sample: the champion is at its worst there, whoever challenges. So
only flows that chance drew measure, where there are enough; where not, that is said.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from redshank.active.caps import Rows
from redshank.active.contest import scorer
from redshank.active.decision import Decision, Gate
from redshank.active.gain import Outlook
from redshank.active.promote import CANARIES, REGRESSION, decide, unseen
from redshank.active.stopping import outlook
from redshank.active.told import Told, classes
from redshank.active.trained import HOLD_OUT, KEY, label_provenance
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.data.dataset import Labelled
from redshank.data.encoding import FlowEncoding
from redshank.data.parts import OTHER_FAMILY, Part, joined
from redshank.detect.calibrate import Calibration
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.graph import Graph
from redshank.learn.compare import RESAMPLES
from redshank.learn.evaluate import evaluate
from redshank.learn.evaluation import Evaluation
from redshank.learn.model import Floats
from redshank.learn.reference import with_reference
from redshank.learn.retest import parts_of
from redshank.learn.settings import settings_again
from redshank.learn.train import fit, make_bundle
from redshank.store.question import Question

LATER = "later"
NEW_FAMILY = 10  # training rows with which a family that the champion does not know becomes a class


@dataclass(frozen=True)
class Retrained:
    """A challenger, and whether it replaces the champion.

    Args:
        bundle: The challenger.
        decision: The gate's.
        rows: How many rows of what trained and measured.
        notes: What a reader must know, one line each.
        outlook: What the next answers promise.
        measured: Champion and challenger, on the dataset's test part.
    """

    bundle: Bundle
    decision: Decision
    rows: Mapping[str, int]
    notes: tuple[str, ...]
    outlook: Outlook
    measured: tuple[Evaluation, Evaluation]

    def evidence(self) -> dict[str, Any]:
        """Return what a shelf writes down beside the decision."""
        return {
            **self.decision.to_dict(),
            "rows": dict(self.rows),
            "notes": list(self.notes),
            "next_answers": self.outlook.facts(None),
        }


def retrain(
    champion: Bundle,
    base: Labelled,
    told: Told,
    name: str,
    *,
    hold_out: float = HOLD_OUT,
    weight: float = 1.0,
    doubted: Collection[str] = (),
    canaries: Labelled | None = None,
    gate: Gate | None = None,
    rate: float = 0.01,
    command: str = "",
    progress: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> Retrained:
    """Train a challenger and judge it.

    Args:
        champion: The bundle in service.
        base: The dataset that it was made from; its rows train again, by the same protocol and seed.
        told: What the store has been told, in the champion's features.
        name: The challenger's name.
        hold_out: Share of the labels, the latest flows, that nobody trains on; 0 to 1.
        weight: Of a label beside a row of the dataset.
        doubted: Questions whose labels nobody trains on, because they may be wrong; see `vetting.vet`.
        canaries: Attacks that must stay detected.
        gate: What is asked of the challenger.
        rate: The false-alarm rate whose thresholds raise alarms, 0 to 1.
        command: The command that was run, without the paths of this machine.
        progress: Whether to log each epoch.
        step: Told of each of three steps that begins: training, measuring, the gate.

    Raises:
        ActionError: If there is no label to train on, or the dataset does not have the champion's classes.
        BundleError: If the champion is damaged, or was made for other features.
    """
    gate = gate or Gate()
    made = champion.manifest
    trained = made.provenance
    old = parts_of(champion, base)
    known = tuple(made.classes)
    strange = sorted(set(old.classes) - set(known))
    if strange:
        raise ActionError(f"{base.name}: has {strange[0]}, which champion {made.name} does not know; name its own data")
    used = set(trained.get(KEY, {}).get("questions", ()))
    learn, later = split_later(told, used, hold_out)
    learn = np.array([row for row in learn.tolist() if told.questions[row].id not in doubted], dtype=np.int64)
    if not len(learn):
        raise ActionError(
            f"store: {len(told.labelled)} labels, of which none is left to train on; answer questions first"
        )
    names, notes = _classes(told, learn, known, made.task)
    y = _numbers(told.family, names)
    rename = np.array([*(names.index(one) for one in old.classes), OTHER_FAMILY], dtype=np.int64)
    taught = _part(told, y, learn[y[learn] != OTHER_FAMILY])
    train, validation, calibration, test = (
        replace(clean, y=rename[clean.y])
        for clean in (unseen(part, taught.x) for part in (old.train, old.validation, old.calibration, old.test))
    )
    parts = replace(
        old,
        train=joined([train, taught]),
        validation=validation,
        calibration=calibration,
        test=test,
        classes=names,
    )
    weights = np.concatenate([np.ones(len(train), np.float32), np.full(len(taught), weight, np.float32)])
    settings = settings_again(made.model, made.settings)
    step(f"training on {len(train):,} rows of the dataset and {len(taught):,} labels")
    result = fit(
        parts, made.model, settings=settings, seed=int(trained.get("seed", 0)), progress=progress, weight=weights
    )
    step(f"measuring champion and challenger on {len(test):,} test rows")
    judged = evaluate(result.model.predict_proba(test.x), test, names, result.calibration, resamples=RESAMPLES)
    past = evaluate(
        Graph(champion).probabilities(test.x), test, known, Calibration.from_dict(made.calibration), resamples=RESAMPLES
    )
    bundle = make_bundle(result, parts, name, judged.vector.headline, command=command)
    bundle = with_reference(bundle, base, replace(parts, train=train))
    labels = [label for row in learn.tolist() for label in told.labels[row]]
    provenance = {**bundle.manifest.provenance, KEY: label_provenance(labels), "champion": made.name}
    bundle = replace(bundle, manifest=replace(bundle.manifest, provenance=provenance))
    seen = np.concatenate([old.train.x, old.validation.x, old.calibration.x, taught.x])
    measured, note = _measured(told, y, later, seen, made.sha256, gate)
    earlier = np.array([told.questions[row].measures for row in taught.row.tolist()], dtype=np.bool_)
    frozen = {LATER: measured, REGRESSION: joined([taught.take(np.flatnonzero(earlier).astype(np.int64)), test])}
    if canaries is not None:
        frozen[CANARIES] = unseen(_canaries(canaries, made.feature_set, names), seen)
    before, now = scorer(champion, names), scorer(bundle, names)
    step(f"asking the gate, on {len(measured):,} held-out answers")
    decision = decide(
        before,
        now,
        frozen,
        classes=names,
        gate=gate,
        trained_on=seen,
        alarm_at=(Classifier(champion, rate).threshold, Classifier(bundle, rate).threshold),
        seed=int(trained.get("seed", 0)),
    )
    rows = {"dataset": len(train), "labels": len(taught), **{name: len(part) for name, part in frozen.items()}}
    ahead = outlook(told, learn, len(used), before, now, len(names))
    return Retrained(bundle, decision, rows, (*notes, *note), ahead, (past, judged))


def split_later(told: Told, used: Collection[str], hold_out: float) -> tuple[Rows, Rows]:
    """Split labelled questions into those to train on and those whose flows came last.

    Labels that rest on false alarms only train: where the champion is wrong, any challenger looks better.

    Args:
        told: Questions and labels.
        used: Questions that the champion was trained on: they stay among those to train on.
        hold_out: Share of the others that are the latest, 0 to 1.

    Shape:
        returns: [m] and [l] int64, rows of `told`.
    """
    rows = told.labelled
    when = np.array([told.questions[row].flow.get("ts", 0) for row in rows.tolist()], dtype=np.int64)
    rows = rows[np.argsort(when, kind="stable")]
    fresh = np.array([_measures(told.questions[row], used) for row in rows.tolist()], dtype=np.bool_)
    later = rows[fresh][len(rows[fresh]) - round(hold_out * int(fresh.sum())) :]
    return np.setdiff1d(rows, later), later


def _measures(question: Question, used: Collection[str]) -> bool:
    return question.measures and question.id not in used


def next_name(champion: str, names: Collection[str]) -> str:
    """Return the name of the challenger after a champion.

    Example:
        >>> next_name("lab", ["lab"]), next_name("lab-r1", ["lab", "lab-r1", "lab-r2"])
        ('lab-r1', 'lab-r3')
    """
    root = re.sub(r"-r\d+$", "", champion)
    taken = [int(found[1]) for name in names if (found := re.fullmatch(re.escape(root) + r"-r(\d+)", name))]
    return f"{root}-r{max(taken, default=0) + 1}"


def _classes(told: Told, learn: Rows, known: tuple[str, ...], task: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the challenger's classes: the champion's, and new families that have labels enough."""
    if task == "binary":
        return known, []
    counts = Counter(told.family[row] for row in learn.tolist() if told.family[row] not in known)
    new = sorted(family for family, count in counts.items() if count >= NEW_FAMILY)
    rare = [f"{family} ({count})" for family, count in sorted(counts.items()) if count < NEW_FAMILY]
    notes = [f"new families: {', '.join(new)}"] if new else []
    if rare:
        notes.append(f"families with fewer than {NEW_FAMILY} labels, not trained on: {', '.join(rare)}")
    return (*known, *new), notes


def _numbers(families: Sequence[str], names: tuple[str, ...]) -> Rows:
    found = classes([family or names[0] for family in families], names)
    return np.where(found < len(names), found, OTHER_FAMILY)


def _part(told: Told, y: Rows, rows: Rows) -> Part:
    return Part(told.x[rows], y[rows], np.ones(len(rows), np.float32), rows)


def _measured(
    told: Told, y: Rows, later: Rows, seen: Floats, champion_sha256: str, gate: Gate
) -> tuple[Part, tuple[str, ...]]:
    """Return the held-out rows that measure, and what must be said of them."""
    whole = unseen(_part(told, y, later), seen)
    blind = np.array([told.questions[row].at_random for row in whole.row.tolist()], dtype=np.bool_)
    if blind.sum() >= gate.fewest:
        return whole.take(np.flatnonzero(blind).astype(np.int64)), ()
    doubts = sum(told.questions[row].bundle_sha256 == champion_sha256 for row in whole.row[~blind].tolist())
    if not doubts:
        return whole, ()
    note = (
        f"{doubts} of the {len(whole)} rows that measure were chosen by the champion's own doubts, which favors any "
        f"challenger; {gate.fewest} that chance drew would not: a tenth of `redshank ask`, all of --strategy random"
    )
    return whole, (note,)


def _canaries(labelled: Labelled, feature_set: str, names: tuple[str, ...]) -> Part:
    every = np.arange(len(labelled.flows))
    (x,) = FlowEncoding(labelled, feature_set).encode([every]).x
    return Part(x, _numbers(labelled.family.tolist(), names), np.ones(len(x), np.float32), every)
