from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from labelled import labelled
from redshank.core.bundle import Bundle
from redshank.core.metrics import Metrics
from redshank.core.schema import TIMESTAMP
from redshank.data.dataset import Labelled
from redshank.data.parts import Parts
from redshank.data.protocol import partition
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.reference import Reference
from redshank.features.feature_set import FEATURE_SETS
from redshank.learn import reference
from redshank.learn.reference import with_reference
from redshank.learn.train import fit, make_bundle


def period(rows: int, seed: int = 0) -> Labelled:
    """Draw a period of forty devices."""
    base = labelled(rows, seed)
    at = base.flows.schema.get_field_index("src_ip")
    return replace(base, flows=base.flows.set_column(at, "src_ip", pa.array([f"10.0.0.{i % 40}" for i in range(rows)])))


def made(base: Labelled) -> tuple[Bundle, Parts]:
    parts = partition(base, protocol="leakfree", task="binary", feature_set="conn", seed=3)
    return make_bundle(fit(parts, "extra_trees", settings={"trees": 5, "leaves": 20}), parts, "drawn", {}), parts


def test_a_bundle_carries_blocks_of_its_benign_flows_and_its_detector_compares_with_them() -> None:
    base = period(3000)
    bundle, parts = made(base)
    told = with_reference(bundle, base, parts)
    assert told.model == bundle.model
    found = Reference.from_dict(told.manifest.calibration["reference"], FEATURE_SETS.find("conn").columns)
    benign = int((base.family == "benign").sum())
    assert 0.95 * benign // 24 < found.flows <= benign // 24
    assert 20 <= len(found.blocks) <= 24
    assert {**told.manifest.calibration, "reference": None} == {**bundle.manifest.calibration, "reference": None}
    detector = Classifier(told, metrics=Metrics())
    later = period(600, seed=5).flows
    ts = pa.array(20 * 10**9 * np.arange(600)).cast(TIMESTAMP)
    detector.judge(later.set_column(later.schema.get_field_index("ts"), later.schema.field("ts"), ts))
    assert [one.moved for one in detector.compared()] == [False], "the same traffic, attacks and all"


def test_the_same_flows_give_the_same_reference() -> None:
    base = period(1500)
    bundle, parts = made(base)
    one, other = (with_reference(bundle, base, parts).manifest for _ in range(2))
    assert one == other


def test_without_devices_or_with_few_flows_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    base = period(1500)
    bundle, parts = made(base)
    at = base.flows.schema.get_field_index("src_ip")
    nobody = replace(base, flows=base.flows.set_column(at, "src_ip", pa.nulls(len(base.flows), pa.string())))
    assert with_reference(bundle, nobody, parts) is bundle
    assert with_reference(bundle, replace(base, family=np.full(1500, "dos")), parts) is bundle
    monkeypatch.setattr(reference, "FEWEST_BLOCKS", 25)
    assert with_reference(bundle, base, parts) is bundle


def test_a_row_that_trained_is_ranked_among_those_that_trained_unless_it_came_again() -> None:
    base = period(600)
    again = base.flows.take(pa.array([*range(600), *range(100)]))
    ts = pa.array(np.arange(700) * 10**9).cast(TIMESTAMP)
    again = again.set_column(again.schema.get_field_index("ts"), "ts", ts)
    _, parts = made(replace(base, flows=again, family=np.concatenate([base.family, base.family[:100]])))
    marked = reference._trained_once(parts, np.arange(700))
    assert not marked[:100].any()
    assert not marked[600:].any()
    assert marked.sum() > 100
    assert np.isin(np.flatnonzero(marked), parts.train.row).all()
