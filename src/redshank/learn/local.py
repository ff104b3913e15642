"""What a site would do: a few hundred benign flows of its own, to set thresholds and to train on.

In: a trained model, the parts it came from, and a test part of a network that it has not seen. Out: `Local`, which
takes some benign rows of that network out of the test; a model recalibrated or refitted with them; and an evaluation of
each on what is left. The one idea: a threshold is a statement about one network's benign traffic, and a near-perfect
ranking is worth nothing where it does not hold. Nothing here sees a row that is tested, nor an attack of the new
network: an analyst can say that the first quiet day was quiet, not what an attack will look like.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from redshank.core.errors import ActionError
from redshank.data.grouping import Grouping
from redshank.data.parts import Part, Parts, joined
from redshank.detect import calibrate
from redshank.learn.evaluate import evaluate
from redshank.learn.evaluation import Evaluation
from redshank.learn.train import Trained, train_anew

Rows = npt.NDArray[np.int64]

SHIPPED, RECALIBRATED, REFITTED = "as shipped", "recalibrated", "refitted and recalibrated"
MOST = 0.5
"""At most this share of the benign vectors (and of the groups that have any) leaves the test."""


@dataclass(frozen=True)
class Local:
    """The new network's rows.

    Args:
        recalibrate, refit: Benign rows to set thresholds by and to train on; no row is in both.
        test: All other rows: none of the local ones, and under `by_groups` no benign row of their groups.
    """

    recalibrate: Part
    refit: Part
    test: Part


def by_groups(test: Part, grouping: Grouping, recalibrate: int, refit: int, *, seed: int = 0) -> Local:
    """Take the local rows from other groups than those whose benign rows are tested.

    Groups are drawn until they hold enough, first for the thresholds, then others for training: a model knows the
    devices it was refitted on, and a threshold set by them would be too low for the rest. At most half of the groups
    with benign rows are drawn; a group with more vectors than are still wanted gives a draw of them, and leaves the
    test with all of its benign vectors.

    Args:
        test: The test part.
        grouping: The group of each row of the dataset.
        recalibrate: How many distinct vectors are wanted to set thresholds by; fewer come if there are not so many.
        refit: How many are wanted to train on.
        seed: The same seed draws the same.

    Raises:
        ActionError: If there are not two groups with benign rows.
    """
    rng = np.random.default_rng(seed)
    vector, row = test.counted()
    benign = test.y[vector] == 0
    vector, group = vector[benign], grouping.number[row[benign]]
    there = rng.permutation(np.unique(group))
    if len(there) < 2:
        raise ActionError(f"local: the test part has {len(there)} groups by {grouping.by} with benign rows, wanted two")
    most = MOST * len(np.unique(vector))
    gone: Rows = np.empty(0, np.int64)
    given = []
    waiting = [np.unique(vector[group == at]) for at in there[: int(MOST * len(there))]]
    for wanted in (recalibrate, refit):
        drawn: Rows = np.empty(0, np.int64)
        while waiting and len(drawn) < wanted:
            of = waiting.pop()
            if len(np.union1d(gone, of)) <= most:
                drawn = np.concatenate([drawn, rng.permutation(np.setdiff1d(of, gone))[: wanted - len(drawn)]])
                gone = np.union1d(gone, of)
        given.append(drawn)
    return _apart(test, given[0], given[1], gone)


def earlier(test: Part, order: npt.NDArray[np.float64], recalibrate: int, refit: int) -> Local:
    """Take the first benign rows as the local ones: what a site saw before.

    Args:
        test: The test part.
        order: When each of its rows was, or a number that rises with it.
        recalibrate: How many distinct vectors are wanted to set thresholds by.
        refit: How many are wanted to train on; both together get at most half of the benign ones.

    Shape:
        order: [n]; n = len(test).
    """
    benign = np.flatnonzero(test.y == 0)
    first = benign[np.argsort(order[benign], kind="stable")][: min(recalibrate + refit, int(MOST * len(benign)))]
    # Spread over the whole stretch, so that both see the same time.
    border = round(len(first) * recalibrate / (recalibrate + refit))
    spread = np.linspace(0, max(len(first) - 1, 0), border).round().astype(np.int64)
    return _apart(test, first[spread], np.delete(first, spread), first)


def recalibrated(trained: Trained, parts: Parts, benign: Part) -> Trained:
    """Set temperature and thresholds anew: by local benign rows, with the attacks of the original calibration part.

    Args:
        trained: The model.
        parts: What it was trained on.
        benign: Local benign rows, as many as the false-alarm rate asks for: a rate of 1 % needs 100 at least.

    Raises:
        ActionError: If there is no benign row.
    """
    if not len(benign) or (benign.y != 0).any():
        raise ActionError("local: recalibration needs benign rows of this network, and nothing but them")
    attacks = parts.calibration.take(np.flatnonzero(parts.calibration.y != 0))
    x, y = np.concatenate([benign.x, attacks.x]), np.concatenate([benign.y, attacks.y])
    return replace(trained, calibration=calibrate.fit(trained.model.predict_proba(x), y))


def refitted(trained: Trained, parts: Parts, benign: Part, *, copies: int = 1) -> Trained:
    """Train the same model anew on the training part and the local benign rows; its thresholds stay to be set.

    Args:
        trained: The model.
        parts: What it was trained on.
        benign: Local benign rows.
        copies: How often each of them is put in: a few hundred rows beside many thousands weigh little.

    Raises:
        ActionError: If there is no benign row.
    """
    if not len(benign) or (benign.y != 0).any() or copies < 1:
        raise ActionError("local: refitting needs benign rows of this network, and nothing but them")
    more = joined([parts.train, *[benign] * copies])
    # A copy of the model itself: what stands around it (balancing, cleaning, selection) is no setting of its kind.
    return train_anew(clone(trained.model), replace(parts, train=more), trained.name, trained.seed)


def before_and_after(
    trained: Trained, parts: Parts, local: Local, *, copies: int = 1, resamples: int = 0, seed: int = 0
) -> dict[str, tuple[Trained, Evaluation]]:
    """Judge a model as it came, with local thresholds, and trained with local rows too, on the same test rows.

    Args:
        trained: The model.
        parts: What it was trained on.
        local: The new network's rows.
        copies: See `refitted`.
        resamples: See `evaluate`.
        seed: See `evaluate`.

    Returns:
        By "as shipped", "recalibrated" and "refitted and recalibrated" (where there are rows to refit with): the model
        and its evaluation.
    """
    models = {SHIPPED: trained, RECALIBRATED: recalibrated(trained, parts, local.recalibrate)}
    if len(local.refit):
        new = refitted(trained, parts, local.refit, copies=copies)
        models[REFITTED] = recalibrated(new, parts, local.recalibrate)
    return {
        name: (
            model,
            evaluate(
                model.model.predict_proba(local.test.x),
                local.test,
                parts.classes,
                model.calibration,
                families=parts.families(local.test),
                grouping=parts.grouping,
                resamples=resamples,
                seed=seed,
            ),
        )
        for name, model in models.items()
    }


def _apart(test: Part, recalibrate: Rows, refit: Rows, gone: Rows) -> Local:
    left = np.setdiff1d(np.arange(len(test)), gone)
    return Local(test.take(recalibrate), test.take(refit), test.take(left))
