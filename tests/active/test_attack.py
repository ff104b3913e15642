from pathlib import Path

import numpy as np
import pytest

from bundles import tiny_bundle
from redshank.active.attack import Panel, drifting, flipping, flooded
from redshank.active.caps import Cap, Guard, Rows
from redshank.active.decision import Gate
from redshank.active.guard import quarantine, trust
from redshank.active.loop import Plan, learn_actively
from redshank.active.promote import CANARIES, decide
from redshank.active.strategies.margin import Margin
from redshank.active.strategies.random import Random
from redshank.data.parts import Part
from redshank.detect.shelf import Shelf
from redshank.learn.model import Classes, Floats
from tables import COLUMNS, Logistic, parts

TABLE = parts()


def test_a_flood_is_a_share_of_the_pool_and_lies_between_an_attack_and_benign() -> None:
    table, sent = flooded(TABLE, 0.05, seed=0)
    assert len(sent) == round(0.05 * len(table.train)) == 21
    assert table.train.x[:400].tolist() == TABLE.train.x.tolist()
    assert set(table.train.y[sent].tolist()) == {0, 1, 2}
    assert flooded(TABLE, 0.05, seed=0)[0].train.y.tolist() == table.train.y.tolist()
    p = Logistic().fit(TABLE.train.x, TABLE.train.y, columns=COLUMNS, n_classes=3).predict_proba(table.train.x)
    assert p[sent].max(axis=1).mean() < p[:400].max(axis=1).mean() - 0.1


def test_a_flood_takes_a_share_of_the_questions_that_a_cap_bounds() -> None:
    table, sent = flooded(TABLE, 0.1, seed=1)
    device = np.concatenate([np.arange(400) % 90, np.full(len(sent), 90)])
    plan = Plan(initial=40, batch=10, rounds=8, gate=False)

    def taken(guard: Guard | None) -> int:
        learned = learn_actively(table, Logistic(), Margin(), plan, seed=2, admit=guard)
        assert learned.rounds[-1].asked == 120
        return int(np.isin(learned.labelled[40:], sent).sum())

    assert taken(None) > 2 * 0.1 * 80, "the attack does no harm, and the test shows nothing"
    assert taken(Guard([device], [Cap(once=0.1, ever=5)])) <= 5


def _liars(*, quarantined: bool) -> float:
    y = TABLE.train.y
    analysts = [lambda rows: y[rows], lambda rows: y[rows], flipping(y, 3, seed=0)]
    panel = Panel(analysts)
    canaries = np.arange(20)
    trusted = [trust(int((analyst(canaries) == y[canaries]).sum()), 20) for analyst in analysts]

    def doubt(rows: Rows, labels: Classes, seed: int) -> Floats:
        del seed
        return quarantine(np.zeros(len(rows), np.float32), panel.source(rows, labels), trusted)

    plan = Plan(initial=60, batch=20, rounds=4, gate=False, recheck=0.2)
    learned = learn_actively(TABLE, Logistic(), Random(), plan, analyst=panel, doubt=doubt if quarantined else None)
    return learned.rounds[-1].test_macro_f1


def test_an_analyst_who_lies_does_harm_until_canary_questions_show_him() -> None:
    honest = learn_actively(TABLE, Logistic(), Random(), Plan(60, 20, 4, gate=False)).rounds[-1].test_macro_f1
    assert _liars(quarantined=False) < honest - 0.02
    assert _liars(quarantined=True) > honest - 0.02


def test_who_is_asked_again_is_another_one() -> None:
    panel = Panel([lambda rows, one=one: np.full(len(rows), one) for one in range(3)])  # type: ignore[misc]
    rows = np.arange(6)
    first, second, third = panel(rows), panel(rows), panel(rows)
    assert np.sort(np.stack([first, second, third]), axis=0).tolist() == [[0] * 6, [1] * 6, [2] * 6]
    assert panel.source(rows, second).tolist() == second.tolist()


def test_a_model_that_was_led_astray_step_by_step_misses_canaries_and_is_not_promoted(tmp_path: Path) -> None:
    train = TABLE.train
    benign, attack = train.x[train.y == 0], train.x[train.y == 1]
    champion = Logistic().fit(train.x, train.y, columns=COLUMNS, n_classes=3)
    canaries = TABLE.calibration.take(np.flatnonzero(TABLE.calibration.y == 1))
    canaries = canaries.take(np.flatnonzero(champion.predict_proba(canaries.x).argmax(axis=1) != 0))
    x, y = train.x, train.y
    missed = []
    for rows in drifting(benign, attack, rounds=6, each=60, seed=0):
        x, y = np.concatenate([x, rows]), np.concatenate([y, np.zeros(len(rows), np.int64)])
        astray = Logistic().fit(x, y, columns=COLUMNS, n_classes=3)
        missed.append(int((astray.predict_proba(canaries.x).argmax(axis=1) == 0).sum()))
    assert missed[0] < len(canaries) / 4
    assert missed[-1] > len(canaries) / 2, "the drift does no harm, and the test shows nothing"
    # The part that is measured is the drifted traffic itself, called benign: there the new model looks better.
    fooled = Part(rows, np.zeros(60, np.int64), np.ones(60, np.float32), np.arange(60))
    frozen = {"later": fooled, CANARIES: canaries}
    settings = {"classes": TABLE.classes, "gate": Gate(metric="accuracy", fewest=50, resamples=200)}
    decision = decide(champion.predict_proba, astray.predict_proba, frozen, **settings)  # type: ignore[arg-type]
    assert not decision.promote
    assert any(f"of {len(canaries)} canaries are no longer detected" in reason for reason in decision.reasons)
    without = decide(champion.predict_proba, astray.predict_proba, {"later": fooled}, **settings)  # type: ignore[arg-type]
    assert without.promote
    shelf = Shelf(tmp_path)
    for name in ("good", "astray"):
        shelf.put(tiny_bundle(name=name))
        shelf.promote(name, "said to be better")
    shelf.rollback("it misses canaries")
    assert shelf.champion() == "good"


@pytest.mark.parametrize("seed", [0, 1])
def test_a_drift_ends_at_the_attack(seed: int) -> None:
    start, end = np.zeros((4, 2), np.float32), np.full((4, 2), 8, np.float32)
    steps = [rows.mean() for rows in drifting(start, end, rounds=4, each=3, seed=seed)]
    assert steps == [2, 4, 6, 8]
