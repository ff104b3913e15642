from typing import Any

import pytest

from redshank.active.loop import Plan, Round
from redshank.core.errors import SourceError
from redshank.data.place import LEARN, UNSEEN
from redshank.experiments.first_light import CONTROL, STRATEGY, FirstLight, run

QUICK: dict[str, Any] = {"units": (8,), "epochs": 2, "batch_size": 64}
PLAN = Plan(initial=60, batch=40, rounds=1)


Told = list[tuple[str, int, Round]]


@pytest.fixture(scope="module")
def told() -> Told:
    return []


@pytest.fixture(scope="module")
def found(told: Told) -> FirstLight:
    def tell(strategy: str, seed: int, point: Round) -> None:
        told.append((strategy, seed, point))

    return run(LEARN, UNSEEN, plan=PLAN, seeds=(0, 1), settings=QUICK, on_round=tell)


def test_the_strategy_and_its_control_start_alike_and_ask_as_much(found: FirstLight) -> None:
    assert list(found.curves) == [STRATEGY, CONTROL]
    for asked, drawn in zip(found.curves[STRATEGY], found.curves[CONTROL], strict=True):
        assert asked[0] == drawn[0]
        assert [point.labels for point in asked] == [point.labels for point in drawn] == [60, 100]


def test_the_model_is_judged_beside_trees_and_the_constant_on_the_unseen_network(found: FirstLight) -> None:
    assert [model.name for model in found.unseen.models] == ["first-light", "lightgbm", "constant"]
    assert found.unseen.sha256 != found.held_out.sha256
    assert found.unseen.protocol == "whole"
    assert found.unseen.models[0].curve


def test_the_bundle_carries_its_figures_and_where_they_are_from(found: FirstLight) -> None:
    figures = found.bundle.manifest.figures
    assert figures["labels"] == 100
    assert figures["unseen"]["macro_f1"] == found.unseen.models[0].headline["macro_f1"].mean
    assert found.bundle.manifest.provenance["command"] == "redshank demo"


def test_no_address_of_the_recording_learned_from_occurs_in_the_unseen_one() -> None:
    from redshank.data.dataset import DATASETS

    dataset = DATASETS.find("lab")()
    known, other = ({*f.column("src_ip").to_pylist()} for f in (dataset.load(LEARN).flows, dataset.load(UNSEEN).flows))
    assert {address for address in known & other if address not in ("0.0.0.0", "::")} == set()


def test_the_same_seed_gives_the_same_curve_and_each_round_is_told(found: FirstLight, told: Told) -> None:
    alone = run(LEARN, UNSEEN, plan=PLAN, seeds=(0,), settings=QUICK)
    assert alone.curves == {name: runs[:1] for name, runs in found.curves.items()}
    assert alone.bundle.model == found.bundle.model
    assert told == [
        (name, seed, point)
        for name, runs in found.curves.items()
        for seed, points in enumerate(runs)
        for point in points
    ]


def test_a_folder_that_is_no_recording_is_refused(tmp_path: Any) -> None:
    with pytest.raises(SourceError, match=str(tmp_path)):
        run(tmp_path, UNSEEN, plan=PLAN, seeds=(0,), settings=QUICK)
