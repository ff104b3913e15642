"""Train one model on the parts of a dataset, and make a bundle of it.

In: Parts, a model's name and its settings. Out: a `Trained` model with its calibration, then a `Bundle` that carries
where it came from. The parts keep their roles: train trains, validation stops early, calibration sets temperature and
thresholds; test is not touched here. Every distinct vector trains with the same weight: row multiplicity says how long
a capture ran, not how much a vector matters.
"""

import inspect
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.bundle import Bundle, Manifest
from redshank.core.errors import ActionError, ConfigError
from redshank.data.parts import Parts
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration
from redshank.detect.neighbors import NEIGHBORS, written
from redshank.features.feature_set import FEATURE_SETS
from redshank.learn.cleaned import Cleaned
from redshank.learn.export import export
from redshank.learn.model import MODELS, Epoch, Model
from redshank.learn.offsets import OFFSETS, Offsets
from redshank.learn.provenance import plain, provenance
from redshank.learn.settings import check_settings

# Rows that the exported graph is checked on against the model it came from.
SAMPLE_ROWS = 1024
# All epochs of a network are worth a line, two hundred boosting rounds are not.
EPOCHS_LOGGED = 25
# Of each class, in a bundle: of a dozen classes some 25 KB, and a neighbor is found in some ten microseconds.
KNOWN_FLOWS = 32

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A model after training.

    Args:
        model: The fitted estimator.
        name: Its name in `MODELS`.
        seed: Its seed.
        calibration: Fitted on the calibration part.
        seconds: Wall time of training.
    """

    model: Model
    name: str
    seed: int
    calibration: Calibration
    seconds: float


def fit(
    parts: Parts,
    model: str,
    *,
    settings: dict[str, Any] | None = None,
    seed: int = 0,
    progress: bool = False,
    kept_in: Path | None = None,
    weight: npt.NDArray[np.float32] | None = None,
) -> Trained:
    """Train a model on the train part and calibrate it on the calibration part.

    Args:
        parts: The dataset under a protocol.
        model: A name in `MODELS`.
        settings: Constructor arguments that differ from their defaults, and under "clean" the texts of cleaning steps,
            under "select" and "select_from" those of `Selected`.
        seed: Of the model; the same seed gives the same model.
        progress: Whether to log each epoch.
        kept_in: Folder in which interrupted training is kept, and from which the same call goes on; see `Model`.
        weight: Of each training row; equal if absent. [n] float32

    Raises:
        ConfigError: If there is no such model, or it has no such setting.
        ActionError: If a part that training needs has no rows.
    """
    estimator = build(parts, model, settings or {}, seed)
    for name in ("train", "calibration"):
        if not len(getattr(parts, name)):
            raise ActionError(
                f"{parts.dataset}: the {name} part has no rows under protocol {parts.protocol}; use another protocol"
            )
    if progress:
        _log.info("training %s, seed %d, on %s rows", model, seed, f"{len(parts.train):,}")
        estimator.on_epoch = _Progress(len(parts.train), int(estimator.settings().get("epochs", 0)))
    estimator.kept_in = kept_in
    trained = train_anew(estimator, parts, model, seed, weight)
    if progress:
        _log.info("trained %s, seed %d, in %.1f s", model, seed, trained.seconds)
    return trained


def train_anew(
    estimator: Model, parts: Parts, name: str, seed: int, weight: npt.NDArray[np.float32] | None = None
) -> Trained:
    """Train a model that was made already, and calibrate it.

    Args:
        estimator: The model, untrained.
        parts: The dataset under a protocol.
        name: The model's name in `MODELS`.
        seed: The model's seed.
        weight: Of each training row; equal if absent. [n] float32
    """
    begun = time.perf_counter()
    learn(estimator, parts, weight)
    seconds = time.perf_counter() - begun
    found = calibrate.fit(estimator.predict_proba(parts.calibration.x), parts.calibration.y)
    return Trained(estimator, name, seed, found, seconds)


def build(parts: Parts, model: str, settings: dict[str, Any], seed: int) -> Model:
    """Make an untrained model for these parts, with all that stands around it.

    Args:
        parts: What it will be trained on.
        model: A name in `MODELS`.
        settings: As of `fit`.
        seed: Of the model.

    Raises:
        ConfigError: If there is no such model, it has no such setting, or it is not for this task.
    """
    kind = MODELS.find(model)
    chosen = {**_recipe(kind, parts), **settings}
    clean = tuple(chosen.pop("clean", ()))
    select, select_from = chosen.pop("select", ""), chosen.pop("select_from", "columns")
    check_settings(model, chosen)
    if kind.one_class and len(parts.classes) > 2:
        raise ConfigError(
            f"task: '{parts.task}' has {len(parts.classes)} classes, but {model} learns from benign rows alone and "
            "tells benign from attack; use task binary"
        )
    imbalance = chosen.get("imbalance", "none")
    if imbalance not in (*kind.imbalances, OFFSETS):
        raise ConfigError(
            f"imbalance: '{imbalance}' is not one of {', '.join((*kind.imbalances, OFFSETS))} for {model}"
        )
    by_itself = "imbalance" in inspect.signature(kind).parameters
    if imbalance == OFFSETS or not by_itself:
        chosen.pop("imbalance", None)
    estimator: Model = kind(**{**chosen, "seed": seed})
    if imbalance not in ("none", OFFSETS) and not by_itself:
        from redshank.learn.balanced import Balanced  # noqa: PLC0415  imports torch, which judging a bundle must not

        estimator = Balanced(model=estimator, imbalance=imbalance, seed=seed)
    if select:
        from redshank.learn.selected import Selected  # noqa: PLC0415  as above

        estimator = Selected(model=estimator, select=select, select_from=select_from, seed=seed)
    if clean:
        estimator = Cleaned(model=estimator, clean=clean, seed=seed)
    # Outermost: the factors are of what the whole says.
    return Offsets(model=estimator, seed=seed) if imbalance == OFFSETS else estimator


def learn(estimator: Model, parts: Parts, weight: npt.NDArray[np.float32] | None = None) -> None:
    """Train on the train part, with the validation part if it has rows."""
    estimator.fit(
        parts.train.x,
        parts.train.y,
        columns=parts.columns,
        n_classes=len(parts.classes),
        weight=weight,
        steps=parts.steps,
        validation=(parts.validation.x, parts.validation.y) if len(parts.validation) else None,
    )


def make_bundle(trained: Trained, parts: Parts, name: str, figures: dict[str, Any], *, command: str = "") -> Bundle:
    """Make the bundle that serves a trained model.

    Args:
        trained: The model and its calibration.
        parts: What it was trained on.
        name: The bundle's name, as verdicts will carry it.
        figures: Headline measures on the test part.
        command: The command that made it, without the paths of this machine.

    Raises:
        ActionError: If the parts have no feature set (the dataset's own columns), or the exported graph does not agree
            with the model.
    """
    if parts.feature_set is None:
        raise ActionError(
            f"{trained.name}: trained on the dataset's own columns (protocol {parts.protocol}), which no sensor gives: "
            "it can be measured, not bundled; train with --protocol leakfree --features conn"
        )
    features = FEATURE_SETS.find(parts.feature_set)
    try:
        graph = export(trained.model, parts.calibration.x[:SAMPLE_ROWS])
    except ValueError as error:
        raise ActionError(f"{trained.name}: {error}; nothing was written") from error
    settings = {key: plain(value) for key, value in sorted(trained.model.settings().items())}
    # Of a sequence of packets no step is the flow itself; of a window the last one is.
    reasons: dict[str, Any] = {"benign_quantiles": {}}
    if features.remembers or features.steps == 1:
        reasons = {"benign_quantiles": benign_quantiles(parts), **known_flows(parts, trained.seed)}
    return Bundle(
        Manifest(
            name=name,
            feature_set=features.name,
            feature_version=features.version,
            fingerprint=features.fingerprint(),
            columns=[column.name for column in features.columns],
            task=parts.task,
            classes=list(parts.classes),
            model=trained.name,
            settings=settings,
            calibration={**trained.calibration.to_dict(), **reasons},
            provenance=provenance(parts, trained.seed, command),
            figures=plain(figures),
        ),
        graph,
    )


def benign_quantiles(parts: Parts) -> dict[str, list[float]]:
    """Return the 1 %, 50 % and 99 % quantiles of benign training rows by number column, for reasons of verdicts.

    They are of the last step of each row. A column that no benign row has is left out.
    """
    benign = parts.train.x[parts.train.y == 0, -len(parts.columns) :]
    found = {}
    for column, values in zip(parts.columns, benign.T, strict=True):
        there = values[np.isfinite(values)]
        if not column.vocabulary and len(there):
            found[column.name] = [float(v) for v in np.quantile(there.astype(np.float64), (0.01, 0.5, 0.99))]
    return found


def known_flows(parts: Parts, seed: int) -> dict[str, dict[str, list[str]]]:
    """Return a few training rows of each class, for reasons of verdicts, as an entry of a bundle's calibration.

    They are the last step of each row, drawn by how many rows of the dataset each stands for: what comes often is
    known. Without attacks to tell apart, or with too few rows, there is no entry.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for at, name in enumerate(parts.classes):
        own = np.flatnonzero(parts.train.y == at)
        if len(own):
            weight = parts.train.weight[own].astype(np.float64)
            drawn = rng.choice(own, min(KNOWN_FLOWS, len(own)), replace=False, p=weight / weight.sum())
            found[name] = written(parts.train.x[np.sort(drawn), -len(parts.columns) :])
    enough = len(found) > 1 and sum(map(len, found.values())) >= NEIGHBORS
    return {"known_flows": found} if enough else {}


def _recipe(kind: type[Model], parts: Parts) -> dict[str, Any]:
    """Return what a protocol asks of a model: the studies feed the network min-max values and nothing else."""
    settings = inspect.signature(kind).parameters
    return {"inputs": "minmax"} if parts.scaled and "inputs" in settings else {}


class _Progress:
    """Logs a line of the curve, how fast it was, and how long the rest takes at most."""

    def __init__(self, rows: int, epochs: int) -> None:
        self.rows, self.epochs = rows, epochs
        self.then = time.perf_counter()

    def __call__(self, line: Epoch) -> None:
        now = time.perf_counter()
        seconds, self.then = now - self.then, now
        if line.epoch > EPOCHS_LOGGED and line.epoch % EPOCHS_LOGGED:
            return
        of, left = "", ""
        if self.epochs:
            of = f" of {self.epochs}"
            left = f", {self.rows / seconds:,.0f} rows/s, at most {seconds * (self.epochs - line.epoch):,.0f} s left"
        _log.info(
            "epoch %d%s: loss %.4f (validation %.4f), accuracy %.4f (validation %.4f)%s",
            line.epoch,
            of,
            line.train_loss,
            line.validation_loss,
            line.train_accuracy,
            line.validation_accuracy,
            left,
        )
