"""A champion that has never seen a kind of flow meets labels of it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from labelled import labelled
from questions import answer, questions
from redshank.active.agreement import agreed
from redshank.active.decision import Gate
from redshank.active.promote import CANARIES, REGRESSION, unseen
from redshank.active.retrain import LATER, Retrained, _measured, next_name, retrain, split_later
from redshank.active.told import Told
from redshank.active.trained import KEY
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.data.protocol import partition
from redshank.detect.graph import Graph
from redshank.learn.evaluate import evaluate
from redshank.learn.train import fit, make_bundle
from redshank.store.question import ALERT

SETTINGS = {"trees": 10, "leaves": 40}
GATE = Gate(resamples=200)
SITE = {"benign": "benign", "strange": "dos"}
"""Kinds of flows at a site, and what they are there; to the champion the strange ones look harmless."""


@cache
def champion(task: str = "family") -> Bundle:
    made = partition(labelled(), protocol="leakfree", task=task, feature_set="conn", seed=3)
    trained = fit(made, "extra_trees", settings=SETTINGS, seed=5)
    figures = evaluate(trained.model.predict_proba(made.test.x), made.test, made.classes, trained.calibration)
    return make_bundle(trained, made, "drawn", figures.vector.headline)


def told(count: int, families: Mapping[str, str], *, at_random: bool = True) -> Told:
    """Return labelled questions about flows of these kinds in turn, in the order of time."""
    kinds = list(families) * (count // len(families))
    asked = questions(tuple(kinds), seed=9, at_random=at_random, bundle_sha256=champion().manifest.sha256)
    labels = tuple((answer(one, families[kind]),) for one, kind in zip(asked, kinds, strict=True))
    decided = agreed({one.id: {"ana": said[0]} for one, said in zip(asked, labels, strict=True)})
    return Told(
        tuple(asked),
        np.stack([one.values for one in asked]),
        tuple(decided[one.id][0] for one in asked),
        np.ones(len(asked), np.float32),
        labels,
        0,
    )


@cache
def learned() -> Retrained:
    """Teach what the strange flows of this site are."""
    site = told(300, SITE)
    return retrain(champion(), labelled(), site, "drawn-r1", hold_out=0.5, gate=GATE, canaries=labelled(60, 8))


def test_labels_that_help_replace_the_champion() -> None:
    outcome = learned()
    assert outcome.decision.promote, outcome.decision.reasons
    figure = outcome.decision.of("all", "macro_f1")
    assert figure is not None
    assert 100 < figure.rows == outcome.rows[LATER] <= 150
    assert figure.challenger is not None
    assert figure.challenger > 0.95
    assert outcome.rows["labels"] == 150
    assert outcome.decision.canaries[0] > 0
    assert outcome.notes == ()
    past, now = outcome.measured
    assert past.task_classes == now.task_classes == ("benign", "dos", "scanning")
    assert past.vector.rows == now.vector.rows == outcome.rows[REGRESSION] - 150
    assert outcome.evidence()["next_answers"]["unknown"].startswith("the champion was trained on no labels")


def test_the_bundle_lists_what_it_was_trained_on_and_nothing_that_measures() -> None:
    site = told(300, SITE)
    listed = learned().bundle.manifest.provenance[KEY]
    assert set(listed["ids"]) == {label.id for (label,) in site.labels[:150]}
    assert learned().bundle.manifest.provenance["champion"] == "drawn"
    again = retrain(learned().bundle, labelled(), site, "drawn-r2", hold_out=0.5, gate=GATE)
    assert 0 < again.rows[LATER] <= 75
    assert not again.decision.promote
    more = again.bundle.manifest.provenance[KEY]
    assert set(listed["ids"]) < set(more["ids"])
    assert (listed["count"], more["count"]) == (150, 225)


def test_rows_that_the_champions_doubts_chose_are_told_unless_chance_drew_enough() -> None:
    chosen, at_random = (told(120, SITE, at_random=at_random) for at_random in (False, True))
    y, later = np.zeros(120, np.int64), np.arange(120)
    nothing, champions = chosen.x[:0], champion().manifest.sha256
    part, (note,) = _measured(chosen, y, later, nothing, champions, GATE)
    assert note.startswith("120 of the 120 rows that measure were chosen by the champion's own doubts")
    assert note.endswith("100 that chance drew would not: a tenth of `redshank ask`, all of --strategy random")
    assert _measured(chosen, y, later, nothing, "another", GATE)[1] == ()
    both = replace(chosen, questions=(*at_random.questions[:110], *chosen.questions[110:]))
    part, notes = _measured(both, y, later, nothing, champions, GATE)
    assert (part.row.tolist(), notes) == (list(range(110)), ())


def test_a_label_that_rests_on_a_false_alarm_teaches_and_never_measures() -> None:
    site = told(30, {"strange": "benign", "dos": "dos"})
    called_false = {one.id for one in site.questions[-10:]}
    asked = tuple(replace(one, strategy=ALERT) if one.id in called_false else one for one in site.questions)
    changed = replace(site, questions=asked)
    learn, later = split_later(changed, (), 0.5)
    assert [changed.questions[row].id in called_false for row in later.tolist()] == [False] * 10
    assert {changed.questions[row].id for row in learn.tolist()} > called_false
    all_asked, some_false = (
        retrain(champion(), labelled(), one, "drawn-r1", hold_out=0.5, gate=GATE) for one in (site, changed)
    )
    assert (all_asked.rows["labels"], some_false.rows["labels"]) == (15, 20)
    assert called_false < set(some_false.bundle.manifest.provenance[KEY]["questions"])
    assert some_false.rows[REGRESSION] == all_asked.rows[REGRESSION] - 5


def test_a_doubted_label_teaches_nothing() -> None:
    site = told(30, {"strange": "benign", "dos": "dos"})
    doubted = {one.id for one in site.questions[:5]}
    outcome = retrain(champion(), labelled(), site, "drawn-r1", gate=GATE, doubted=doubted)
    assert outcome.rows["labels"] == 16
    assert not doubted & set(outcome.bundle.manifest.provenance[KEY]["questions"])


def test_few_labels_keep_the_champion_and_say_why() -> None:
    site = told(30, {"strange": "benign", "dos": "dos"})
    outcome = retrain(champion(), labelled(), site, "drawn-r1", gate=GATE)
    assert not outcome.decision.promote
    assert outcome.decision.reasons[0].startswith("9 frozen rows are too few; at least 100 are needed")


def test_a_label_wins_over_rows_of_the_dataset_that_look_the_same() -> None:
    base = labelled()
    made = partition(base, protocol="leakfree", task="family", feature_set="conn", seed=3)
    row = int(np.flatnonzero(made.train.y == 0)[0])
    site = told(30, {"strange": "benign", "dos": "dos"})
    x = site.x.copy()
    x[0] = made.train.x[row]
    family = ("dos", *site.family[1:])
    changed = Told(site.questions, x, family, site.share, site.labels, 0)
    outcome = retrain(champion(), base, changed, "a", gate=GATE)
    assert outcome.rows["dataset"] == len(unseen(made.train, x[:21])) < len(made.train)


def test_a_new_family_with_labels_enough_becomes_a_class() -> None:
    site = told(60, {"strange": "worm", "dos": "dos", "benign": "benign"})
    outcome = retrain(champion(), labelled(), site, "drawn-r1", gate=GATE)
    assert tuple(outcome.bundle.manifest.classes) == ("benign", "dos", "scanning", "worm")
    assert outcome.notes[0] == "new families: worm"
    strange = np.array([family == "worm" for family in site.family])
    said = Graph(outcome.bundle).probabilities(site.x[strange]).argmax(axis=1)
    assert (said == 3).mean() > 0.9
    rare = retrain(champion(), labelled(), told(12, {"strange": "worm", "dos": "dos"}), "drawn-r1", gate=GATE)
    assert rare.notes[0] == "families with fewer than 10 labels, not trained on: worm (4)"
    assert len(rare.bundle.manifest.classes) == 3


def test_a_binary_champion_takes_every_family_for_an_attack() -> None:
    site = told(60, {"strange": "worm", "benign": "benign"})
    outcome = retrain(champion("binary"), labelled(), site, "drawn-r1", gate=GATE)
    assert outcome.bundle.manifest.classes == ["benign", "attack"]
    assert {CANARIES, REGRESSION, LATER} - set(outcome.rows) == {CANARIES}


def test_what_cannot_be_is_one_line() -> None:
    nothing = told(6, {"benign": "benign", "dos": "dos"})
    empty = Told(nothing.questions, nothing.x, ("",) * 6, nothing.share, ((),) * 6, 0)
    with pytest.raises(ActionError, match="store: 0 labels, of which none is left to train on"):
        retrain(champion(), labelled(), empty, "a")
    other = labelled(kinds=("benign", "strange", "dos"))
    with pytest.raises(ActionError, match="drawn: has strange, which champion drawn does not know"):
        retrain(champion(), other, nothing, "a")


def test_names_go_on() -> None:
    assert next_name("a-r9", ["a-r9", "a", "b-r20"]) == "a-r10"
