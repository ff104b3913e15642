from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from partitions import each, labelled
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW, flow_batch
from redshank.data.clean import groups
from redshank.data.protocol import PROTOCOLS, features_of, partition, read_protocol
from redshank.features.feature_sets.conn import Conn


@pytest.mark.parametrize("task", ["binary", "family"])
def test_leakfree_parts_share_no_vector(task: str) -> None:
    parts = partition(labelled(), protocol="leakfree", task=task)
    number = groups(np.concatenate([part.x for part in each(parts)]))
    assert len(np.unique(number)) == len(number) == parts.notes["distinct_vectors"]


@settings(max_examples=examples(15), deadline=None)
@given(st.integers(60, 300), st.integers(0, 2**31), st.sampled_from(["binary", "family"]))
def test_leakfree_parts_stand_for_every_row_of_the_dataset(rows: int, seed: int, task: str) -> None:
    parts = partition(labelled(rows, seed % 97), protocol="leakfree", task=task, seed=seed)
    assert sum(part.weight.sum() for part in each(parts)) == rows == parts.notes["rows"]
    held = np.concatenate([part.row for part in each(parts)])
    assert len(np.unique(held)) == len(held)


def test_the_row_of_a_part_leads_back_to_its_vector_and_its_family() -> None:
    data = labelled()
    parts = partition(data, protocol="leakfree", task="family")
    x = Conn().encode(data.flows)
    for part in each(parts):
        assert np.array_equal(x[part.row], part.x, equal_nan=True)
        assert [parts.classes[label] for label in part.y] == data.family[part.row].tolist()


@pytest.mark.parametrize("task", ["binary", "family"])
def test_every_row_of_the_dataset_keeps_its_own_class(task: str) -> None:
    data = labelled()
    parts = partition(data, protocol="leakfree", task=task)
    counted = np.zeros(len(parts.classes))
    for part in each(parts):
        assert part.minority is not None
        assert (part.y[part.minority["vector"]] != part.minority["y"]).all()
        counted += np.bincount(part.y, part.weight, len(counted))
        counted -= np.bincount(part.y[part.minority["vector"]], part.minority["rows"], len(counted))
        counted += np.bincount(part.minority["y"], part.minority["rows"], len(counted))
    true = data.family if task == "family" else np.where(data.family == "benign", "benign", "attack")
    assert counted.tolist() == [(true == name).sum() for name in parts.classes]
    assert counted.tolist() != [sum(p.weight[p.y == c].sum() for p in each(parts)) for c in range(len(counted))]


def test_leakfree_says_what_was_merged_and_dropped() -> None:
    notes = partition(labelled(), protocol="leakfree", task="family").notes
    assert notes["distinct_vectors"] < notes["rows"] == 400
    assert 0 < notes["conflicts"] <= notes["conflict_rows"]
    assert 0 < notes["ceiling_accuracy"] < 1
    assert notes["dropped_columns"] == ["ts", "src_ip", "src_port", "dst_ip"]
    assert [step["name"] for step in notes["steps"]] == ["drop identifiers", "canonical types", "deduplicate"]
    assert notes["dataset"] == ["a note"]
    assert notes["scarce_classes"] == {}


def test_a_scarce_family_is_said_to_be_scarce_and_trains() -> None:
    data = labelled()
    number = groups(Conn().encode(data.flows))
    alone = np.flatnonzero(np.bincount(number)[number] == 1)[0]
    family = data.family.astype("U20")
    family[alone] = "mitm"
    parts = partition(replace(data, family=family), protocol="leakfree", task="family")
    assert parts.notes["scarce_classes"] == {"mitm": 1}
    assert [int((part.y == parts.classes.index("mitm")).sum()) for part in each(parts)] == [1, 0, 0, 0]


def test_classes_are_benign_first_then_sorted() -> None:
    data = labelled(families=("scanning", "benign", "backdoor", "xss"))
    assert partition(data, protocol="leakfree", task="family").classes == ("benign", "backdoor", "scanning", "xss")
    assert partition(data, protocol="leakfree", task="binary").classes == ("benign", "attack")


def test_the_binary_majority_counts_all_attacks_together() -> None:
    # One vector: two rows benign, two dos and one scanning. By family benign wins the tie, in all it is an attack.
    data = labelled(200)
    flows = pa.Table.from_batches([data.flows, *[data.flows.slice(0, 1)] * 5]).combine_chunks().to_batches()[0]
    sizes = np.array(flows.column("src_pkts"))
    sizes[200:] = 7_777
    rare = flow_batch({**dict(zip(FLOW.names, flows.columns, strict=True)), "src_pkts": sizes}, len(flows))
    family = np.concatenate([data.family, ["benign", "dos", "dos", "scanning", "benign"]])
    changed = replace(data, flows=rare, family=family, raw=None)
    found = {}
    for task in ("family", "binary"):
        parts = partition(changed, protocol="leakfree", task=task)
        found[task] = [parts.classes[p.y[p.row >= 200][0]] for p in each(parts) if (p.row >= 200).any()]
    assert found == {"family": ["benign"], "binary": ["attack"]}


def test_an_unknown_protocol_and_task_are_both_named() -> None:
    with pytest.raises(ConfigError) as caught:
        partition(labelled(), protocol="leekfree", task="families")
    assert caught.value.problems == [
        f"protocol: no 'leekfree'; did you mean 'leakfree'? (there are: {', '.join(PROTOCOLS.names())})",
        "task: no 'families'; did you mean 'family'? (there are: binary, family)",
    ]


def test_an_unknown_feature_set_is_named() -> None:
    with pytest.raises(ConfigError, match="feature set: no 'con'; did you mean 'conn'"):
        partition(labelled(), protocol="leakfree", task="binary", feature_set="con")


@pytest.mark.parametrize(("only", "missing"), [("benign", "attack"), ("dos", "benign")])
def test_one_side_alone_is_refused(only: str, missing: str) -> None:
    with pytest.raises(SourceError, match=f"drawn: has no {missing} row, only {only}"):
        partition(labelled(families=(only,)), protocol="leakfree", task="binary")


@pytest.mark.parametrize("protocol", ["leakfree", "paper"])
def test_too_few_rows_of_one_side_are_refused(protocol: str) -> None:
    data = labelled(100, families=("benign",))
    family = data.family.astype("U20")
    family[[3, 4]] = "dos"
    with pytest.raises(
        SourceError, match=f"drawn: too few distinct rows for protocol {protocol}: \\w+ has no attack row"
    ):
        partition(replace(data, family=family), protocol=protocol, task="binary")


def test_a_feature_set_needs_flows_and_own_columns_need_columns() -> None:
    data = labelled()
    with pytest.raises(ConfigError, match="feature set: 'conn' is made of flows, and 'drawn' has none; use 'own'"):
        partition(replace(data, flows=flow_batch({}, 400)), protocol="leakfree", task="binary", feature_set="conn")
    with pytest.raises(ConfigError, match="feature set: 'own' is the dataset's own columns, and 'drawn' offers none"):
        partition(replace(data, own=None), protocol="leakfree", task="binary", feature_set="own")


def test_what_suits_the_dataset_is_what_its_class_says() -> None:
    assert features_of(labelled()) == "conn"
    assert features_of(replace(labelled(), name="lab/unseen")) == "conn"


def test_settings_are_read_in_the_type_of_their_default() -> None:
    assert read_protocol("time", ["embargo_s=5", "seen=keep"]) == {"embargo_s": 5.0, "seen": "keep"}
    assert read_protocol("zero_day", ["family=dos"]) == {"family": "dos"}
    assert read_protocol("leakfree", []) == {}


@pytest.mark.parametrize(
    ("protocol", "texts", "message"),
    [
        ("group", ["by"], "--with: 'by' is not key=value"),
        ("group", ["buy=source"], r"protocol group: no setting 'buy'; did you mean 'by'\?"),
        ("time", ["embargo_s=long"], r"--with embargo_s: 'long' is not a number \(default 60.0\)"),
        ("zero_day", [], "protocol zero_day: setting 'family' must be given"),
        ("leakfree", ["by=x"], r"protocol leakfree: no setting 'by'; \(there are: none\)"),
        ("group", ["seen=no"], "protocol group: seen: no 'no'"),
    ],
)
def test_a_wrong_setting_is_one_line(protocol: str, texts: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_protocol(protocol, texts)
    assert len(caught.value.problems) == 1


def test_rows_of_a_class_that_training_has_not_stay_in_the_test_part_alone() -> None:
    data = labelled(600)
    assert data.official is not None
    family = data.family.astype("U20")
    family[np.flatnonzero(data.official == "test")[:9]] = "worm"
    parts = partition(replace(data, family=family), protocol="official", task="family")
    assert "worm" not in parts.classes
    assert parts.notes["families_without_training_rows"] == {"worm": 9}
    assert (parts.families(parts.test) == "worm").any()
