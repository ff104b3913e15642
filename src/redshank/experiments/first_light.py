"""First light: a BiLSTM learns a small network's traffic by asking, and is judged on a network it has never seen.

In: two recordings of the lab. Out: learning curves over the same seeds (the strategy and its random control), the model
that the strategy left, and a table of it beside boosted trees and the constant that had every label. The second
recording has other addresses, devices, timings and attackers; nothing is fitted on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redshank.active.loop import Learned, Plan, Round, learn_actively
from redshank.active.strategy import STRATEGIES
from redshank.core.bundle import Bundle
from redshank.data.dataset import DATASETS, Labelled
from redshank.data.parts import Parts
from redshank.data.protocol import partition
from redshank.detect import calibrate
from redshank.learn.compare import BESIDE, Comparison
from redshank.learn.model import MODELS, Epoch, Model
from redshank.learn.retest import retest
from redshank.learn.train import Trained, fit, make_bundle

STRATEGY = "mixed"
CONTROL = "random"
MODEL = "bilstm"
SETTINGS: dict[str, Any] = {"units": (64, 32, 16), "epochs": 40, "patience": 8, "learning_rate": 0.003}
"""The published network, narrower (so that its bundle stays below 1 MiB) and trained for more epochs: a hundred labels
make four batches."""
PLAN = Plan(initial=100, batch=50, rounds=10)
SEEDS = (0, 1, 2)
COMMAND = "redshank demo"


@dataclass(frozen=True)
class FirstLight:
    """What the demonstration found.

    Args:
        curves: By strategy: one curve per seed, each a tuple of rounds; the score is on the test part.
        bundle: The model that the strategy left with the first seed, ready to serve.
        held_out: That model on the test part of the recording it learned from.
        unseen: That model, boosted trees and the constant on the other recording, every distinct vector.
        pool: Distinct vectors that could be asked about.
        validation_labels: Labels of the gate, a cost beside the questions.
        calibration_labels: Labels that set temperature and thresholds, a cost too.
    """

    curves: dict[str, tuple[tuple[Round, ...], ...]]
    bundle: Bundle
    held_out: Comparison
    unseen: Comparison
    pool: int
    validation_labels: int
    calibration_labels: int


def run(
    learn: Path,
    unseen: Path,
    *,
    plan: Plan = PLAN,
    seeds: tuple[int, ...] = SEEDS,
    settings: dict[str, Any] | None = None,
    on_round: Callable[[str, int, Round], None] | None = None,
) -> FirstLight:
    """Learn from one recording by asking, and measure on the other.

    Args:
        learn: Folder of the recording to learn from.
        unseen: Folder of the recording to be judged on.
        plan: How many questions.
        seeds: One run of each strategy per seed; the first one's model is kept.
        settings: Constructor arguments of the model; `SETTINGS` if absent.
        on_round: Told of the strategy, the seed and the round as each ends.

    Raises:
        SourceError: If a folder is not a recording.
    """
    dataset = DATASETS.find("lab")()
    known, other = dataset.load(learn), dataset.load(unseen)
    parts = partition(known, protocol="leakfree", task="family", seed=0)
    model = MODELS.find(MODEL)(**(SETTINGS if settings is None else settings))
    curves, kept = _curves(parts, model, plan, seeds, on_round)
    calibration = calibrate.fit(kept.model.predict_proba(parts.calibration.x), parts.calibration.y)
    trained = Trained(kept.model, MODEL, seeds[0], calibration, seconds=0.0)
    draft = make_bundle(trained, parts, "first-light", {}, command=COMMAND)
    held_out = retest(draft, known, command=COMMAND)
    judged = _beside(draft, kept.model.curve_, parts, other)
    figures = {
        "labels": len(kept.labelled),
        "held_out": {name: figure.mean for name, figure in held_out.models[0].headline.items()},
        "unseen": {name: figure.mean for name, figure in judged.models[0].headline.items()},
    }
    bundle = Bundle(replace(draft.manifest, figures=figures), draft.model)
    return FirstLight(
        curves, bundle, held_out, judged, len(parts.train), kept.validation_labels, len(parts.calibration)
    )


def _curves(
    parts: Parts,
    model: Model,
    plan: Plan,
    seeds: tuple[int, ...],
    on_round: Callable[[str, int, Round], None] | None,
) -> tuple[dict[str, tuple[tuple[Round, ...], ...]], Learned]:
    curves: dict[str, tuple[tuple[Round, ...], ...]] = {}
    kept: Learned | None = None
    for name in (STRATEGY, CONTROL):
        runs = []
        for seed in seeds:
            model.set_params(seed=seed)

            def tell(point: Round, name: str = name, seed: int = seed) -> None:
                if on_round:
                    on_round(name, seed, point)

            learned = learn_actively(parts, model, STRATEGIES.find(name)(), plan, seed=seed, on_round=tell)
            runs.append(learned.rounds)
            kept = kept or learned
        curves[name] = tuple(runs)
    assert kept is not None, "at least one seed"
    return curves, kept


def _beside(draft: Bundle, curve: list[Epoch], parts: Parts, other: Labelled) -> Comparison:
    """Judge the model on the other recording, beside the usual rows; those had every label of the pool."""
    judged = retest(draft, other, whole=True, command=COMMAND)
    results = [replace(judged.models[0], curve=tuple(curve))]
    for name in BESIDE:
        bundle = make_bundle(fit(parts, name), parts, name, {}, command=COMMAND)
        results += retest(bundle, other, whole=True).models
    return replace(judged, models=tuple(results))
