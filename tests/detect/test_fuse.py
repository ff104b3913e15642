import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bundles import START_NS, flows, tiny_bundle
from drawn import examples
from redshank.core.schema import VERDICT
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.fuse import fuse, share


def said(detector: str, *rows: dict[str, Any]) -> pa.RecordBatch:
    same = {"detector": detector}
    return pa.RecordBatch.from_pylist(
        [{"uid": f"C{i}", "ts": START_NS + 1000 * i, **same, **row} for i, row in enumerate(rows)], schema=VERDICT
    )


def one(*verdicts: pa.RecordBatch) -> dict[str, Any]:
    (row,) = fuse(verdicts).to_pylist()
    found: dict[str, Any] = row
    return found


DOS = {"bundle": "home", "score": 0.8, "family": "dos", "p_value": 0.001, "alarm": True, "unknown": False}
QUIET = {"bundle": "home", "score": 0.1, "family": "benign", "p_value": 0.6, "alarm": False, "unknown": False}
STRANGE = {"bundle": "home", "score": 0.2, "p_value": 0.2, "alarm": False, "unknown": True}
ODD = {"bundle": "habits", "score": 0.5, "p_value": 0.002, "alarm": True, "unknown": True, "reasons": ["gap 9 s"]}
USUAL = {"bundle": "habits", "score": 0.01, "family": "benign", "p_value": 0.5, "alarm": False, "unknown": False}
TELNET = {"family": "scanning", "alarm": True, "reasons": ["port 23"], "rules": ["telnet sweep"]}
NO_RULE = {"alarm": False}
WARMING: dict[str, Any] = {"bundle": "habits"}


def test_a_single_detector_passes_through_unchanged() -> None:
    batch = Classifier(tiny_bundle()).judge(flows(["benign", "dos", "strange"]))
    assert fuse([batch]) is batch


def test_a_model_that_names_a_family_is_believed_before_a_rule() -> None:
    row = one(said("signatures", TELNET), said("anomaly", ODD), said("classifier", {**DOS, "reasons": ["a", "b"]}))
    assert (row["family"], row["unknown"], row["alarm"], row["bundle"]) == ("dos", False, True, "home")
    assert row["score"] == 0.8
    assert row["p_value"] == pytest.approx(2 * 0.001)
    assert row["detector"] == "anomaly,classifier,signatures"
    assert row["reasons"] == ["classifier: a", "classifier: b", "anomaly: gap 9 s", "signatures: port 23"]
    assert row["rules"] == ["telnet sweep"]


def test_rules_have_a_bundle_too_and_are_no_model_for_that() -> None:
    row = one(said("signatures", {**TELNET, "bundle": "rules-1", "score": 0.97}), said("classifier", DOS))
    assert (row["family"], row["bundle"], row["score"]) == ("dos", "home", 0.97)


def test_a_rule_names_the_family_where_the_model_is_quiet_or_knows_none() -> None:
    for model in (QUIET, {**DOS, "family": None, "unknown": True}):
        row = one(said("classifier", model), said("signatures", TELNET))
        assert (row["family"], row["unknown"], row["alarm"]) == ("scanning", False, True)
        assert row["bundle"] == "home", "the model judged, too"
    assert one(said("classifier", QUIET), said("signatures", TELNET))["detector"] == "signatures"


def test_an_alarm_that_nobody_has_a_name_for_is_unknown() -> None:
    row = one(said("classifier", QUIET), said("anomaly", ODD), said("signatures", NO_RULE))
    assert (row["family"], row["unknown"], row["alarm"], row["detector"]) == (None, True, True, "anomaly")
    assert (row["bundle"], row["score"]) == ("habits", 0.5)
    assert row["p_value"] == pytest.approx(2 * 0.002), "two of the three give p-values"
    assert row["rules"] is None
    silent = one(said("classifier", {"bundle": "home"}), said("signatures", {"alarm": True}))
    assert (silent["family"], silent["unknown"], silent["score"]) == (None, True, None)


def test_what_is_strange_to_one_stays_unknown_when_nobody_alarms() -> None:
    row = one(said("anomaly", USUAL), said("classifier", STRANGE))
    assert (row["family"], row["unknown"], row["alarm"], row["detector"]) == (None, True, False, "anomaly,classifier")


def test_who_cannot_tell_takes_no_part() -> None:
    row = one(said("anomaly", WARMING), said("classifier", QUIET), said("signatures", NO_RULE))
    assert (row["detector"], row["score"], row["p_value"]) == ("classifier", 0.1, 0.6)
    assert (row["family"], row["alarm"], row["reasons"]) == ("benign", False, None)


def test_where_nobody_can_tell_everything_is_null_and_all_are_named() -> None:
    row = one(said("classifier", {"bundle": "home"}), said("anomaly", WARMING))
    assert {key for key, value in row.items() if value is not None} == {"uid", "ts", "detector", "bundle"}
    assert row["detector"] == "anomaly,classifier"


def test_no_flows_give_no_verdicts() -> None:
    empty = said("classifier").slice(0, 0)
    assert fuse([empty, empty]).num_rows == 0
    assert fuse([empty, empty]).schema == VERDICT


def test_fused_p_value_is_valid_for_detectors_that_agree_always_and_for_those_that_never_do() -> None:
    # 20,000 uniform p-values: at 5 % the share below is 0.05 at most, give or take four of its spread of 0.0015.
    p = (np.arange(20_000) + 0.5) / 20_000
    for other in (p, 1 - p, np.random.default_rng(1).permutation(p)):
        batches = [
            said(name, *({"p_value": value} for value in values.tolist())) for name, values in (("a", p), ("b", other))
        ]
        fused = np.array(fuse(batches).column("p_value").to_pylist())
        assert (fused <= 0.05).mean() <= 0.05 + 4 * 0.0015
        assert fused.max() <= 1


def test_detectors_that_share_a_rate_get_a_part_of_it_each() -> None:
    scores = {"benign_scores": np.linspace(0, 0.999, 1000).tolist(), "benign_rows": 1000, "thresholds": {"0.01": 0.991}}
    bundle = tiny_bundle(calibration={**tiny_bundle().manifest.calibration, **scores})
    alone, half = (Classifier(bundle, 0.01, sharing=k) for k in (1, 2))
    assert alone.threshold == 0.991
    assert half.threshold == pytest.approx(0.995, abs=1e-4), "five of the 1,000 benign scores lie above"
    assert half.false_alarm_rate == "0.01", "that of all together"
    assert share(0.01, 2) == 0.005


texts = st.none() | st.lists(st.sampled_from(["a", "b"]), max_size=2)
verdicts = st.fixed_dictionaries(
    {
        "score": st.none() | st.floats(0, 1),
        "p_value": st.none() | st.floats(1e-6, 1),
        "family": st.sampled_from([None, "benign", "dos", "scanning"]),
        "unknown": st.sampled_from([None, True, False]),
        "alarm": st.sampled_from([None, True, False]),
        "bundle": st.sampled_from([None, "home"]),
        "reasons": texts,
        "rules": texts,
    }
)


@settings(max_examples=examples(60), deadline=None)
@given(rows=st.lists(st.tuples(verdicts, verdicts, verdicts), max_size=4))
def test_order_changes_nothing_and_null_never_becomes_a_number(rows: list[tuple[dict[str, Any], ...]]) -> None:
    batches = [said(name, *(row[at] for row in rows)) for at, name in enumerate(("a", "b", "c"))]
    fused = fuse(batches)
    assert all(fuse(order) == fused for order in itertools.permutations(batches))
    fused.validate(full=True)
    for row, given_ in zip(fused.to_pylist(), rows, strict=True):
        scores = [each["score"] for each in given_ if each["score"] is not None]
        assert row["score"] == max(scores, default=None)
        ps = [each["p_value"] for each in given_ if each["p_value"] is not None]
        assert row["p_value"] == (pytest.approx(min(1.0, len(ps) * min(ps))) if ps else None)
        alarms = [each["alarm"] for each in given_ if each["alarm"] is not None]
        assert row["alarm"] == (any(alarms) if alarms else None)
        if row["alarm"]:
            assert row["unknown"] or row["family"] is not None
        for name in ("reasons", "rules"):
            lists = [each[name] for each in given_ if each[name] is not None]
            assert (row[name] is None) == (not lists)
            assert len(row[name] or []) == sum(map(len, lists))
