"""What a deep model is: settings, layers, and the way from rows to a trained network.

In: raw feature values and classes; the layers and settings of a model. Out: a trained network with its input encoding
and its curve; what it scores and its graph are `learn/graphed.py`'s.
The one idea: a model only says which layers it has. The loop (`learn/loop.py`), the batches (`learn/batches.py`), what
is kept of an interrupted run (`learn/resume.py`) and the input encoding (`learn/inputs.py`) are the same for all.
"""

import copy
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.batches import WINDOW_ROWS, Batches, class_weights
from redshank.learn.graphed import Graphed
from redshank.learn.inputs import EachStep, Inputs, fit_inputs
from redshank.learn.loop import Loop
from redshank.learn.model import Classes, Epoch, Floats, check_rows
from redshank.learn.resume import fingerprint, keep, take_up

if TYPE_CHECKING:
    import optuna

FITTING_ROWS = 1 << 20  # of which quantiles are taken; more would not move them
SCHEDULES = ("constant", "cosine", "one_cycle")
WIDE = 16  # a smaller number is no width but a count, which has its reasons
MANY_ROWS: dict[str, Any] = {
    "epochs": 20,
    "batch_size": 512,
    "patience": 20,
    "learning_rate": 0.002,
    "weight_decay": 0.01,
    "schedule": "one_cycle",
    "warm_up": 0.05,
    "bins": 64,
}
"""A recipe for tens of thousands of flows and more, the preset "many_rows"; on a few hundred it is too few steps."""
CERTAIN = 1e-6  # below it the focal factor of a row that is told with certainty has no slope


class Network(Graphed):
    """A model that is trained by gradient descent.

    A subclass adds its settings as fields, may give another default to one that stands here, and builds its layers.

    Args:
        epochs: Most passes over the training rows, 0 or more.
        batch_size: Rows per step, 1 or more.
        patience: Epochs without a lower validation loss before training stops; the best weights are kept.
        learning_rate: Of Adam, above 0.
        weight_decay: Of AdamW; 0 makes it Adam.
        dropout: Share of what each layer or block gives that is dropped while training, 0 or more, below 1.
        inputs: "bins", "minmax", "quantiles" or "standard", see `learn/inputs.py`.
        bins: Most bins per number, 1 to 256.
        imbalance: What is done about rare classes: "none"; "balanced": every class weighs the same; "focal": rows that
            are told already count less; "oversample": rare rows come again until each class is as large as the largest.
        gamma: How much less, for "focal"; 0 or more.
        schedule: Course of the learning rate over all epochs: "constant", "cosine" (down to 0) or "one_cycle" (up in a
            line, then the cosine).
        warm_up: Share of the steps on the way up, for "one_cycle"; 0 to 1.
        clip: Most norm of a gradient; 0 for any.
        smoothing: Share of a label that is spread over all classes, 0 or more, below 1.
        seed: Of weights, order of rows and dropout.
    """

    epochs: int = 20
    batch_size: int = 128
    patience: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    dropout: float = 0.1
    inputs: str = "bins"
    bins: int = 16
    imbalance: str = "none"
    gamma: float = 2.0
    schedule: str = "constant"
    warm_up: float = 0.1
    clip: float = 0.0
    smoothing: float = 0.0
    seed: int = 0

    least: ClassVar[dict[str, float]] = {
        "epochs": 0,
        "batch_size": 1,
        "patience": 1,
        "weight_decay": 0,
        "gamma": 0,
        "clip": 0,
    }
    """The least value of a setting, or of each number in it; a subclass names its own: `{"units": 1}`."""

    imbalances: ClassVar[tuple[str, ...]] = ("none", "balanced", "focal", "oversample")

    window: ClassVar[int] = WINDOW_ROWS
    """Most rows of a memory-mapped table in memory at once."""

    @classmethod
    def space(cls, trial: "optuna.Trial") -> dict[str, Any]:
        """Suggest how to train, half to twice the widths that `least` names, and up to twice the blocks."""
        found: dict[str, Any] = {
            "learning_rate": trial.suggest_float("learning_rate", 2e-4, 1e-2, log=True),
            "batch_size": trial.suggest_categorical("batch_size", [64, 128, 256, 512]),
            "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True),
            "dropout": trial.suggest_float("dropout", 0.0, 0.4),
            "bins": trial.suggest_int("bins", 8, 64, log=True),
            "schedule": trial.suggest_categorical("schedule", ["constant", "one_cycle"]),
        }
        defaults: dict[str, Any] = {each.name: each.default for each in fields(cls)}
        for name in sorted(cls.least.keys() - Network.least.keys()):
            default = defaults[name]
            if name == "blocks":
                found[name] = trial.suggest_int(name, 1, 2 * default)
            elif isinstance(default, Sequence):
                scale = trial.suggest_categorical(f"{name} times", [0.5, 1.0, 2.0])
                found[name] = tuple(max(int(width * scale), int(cls.least[name])) for width in default)
            elif isinstance(default, int) and default >= WIDE:
                found[name] = trial.suggest_categorical(name, [default // 2, default, 2 * default])
        return found

    def problems(self) -> list[str]:
        """Say what is wrong with the settings, one line each; a subclass adds what `least` cannot say."""
        problems = []
        for name, least in {**Network.least, **self.least}.items():
            value = getattr(self, name)
            if not isinstance(value, Sequence):
                problems += [f"{name}: {value} is not {least} or more"] * (value < least)
            elif not value or min(value) < least:
                problems.append(f"{name}: {value} is not one number or more, each {least} or more")
        if self.learning_rate <= 0:
            problems.append(f"learning_rate: {self.learning_rate} is not above 0")
        for name in ("dropout", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                problems.append(f"{name}: {getattr(self, name)} is not between 0 and 1")
        if not 0 <= self.warm_up <= 1:
            problems.append(f"warm_up: {self.warm_up} is not 0 to 1")
        for name, allowed in (("imbalance", self.imbalances), ("schedule", SCHEDULES)):
            if getattr(self, name) not in allowed:
                problems.append(f"{name}: '{getattr(self, name)}' is not one of {', '.join(allowed)}")
        return problems

    def arrange(self, encode: Inputs, steps: int) -> tuple[nn.Module, int, int]:
        """Return the encoding of a whole row, the width of one step of it, and the number of steps for `layers`."""
        return (encode if steps == 1 else EachStep(encode, steps)), encode.width, steps

    @abstractmethod
    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Build the layers from encoded input to class logits.

        Args:
            width: Width of one encoded step.
            n_classes: Number of classes.
            steps: Length of the sequence, 1 or more.

        Shape:
            forward of what is returned: [n, width] if steps is 1, else [n, steps, width] -> [n, n_classes].
        """

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,
        steps: int = 1,
    ) -> Self:
        """Train, see `Model.fit`; `x` may be a memory-mapped file, of which little is in memory at any time.

        Without `validation` all epochs run, the last weights stay, and the curve has NaN for validation. On one
        thread the same seed gives the same weights.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: If the rows do not fit the columns, the classes, or (on a warm start) the network there is.
        """
        problems = self.problems()
        if problems:
            raise ConfigError(problems)
        check_rows(x, y, columns, n_classes, steps)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            if warm_start and hasattr(self, "network_"):
                if (tuple(columns) * steps, n_classes) != (self.columns_, len(self.classes_)):
                    raise ValueError(
                        f"warm start: given {steps * len(columns)} columns and {n_classes} classes, the network was "
                        f"trained on {len(self.columns_)} columns and {len(self.classes_)} classes; start anew"
                    )
                network = copy.deepcopy(self.network_)
            else:
                encode = fit_inputs(self.inputs, _sample(x, steps).reshape(-1, len(columns)), columns, self.bins)
                inputs, width, length = self.arrange(encode, steps)
                network = nn.Sequential(inputs, self.layers(width, n_classes, length))
            curve = self._train(network, x, y, weight, validation)
        self.network_ = network.eval()
        self.columns_ = tuple(columns) * steps
        self.classes_ = np.arange(n_classes)
        self.curve_ = curve
        return self

    def losses(
        self, network: nn.Module, rows: torch.Tensor, classes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what training makes small, and whether a row is called what it is; another loss goes here.

        Validation is scored with plain cross-entropy, whatever is done about imbalance and labels while training.

        Shape:
            rows: [n, steps * c]; classes: [n]; returns: [n] float32, [n] bool.
        """
        logits = network(rows)
        losses = cross_entropy(logits, classes, reduction="none")
        if network.training and self.imbalance == "focal":
            losses = losses * (1 - torch.exp(-losses)).clamp_min(CERTAIN) ** self.gamma
        if network.training and self.smoothing:
            spread = -torch.log_softmax(logits, dim=1).mean(1)
            losses = (1 - self.smoothing) * losses + self.smoothing * spread
        return losses, logits.argmax(1) == classes

    def _train(
        self,
        network: nn.Module,
        x: Floats,
        y: Classes,
        weight: Floats | None,
        validation: tuple[Floats, Classes] | None,
    ) -> list[Epoch]:
        weights = np.ones(len(y), np.float32) if weight is None else weight / weight.mean()
        if self.imbalance == "balanced":
            weights = weights * class_weights(y)
        batches = Batches(x, y, weights, self.batch_size, window=self.window, repeat=self.imbalance == "oversample")
        loop = Loop(network, self, batches, validation)
        run = ""
        if self.kept_in is not None:
            start = [value.numpy() for value in network.state_dict().values()]
            run = fingerprint(repr(self.get_params()), x, y, weights, *(validation or ()), *start)
            take_up(self.kept_in, run, loop)
        while not loop.over:
            line = loop.epoch()
            if self.kept_in is not None:
                keep(self.kept_in, run, loop)
            if self.on_epoch is not None:
                self.on_epoch(line)
        loop.finish()
        return loop.curve


def _sample(x: Floats, steps: int) -> Floats:
    """Return rows enough to fit an input encoding on: all, or evenly spaced ones of a large table."""
    return x[:: -(-len(x) * steps // FITTING_ROWS)] if len(x) * steps > FITTING_ROWS else x
