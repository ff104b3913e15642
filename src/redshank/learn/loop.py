"""The training loop that all networks share.

In: a network, its settings and batches. Out: a trained network and its curve, an epoch at a time.
The one idea: what is to be known at the end of an epoch is computed at the end of a window, not after each batch; and
the state between two epochs is a handful of tensors and numbers, so that training can be broken off and taken up.
Source: Loshchilov and Hutter, "SGDR", ICLR 2017, for the cosine; Smith and Topin, "Super-Convergence", 2019, for
one-cycle.
"""

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from redshank.learn.batches import Batches
from redshank.learn.graphed import SCORING_ROWS
from redshank.learn.model import Classes, Epoch, Floats
from redshank.learn.optimizers import AdamW

if TYPE_CHECKING:
    from redshank.learn.network import Network

Tensors = dict[str, torch.Tensor]


class Loop:
    """Training under way.

    Args:
        network: What is trained.
        settings: How.
        batches: On what.
        held_out: Validation rows and classes for early stopping.
    """

    def __init__(
        self, network: nn.Module, settings: "Network", batches: Batches, held_out: tuple[Floats, Classes] | None
    ) -> None:
        self.network, self.settings, self.batches, self.held_out = network, settings, batches, held_out
        self._modules = list(network.modules())
        self.order = torch.Generator().manual_seed(settings.seed)
        self.optimizer = AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.curve: list[Epoch] = []
        self.best, self.best_loss, self.best_epoch = _copied(network), math.inf, 0

    @property
    def over(self) -> bool:
        """Whether all epochs are through, or validation has not got better for too long."""
        done = len(self.curve)
        waited = done - self.best_epoch if self.held_out is not None else 0
        return done >= self.settings.epochs or (done > 0 and waited >= self.settings.patience)

    def epoch(self) -> Epoch:
        """Train on every row once and validate."""
        self._mode(training=True)
        done = len(self.curve)
        step, total_loss, total_right = done * self.batches.batches, 0.0, 0.0
        for window in self.batches.windows(self.order):
            losses, right = [], []
            for x, y, weight in zip(*(torch.split(part, self.batches.size) for part in window), strict=True):
                of_rows, called = self._step(x, y, weight, step)
                losses.append(of_rows)
                right.append(called)
                step += 1
            total_loss += float(torch.cat(losses).sum())
            total_right += float(torch.cat(right).sum())
        loss, accuracy = (math.nan, math.nan) if self.held_out is None else self._validate(*self.held_out)
        line = Epoch(done + 1, total_loss / self.batches.rows, total_right / self.batches.rows, loss, accuracy)
        self.curve.append(line)
        if self.held_out is not None and loss < self.best_loss:
            self.best, self.best_loss, self.best_epoch = _copied(self.network), loss, line.epoch
        return line

    def finish(self) -> None:
        """Take the weights of the best epoch; without validation rows the last ones stay."""
        if self.held_out is not None:
            self.network.load_state_dict(self.best)

    def state(self) -> tuple[Tensors, dict[str, Any]]:
        """Return all that the next epoch depends on."""
        tensors = {"random": torch.get_rng_state(), "order": self.order.get_state()}
        tensors |= {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        for i, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": value for name, value in values.items()}
        numbers = {"best_loss": self.best_loss, "best_epoch": self.best_epoch, "curve": [asdict(e) for e in self.curve]}
        return tensors, numbers

    def restore(self, tensors: Tensors, numbers: dict[str, Any]) -> None:
        """Go back to a state of the same network, settings and rows."""
        self.network.load_state_dict(_below("network.", tensors))
        self.best = _below("best.", tensors)
        state: dict[int, Tensors] = {}
        for name, value in _below("optimizer.", tensors).items():
            i, _, which = name.partition(".")
            state.setdefault(int(i), {})[which] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        self.best_loss, self.best_epoch = float(numbers["best_loss"]), int(numbers["best_epoch"])
        self.curve = [Epoch(**line) for line in numbers["curve"]]
        self.order.set_state(tensors["order"])
        torch.set_rng_state(tensors["random"])

    def _step(
        self, x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, step: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        settings = self.settings
        if settings.schedule != "constant":
            rate = settings.learning_rate * _factor(settings, step, settings.epochs * self.batches.batches)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
        losses, right = settings.losses(self.network, x, y)
        losses = losses * weight
        self.optimizer.zero_grad()
        torch.autograd.backward(losses.mean())
        if settings.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)
        self.optimizer.step()
        return losses.detach(), right

    def _mode(self, *, training: bool) -> None:
        """Do what `train` of a module does, without its search for weights: a tenth of the time of a small network."""
        for module in self._modules:
            vars(module)["training"] = training

    @torch.no_grad()
    def _validate(self, x: Floats, y: Classes) -> tuple[float, float]:
        self._mode(training=False)
        losses, right = [], []
        for at in range(0, len(x), SCORING_ROWS):
            rows, classes = (torch.tensor(part[at : at + SCORING_ROWS]) for part in (x, y))
            of_rows, called = self.settings.losses(self.network, rows, classes)
            losses.append(of_rows)
            right.append(called)
        return float(torch.cat(losses).mean()), float(torch.cat(right).float().mean())


def _factor(settings: "Network", step: int, steps: int) -> float:
    """Return the share of the learning rate at a step."""
    rise = round(settings.warm_up * steps) if settings.schedule == "one_cycle" else 0
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(steps - rise, 1)))


def _copied(network: nn.Module) -> Tensors:
    """Return the weights as they are now; a deep copy takes several times as long, after each epoch."""
    return {name: value.clone() for name, value in network.state_dict().items()}


def _below(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
