"""Search the settings of a model on the validation part.

In: parts, a model's name, how many trials. Out: the best settings found, and every trial in a file.
The one idea: the search sees the train part and the validation part and nothing else, so what it finds can be measured
on the test part as any other settings. Each trial is written as it ends; the same call goes on where an interrupted one
was.
Source: Akiba et al., "Optuna", KDD 2019; Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011,
for how settings are suggested; a trial that is worse at an epoch than half of those before it ends there.
"""

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import TrialState

from redshank.core.errors import ActionError, ConfigError
from redshank.data.parts import Parts
from redshank.learn import measures
from redshank.learn.model import MODELS, Epoch
from redshank.learn.provenance import plain
from redshank.learn.settings import written
from redshank.learn.train import build, learn

TRIALS_FILE = "trials.jsonl"
FREE_TRIALS = 5  # trials before any is ended early: half of fewer says nothing
OVER = (TrialState.COMPLETE, TrialState.PRUNED)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measure:
    """What a search makes small.

    Args:
        name: "loss", the cross-entropy, or "macro_f1", which is made large.
    """

    name: str

    def __post_init__(self) -> None:
        """Refuse a name that is none."""
        if self.name not in ("loss", "macro_f1"):
            raise ConfigError(f"--by: '{self.name}' is not one of loss, macro_f1")

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """What is better."""
        return "minimize" if self.name == "loss" else "maximize"

    def of(self, probabilities: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
        """Measure probabilities."""
        if self.name == "loss":
            return float(-np.log(np.maximum(probabilities[np.arange(len(y)), y], 1e-12)).mean())
        called = probabilities.argmax(axis=1)
        found = measures.macro_f1(measures.confusion(y, called, np.ones(len(y)), probabilities.shape[1]))
        return 0.0 if found is None else found


@dataclass(frozen=True)
class Found:
    """What a search found.

    Args:
        settings: The best, with those that were given.
        value: What they reached on the validation part.
        trials: Trials that ended, by how: "complete" or "pruned".
    """

    settings: dict[str, Any]
    value: float
    trials: dict[str, int]

    def options(self) -> list[str]:
        """Return the words for `redshank train`."""
        return [word for name, value in self.settings.items() for word in ("--set", f"{name}={written(value)}")]


def tune(
    parts: Parts,
    model: str,
    folder: Path,
    *,
    trials: int,
    by: str = "loss",
    settings: dict[str, Any] | None = None,
    seed: int = 0,
) -> Found:
    """Search until `trials` trials have ended, those of earlier calls among them.

    Args:
        parts: The dataset under a protocol; calibration and test part are never looked at.
        model: A name in `MODELS`.
        folder: Where trials are kept; made if absent.
        trials: How many, 1 or more.
        by: "loss" or "macro_f1" of the validation part.
        settings: Constructor arguments that are not searched.
        seed: Of the search and of every model.

    Raises:
        ConfigError: If the model has nothing to search, or the folder holds another search.
        ActionError: If there are no validation rows, or no trial ended well.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    measure, kind, fixed = Measure(by), MODELS.find(model), dict(settings or {})
    if not kind.space(optuna.create_study().ask()):
        raise ConfigError(f"model: {model} has no settings to search; choose another")
    if not len(parts.validation):
        raise ActionError(f"{parts.dataset}: the validation part has no rows under protocol {parts.protocol}")
    study = _study(folder, parts, model, measure, fixed, seed)

    def objective(trial: optuna.Trial) -> float:
        chosen = {**kind.space(trial), **fixed}
        trial.set_user_attr("settings", plain(chosen))
        estimator = build(parts, model, chosen, seed)

        def report(line: Epoch) -> None:
            if math.isfinite(line.validation_loss):
                trial.report(line.validation_loss if by == "loss" else -line.validation_loss, line.epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned

        estimator.on_epoch = report
        learn(estimator, parts)
        return measure.of(estimator.predict_proba(parts.validation.x), parts.validation.y)

    def tell(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        ended = f"{by} {trial.value:.5f}" if trial.state == TrialState.COMPLETE else "ended early"
        best = [t.value for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if t.value is not None]
        words = " ".join(f"{name}={written(value)}" for name, value in trial.user_attrs["settings"].items())
        pick = min if by == "loss" else max
        _log.info(
            "trial %d of %d: %s (best %.5f): %s", _over(study), trials, ended, pick(best, default=math.nan), words
        )

    while (done := _over(study)) < trials:
        # A sampler of its own for each trial: what is drawn then depends on the trials before it, not on interrupts.
        study.sampler = optuna.samplers.TPESampler(seed=seed + done, n_startup_trials=max(FREE_TRIALS, trials // 4))
        study.optimize(objective, n_trials=1, callbacks=[tell])
    ended = study.get_trials(deepcopy=False, states=OVER)
    if not any(trial.state == TrialState.COMPLETE for trial in ended):
        raise ActionError(f"{model}: no trial came to its end; ask for more")
    counts = {state.name.lower(): sum(trial.state == state for trial in ended) for state in OVER}
    best = study.best_trial
    return Found(_typed(best.user_attrs["settings"]), float(best.value or 0.0), counts)


def _study(folder: Path, parts: Parts, model: str, measure: Measure, fixed: dict[str, Any], seed: int) -> optuna.Study:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / TRIALS_FILE
    storage = JournalStorage(JournalFileBackend(str(path)))
    asked = [parts.dataset, parts.sha256, parts.protocol, parts.task, str(parts.feature_set), model, measure.name]
    name = json.dumps([*asked, parts.seed, seed, len(parts.train), plain(fixed)])
    others = [one for one in optuna.get_all_study_names(storage) if one != name]
    if others:
        raise ConfigError(f"-o: '{path}' holds another search ({others[0]}); remove it or name another folder")
    return optuna.create_study(
        study_name=name,
        storage=storage,
        direction=measure.direction,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FREE_TRIALS, n_warmup_steps=1),
        load_if_exists=True,
    )


def _over(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=OVER))


def _typed(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as they were before JSON: a list is a tuple."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
