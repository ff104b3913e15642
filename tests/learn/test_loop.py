import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from redshank.learn.batches import Batches
from redshank.learn.loop import Loop
from redshank.learn.models.fnn import Fnn

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = (X[:, 0] > 0.8).astype(np.int64)


def loop(**settings: Any) -> Loop:
    torch.manual_seed(0)
    batches = Batches(X, Y, np.ones(40, np.float32), 8)
    return Loop(nn.Linear(3, 2), Fnn(learning_rate=0.1, weight_decay=0.0, **settings), batches, None)


def logits(running: Loop, rows: int) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = running.network(torch.from_numpy(X[:rows]))
    return found


def before_each_step(running: Loop, note: Callable[[], None]) -> None:
    step = running.optimizer.step

    def noted() -> None:
        note()
        step()

    running.optimizer.step = noted


def rates(**settings: Any) -> list[float]:
    """Return the learning rate of each step of four epochs."""
    running = loop(epochs=4, **settings)
    found: list[float] = []
    before_each_step(running, lambda: found.append(running.optimizer.param_groups[0]["lr"]))
    for _ in range(4):
        running.epoch()
    return found


def test_the_learning_rate_takes_its_course() -> None:
    assert rates() == [0.1] * 20
    cosine = rates(schedule="cosine")
    assert cosine[0] == pytest.approx(0.1)
    assert cosine[10] == pytest.approx(0.05)
    assert cosine == sorted(cosine, reverse=True)
    assert 0 < cosine[-1] < 0.001
    cycle = rates(schedule="one_cycle", warm_up=0.25)
    assert cycle[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    assert cycle[5:] == sorted(cycle[5:], reverse=True)
    assert cycle[-1] < 0.005


def test_a_gradient_is_clipped_to_its_most_norm() -> None:
    running = loop(clip=0.01)
    norms: list[float] = []

    def note() -> None:
        parts = [p.grad.norm() for p in running.network.parameters() if p.grad is not None]
        norms.append(float(torch.stack(parts).norm()))

    before_each_step(running, note)
    running.epoch()
    assert max(norms) == pytest.approx(0.01, rel=1e-3)


def test_the_focal_loss_is_cross_entropy_with_what_is_told_already_counted_less() -> None:
    plain, focal, flat = loop(), loop(imbalance="focal", gamma=2.0), loop(imbalance="focal", gamma=0.0)
    told = torch.softmax(logits(plain, 8), 1)[torch.arange(8), torch.from_numpy(Y[:8])]
    batch = torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), torch.ones(8)
    assert torch.allclose(plain._step(*batch, 0)[0], -told.log(), atol=1e-6)
    assert torch.allclose(focal._step(*batch, 0)[0], -((1 - told) ** 2) * told.log(), atol=1e-6)
    assert torch.allclose(flat._step(*batch, 0)[0], -told.log(), atol=1e-6)


def test_smoothing_spreads_a_part_of_the_label() -> None:
    smooth = loop(smoothing=0.2)
    logs = torch.log_softmax(logits(smooth, 8), 1)
    wanted = -(0.8 * logs[torch.arange(8), torch.from_numpy(Y[:8])] + 0.1 * logs.sum(1))
    found = smooth._step(torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), torch.ones(8), 0)[0]
    assert torch.allclose(found, wanted, atol=1e-6)


def test_a_line_has_loss_and_accuracy_over_the_rows_as_they_were_learnt() -> None:
    running = loop()
    running.optimizer.param_groups[0]["lr"] = 0.0
    line = running.epoch()
    logs = torch.log_softmax(logits(running, 40), 1)
    assert line.train_loss == pytest.approx(float(-logs[torch.arange(40), torch.from_numpy(Y)].mean()))
    assert line.train_accuracy == pytest.approx((logs.argmax(1).numpy() == Y).mean())
    assert math.isnan(line.validation_loss)
