from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundles import CLASSES, flows, tiny_bundle
from labelled import labelled
from questions import answer, questions, store
from redshank.active.contest import LABELS, Contest
from redshank.active.decision import ALL, Gate
from redshank.active.told import told
from redshank.active.trained import label_provenance
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError, BundleError
from redshank.data.clean import groups
from redshank.data.parts import OTHER_FAMILY
from redshank.data.split import shared_rows
from redshank.features.feature_set import FEATURE_SETS
from redshank.learn.retest import parts_of
from redshank.store.question import ALERT

QUICK = Gate(resamples=200)
OWN = {"dataset": "drawn", "sha256": f"{0:064x}", "protocol": "leakfree", "partition_seed": 3}


def contest(champion: Bundle, challenger: Bundle, *datasets: Any) -> Contest:
    return Contest.of(champion, challenger, datasets or [labelled()], 0.01)


@cache
def blind() -> Bundle:
    """Make a bundle that never raises an alarm and calls every flow benign."""
    bundle = tiny_bundle(name="blind")
    # Classes in another order: what is scanned counts as benign, and the reverse.
    return replace(bundle, manifest=replace(bundle.manifest, classes=[CLASSES[0], CLASSES[2], CLASSES[1]]))


def test_every_distinct_row_counts_where_neither_was_trained() -> None:
    made = contest(tiny_bundle(), blind())
    x = FEATURE_SETS.find("conn")().encode(labelled().flows)
    assert len(made.frozen["drawn"]) == groups(x).max() + 1
    assert made.notes[0].startswith(f"drawn: {len(made.frozen['drawn']):,} of ")


def test_rows_that_one_of_them_was_made_with_are_left_out() -> None:
    mine = tiny_bundle(name="mine", provenance=OWN)
    other = tiny_bundle(name="other", provenance={**OWN, "partition_seed": 4})
    for pair in ((mine, tiny_bundle()), (mine, other)):
        part = contest(*pair).frozen["drawn"]
        for bundle in pair[: 1 + (pair[1] is other)]:
            parts = parts_of(bundle, labelled())
            for seen in (parts.train, parts.validation, parts.calibration):
                assert not len(shared_rows(seen.x, part.x))
    alone = contest(mine, tiny_bundle()).frozen["drawn"]
    assert len(alone) == len(parts_of(mine, labelled()).test)
    assert len(part) < len(alone)


def test_a_better_bundle_is_promoted_and_the_worse_is_not() -> None:
    good, bad = tiny_bundle(name="good"), blind()
    decision = contest(bad, good, labelled(rows=1000)).decide(QUICK)
    assert decision.promote, decision.reasons
    back = contest(good, bad, labelled(rows=1000)).decide(QUICK)
    assert not back.promote
    assert "macro_f1" in back.reasons[0]


def test_classes_are_matched_by_name_and_a_strange_family_is_an_attack() -> None:
    strange = labelled(kinds=("benign", "scanning", "strange"))
    made = contest(tiny_bundle(), blind(), strange)
    part = made.frozen["drawn"]
    assert made.classes == ("benign", "scanning", "dos")
    assert set(part.y.tolist()) == {0, 1, OTHER_FAMILY}
    old, new = made.champion(part.x), made.challenger(part.x)
    assert np.allclose(old[:, 0], new[:, 0])
    assert np.allclose(old[:, 1], new[:, 2], atol=1e-6)


def test_where_one_tells_no_families_both_are_judged_on_benign_or_attack() -> None:
    made = contest(tiny_bundle(), tiny_bundle(2, name="binary"))
    assert made.classes == ("benign", "attack")
    part = made.frozen["drawn"]
    assert set(part.y.tolist()) == {0, 1}
    assert made.champion(part.x).sum(axis=1) == pytest.approx(np.ones(len(part)), abs=1e-5)


def test_every_metric_is_compared_on_every_dataset() -> None:
    both = [labelled(rows=300), labelled(rows=300, seed=1, name="again")]
    found = contest(tiny_bundle(), blind(), *both).compare(QUICK)
    assert {one.part for one in found} == {ALL, "drawn", "again"}
    assert {one.figure for one in found} >= {"macro_f1", "roc_auc", "fpr"}
    metric = next(one for one in found if (one.part, one.figure) == (ALL, "macro_f1"))
    assert metric.difference is not None
    assert metric.difference < 0


def test_pairs_of_devices_are_drawn_whole() -> None:
    made = contest(tiny_bundle(), blind())
    assert made.notes[1] == "drawn: whole groups are resampled, by host_pair"
    assert len(made.groups["drawn"]) == len(made.frozen["drawn"])


def test_data_that_one_was_trained_on_in_another_form_is_refused() -> None:
    mixed = tiny_bundle(name="mixed", provenance={**OWN, "dataset": "drawn+lab", "sha256": "1" * 64})
    with pytest.raises(
        ActionError, match=r"bundle mixed: was made with drawn\+lab, and drawn shares 'drawn' with that"
    ):
        contest(tiny_bundle(), mixed)


def test_labels_of_a_store_that_one_was_taught_are_named() -> None:
    taught = tiny_bundle(name="taught", provenance={**OWN, "labels": {"count": 1200}})
    assert contest(tiny_bundle(), taught).notes[0].startswith("taught: was also taught 1,200 labels of a store")


def test_bundles_of_different_features_are_refused() -> None:
    with pytest.raises(BundleError, match="bundle other: made for feature set"):
        contest(tiny_bundle(), tiny_bundle(name="other", fingerprint="0" * 64))
    found = FEATURE_SETS.find("host_window")
    names = [column.name for column in found.columns]
    window = tiny_bundle(name="window", feature_set="host_window", feature_version=found.version,
                         fingerprint=found.fingerprint(), columns=names)  # fmt: skip
    with pytest.raises((ActionError, BundleError), match="window"):
        contest(tiny_bundle(), window)


def test_flows_of_a_dataset_without_rows_are_refused() -> None:
    empty = replace(labelled(), flows=flows([]), family=np.array([], dtype=np.str_))
    with pytest.raises(ActionError, match="drawn: holds no flows to score"):
        contest(tiny_bundle(), blind(), empty)


def test_labels_of_a_store_judge_unless_one_was_taught_them(tmp_path: Path) -> None:
    asked = questions(("benign", "scanning", "dos", "benign") * 40, seed=8)
    queue = store(tmp_path / "s", *asked)
    families = ("benign", "scanning", "dos", "benign")
    given = [answer(one, families[at % 4]) for at, one in enumerate(asked)]
    queue.tell(given)
    said = told(queue, "conn", 2e9)
    taught = tiny_bundle(name="taught", provenance={"labels": label_provenance(given[:40])})
    made = Contest.of(blind(), taught, (), 0.01, said)
    assert len(made.frozen[LABELS]) == 120
    (note,) = made.notes
    assert note.startswith("labels: 120 of 160 labelled flows were taught to neither; chance drew 0 of them, doubt the")
    assert made.decide(QUICK).promote
    called_false = replace(
        said, questions=tuple(replace(one, strategy=ALERT) for one in said.questions[:60]) + said.questions[60:]
    )
    assert len(Contest.of(blind(), taught, (), 0.01, called_false).frozen[LABELS]) == 100
    with pytest.raises(ActionError, match="store: 160 labels, of which none is left that neither bundle was taught"):
        Contest.of(blind(), tiny_bundle(provenance={"labels": label_provenance(given)}), (), 0.01, said)
