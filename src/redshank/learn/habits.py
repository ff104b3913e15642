"""Learn what is benign on a network from flows that nobody labelled, though an attacker may have been there.

In: FLOW rows of a period, and a classifier that screens it unless a person declares it clean. Out: the bundle of an
anomaly detector, and which flows were left out and why. The one idea: no flow vouches for itself.

1. What the classifier raises an alarm on is left out.
2. Distinct vectors count once, so that a flood is no more than its few shapes.
3. Outliers are left out: the devices are parted into folds, and so is the time; a vector that only one fold has is
   judged by a model that was made from the others. The oddest share of all vectors is quarantined.
4. A quarter of the vectors, drawn at random, calibrates; the others train.

Wrong as a proof that a period was clean: an attack that the classifier does not know is learnt as a habit if it is more
of the period than is quarantined, or comes from most devices all the time. What is quarantined is not learnt either,
and raises alarms when it comes again, beyond the stated rate: that is the price.
Source: cross-fitting as in Chernozhukov et al., "Double/debiased machine learning", The Econometrics Journal, 2018.
What each step is worth stands in docs/measured.md.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.core.schema import BENIGN
from redshank.data.dataset import Labelled
from redshank.data.parts import Part, Parts
from redshank.data.protocol import ATTACK
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration
from redshank.detect.detectors.anomaly import Anomaly
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.graph import Graph
from redshank.detect.reference import Reference, reference_of
from redshank.features.feature_set import FEATURE_SETS
from redshank.flows.ended import ended
from redshank.learn import measures
from redshank.learn.model import Floats
from redshank.learn.reconstruction import Reconstruction
from redshank.learn.train import Trained, build, learn, make_bundle

MODEL = "recurrent_autoencoder"
SETTINGS: Mapping[str, Any] = {"units": 16, "code": 4, "bins": 8, "batch_size": 128}
"""Chosen on three of the lab's homes, judged on a fourth: larger ones tell no more."""
STEPS = 900
"""Steps of training, however many rows there are; with many more, an autoencoder gives back attacks as well."""
MOST_EPOCHS = 60
FOLDS = 4
CALIBRATION = 0.25
QUARANTINE = 0.02
"""For a screened period: what a classifier knows is left out already. More than this in the period is learnt."""
LEAST = 500
"""Distinct vectors without which no habit is known: a quarter of them certifies 1 % and little more."""
SCREENING_RATE = 0.01
PROTOCOL = "benign"

Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Period:
    """Flows to learn from, and who says that they are benign.

    Args:
        flows: FLOW rows of one network, in the order of time; only those that have ended count.
        source: What they are, for provenance.
        screen: The classifier that screens them; None if a person declares them clean.
        declared_by: That person.
    """

    flows: pa.RecordBatch
    source: str
    screen: Bundle | None = None
    declared_by: str = ""

    def screened(self) -> tuple[Bools, Bools]:
        """Tell which flows have ended, and on which of these the classifier raises an alarm. [n] each."""
        final = ended(self.flows).to_numpy(zero_copy_only=False)
        if self.screen is None:
            return final, np.zeros(len(final), dtype=np.bool_)
        alarm = Classifier(self.screen, SCREENING_RATE).judge(self.flows).column("alarm")
        return final, final & alarm.fill_null(False).to_numpy(zero_copy_only=False)


@dataclass(frozen=True)
class Learned:
    """An anomaly bundle, and what was left out of it.

    Args:
        bundle: The bundle.
        screened, quarantined: Which of the flows given were left out, by the classifier and as outliers. [n]
    """

    bundle: Bundle
    screened: Bools
    quarantined: Bools

    def by_device(self, flows: pa.RecordBatch) -> list[dict[str, str | int]]:
        """Count what was left out of `flows`, by source device, most first."""
        device = np.array(flows.column("src_ip").fill_null("").to_pylist(), dtype=np.str_)
        screened, quarantined = Counter(device[self.screened].tolist()), Counter(device[self.quarantined].tolist())
        return [
            {"device": name, "screened": screened[name], "quarantined": quarantined[name]}
            for name, _ in sorted((screened + quarantined).items(), key=lambda item: (-item[1], item[0]))
        ]


def learn_habits(
    period: Period,
    name: str,
    *,
    feature_set: str = "conn",
    quarantine: float = QUARANTINE,
    seed: int = 0,
    command: str = "",
) -> Learned:
    """Learn from a period.

    Args:
        period: The flows.
        name: The bundle's name.
        feature_set: Name of a feature set.
        quarantine: Share of the distinct vectors that is left out as outliers, 0 or more, below 0.5.
        seed: The same seed and flows give the same bundle.
        command: The command that made it, without the paths of this machine.

    Raises:
        ActionError: If too few distinct flows are left, or the exported graph does not agree with the model.
        ConfigError: If there is no such feature set.
    """
    features = FEATURE_SETS.find(feature_set)
    ended, screened = period.screened()
    place = np.flatnonzero(ended & ~screened)
    flows = period.flows.take(pa.array(place))
    x = features().encode(flows)
    _, first, which = np.unique(np.nan_to_num(x, nan=-1.0), axis=0, return_index=True, return_inverse=True)
    which, x = which.reshape(-1), x[first]
    if len(x) < LEAST:
        raise ActionError(
            f"{period.source}: {len(x):,} distinct flows are left of {int(ended.sum()):,}, too few to know what is "
            f"usual; give a longer period, with {LEAST:,} or more"
        )
    begun = time.perf_counter()
    odd = _oddest(x, which, _folds(flows, seed), quarantine, feature_set, seed)
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(~odd))
    cut = round(CALIBRATION * len(rows))
    notes = {
        "flows": int(ended.sum()),
        "screened_flows": int(screened.sum()),
        "benign_says": period.screen.manifest.name if period.screen else period.declared_by,
        "distinct_vectors": len(x),
        "quarantined_vectors": int(odd.sum()),
    }
    digest = hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()
    parts = replace(_parts(feature_set, x[rows[cut:]], x[rows[:cut]], seed), dataset=period.source, sha256=digest)
    parts = replace(parts, notes=notes)
    model = _model(parts, STEPS)
    scores = calibrate.attack_score(model.predict_proba(parts.calibration.x))
    trained = Trained(model, MODEL, seed, calibrate.fit_benign(scores), time.perf_counter() - begun)
    made = make_bundle(trained, parts, name, {}, command=command)
    errors = Graph(made).errors(parts.calibration.x).astype(np.float64)
    usual = dict(zip(made.manifest.columns, np.quantile(errors, 0.99, axis=0).tolist(), strict=True))
    told = {"benign_errors": usual, "reference": _reference(made, flows.filter(pa.array(~odd[which]))).to_dict()}
    manifest = replace(made.manifest, calibration={**made.manifest.calibration, **told})
    quarantined = np.zeros(len(ended), dtype=np.bool_)
    quarantined[place[odd[which]]] = True
    return Learned(Bundle(manifest, made.model), screened, quarantined)


def detection(bundle: Bundle, labelled: Labelled, rate: float = 0.01) -> dict[str, Any]:
    """Measure what an anomaly bundle raises an alarm on, by family; each distinct vector of a family counts once.

    Args:
        bundle: The bundle.
        labelled: Flows that it has never seen.
        rate: The false-alarm rate that it is asked for.

    Returns:
        By family, "benign" among them: share of alarms, its 95 % interval (Clopper-Pearson), vectors.
    """
    detector = Anomaly(bundle, rate, warm_up=0)
    alarm = detector.judge(labelled.flows).column("alarm").fill_null(False).to_numpy(zero_copy_only=False)
    x = np.nan_to_num(type(detector.features)().encode(labelled.flows), nan=-1.0)
    found = {}
    for family in sorted(set(labelled.family.tolist()), key=lambda one: (one != BENIGN, one)):
        own = np.flatnonzero(labelled.family == family)
        once = own[np.unique(x[own], axis=0, return_index=True)[1]]
        count = int(alarm[once].sum())
        low, high = measures.clopper_pearson(count, len(once)) or (0.0, 1.0)
        found[family] = {"alarms": count / len(once), "low": low, "high": high, "vectors": len(once)}
    return {"dataset": labelled.name, "sha256": labelled.sha256, "rate": rate, "families": found}


def _reference(bundle: Bundle, flows: pa.RecordBatch) -> Reference:
    """Make the blocks that later traffic is compared with; each flow counts, not each vector."""
    features = FEATURE_SETS.find(bundle.manifest.feature_set)
    x = features().encode(flows)
    calibration = Calibration.from_dict(bundle.manifest.calibration)
    p = calibrate.p_values(calibration, calibrate.attack_score(Graph(bundle).probabilities(x)))
    return reference_of(x[:, -len(features.columns) :], p, flows.column("src_ip"), features.columns)


def _folds(flows: pa.RecordBatch, seed: int) -> list[Longs]:
    """Part flows by device, each device in one fold, and by time. [n] each."""
    devices = flows.column("src_ip").fill_null("").dictionary_encode()
    fold = np.arange(len(devices.dictionary)) % FOLDS
    by_device = np.random.default_rng(seed).permutation(fold)[devices.indices.to_numpy()]
    ts = flows.column("ts").cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    by_time = np.empty(len(ts), dtype=np.int64)
    by_time[np.argsort(ts, kind="stable")] = np.arange(len(ts)) * FOLDS // max(len(ts), 1)
    return [by_device, by_time]


def _oddest(x: Floats, which: Longs, folds: list[Longs], share: float, feature_set: str, seed: int) -> Bools:
    """Choose the vectors that are most unlike what other devices, or other times, say.

    Shape:
        x: [m, steps * c]; which: [n], the vector of each flow; folds: [n] each; returns: [m].
    """
    worst = np.zeros(len(x))
    most = int(share * len(x))
    for fold in folds if most else ():
        for one in range(FOLDS):
            others = np.unique(which[fold != one])
            own = np.setdiff1d(np.arange(len(x)), others)
            # What is most of the traffic cannot be judged by the rest.
            if len(own) and len(others) >= len(x) / 2:
                parts = _parts(feature_set, x[others], x[:0], seed)
                worst[own] = np.maximum(worst[own], _model(parts, STEPS // 2).oddness(x[own]))
    odd = np.zeros(len(x), dtype=np.bool_)
    odd[np.argsort(-worst, kind="stable")[:most]] = True
    return odd & (worst > 0)


def _parts(feature_set: str, train: Floats, calibration: Floats, seed: int) -> Parts:
    """Make parts of benign rows."""

    def part(x: Floats) -> Part:
        rows = np.arange(len(x))
        return Part(x, np.zeros(len(x), dtype=np.int64), np.ones(len(x), dtype=np.float32), rows)

    features = FEATURE_SETS.find(feature_set)
    return Parts(
        part(train),
        part(train[:0]),
        part(calibration),
        part(train[:0]),
        columns=features.columns,
        classes=(BENIGN, ATTACK),
        dataset="",
        sha256="",
        protocol=PROTOCOL,
        task="binary",
        seed=seed,
        feature_set=feature_set,
        steps=features.steps,
    )


def _model(parts: Parts, steps: int) -> Reconstruction:
    """Train on the train part for about so many steps."""
    epochs = min(MOST_EPOCHS, max(1, round(steps * SETTINGS["batch_size"] / len(parts.train))))
    model = cast("Reconstruction", build(parts, MODEL, {**SETTINGS, "epochs": epochs}, parts.seed))
    learn(model, parts)
    return model
