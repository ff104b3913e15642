import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from console.filled import Filled, hostile
from redshank.active.retrain import split_later
from redshank.active.told import told
from redshank.capture.sources.pcap import Pcap
from redshank.console.acts.alerts import call_false
from redshank.console.desk import Desk
from redshank.console.people import Person
from redshank.core.records import Label
from redshank.data.place import LEARN
from redshank.features.feature_set import FEATURE_SETS
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from redshank.store.alerts import Alerts
from redshank.store.devices import Inventory
from redshank.store.question import flow_values
from redshank.store.queue import Queue


def _row(flow: Mapping[str, Any], uid: str) -> str:
    """Return what tells a flow's rows apart, whenever they are played."""
    return json.dumps({**flow, "uid": uid, "ts": 0}, sort_keys=True)


def test_what_one_test_changes_no_other_sees(filled: Filled, first_filled: Filled) -> None:
    queue = Queue(filled.database)
    one = queue.questions()[-1]
    queue.tell([Label.of(one.id, one.uid, "benign", "eve", filled.now_s, "file")])
    assert len(queue.labels()) == len(Queue(first_filled.database).labels()) + 1
    assert filled.settings.store_place != first_filled.settings.store_place


def test_hostile_text_reaches_the_store(filled: Filled) -> None:
    made = hostile(filled)
    found = Alerts(filled.database).get(made.id)
    assert found is not None
    assert found.alert == made
    assert "<img" in Inventory(filled.database).devices(limit=1)[0].id


def test_every_alert_of_a_day_has_flows_to_label_with_what_the_model_saw_and_a_challenger_learns_from_them(
    filled_desk: Desk,
) -> None:
    desk = filled_desk
    found = {filed.alert.id: filed.alert for filed in desk.alerts.find(limit=1_000)}
    kept = desk.examples.of(list(found))
    assert kept.keys() == found.keys()
    # Of the first play the model had seen nothing before, so that its features can be computed again.
    flows = pa.Table.from_batches(Sensor(Pcap(LEARN / "capture.pcap.gz"), MeterSettings(seed=0)).batches())
    (whole,) = flows.combine_chunks().to_batches()
    x = FEATURE_SETS.find(desk.queue.questions()[0].feature_set)().encode(whole)
    seen = {_row(flow, f"{flow['uid']}0"): row for flow, row in zip(flow_values(whole), x, strict=True)}
    first = [one for some in kept.values() for one in some if one.uid.endswith("0")]
    assert len(first) > 20
    for one in first:
        np.testing.assert_array_equal(one.values, seen[_row(one.flow, one.uid)])
    before = {one.id for one in desk.queue.questions()}
    chosen = {one.family: one.id for one in found.values()}
    assert len(chosen) >= 3
    for name in chosen.values():
        made = call_false(desk, Person("eve", "analyst"), name, "our own test", label=True)
        assert made.labels >= 1, found[name]
    said = told(desk.queue, desk.queue.questions()[0].feature_set, desk.now_s())
    learn, later = split_later(said, (), 0.3)
    given = {row for row, one in enumerate(said.questions) if one.id not in before}
    assert given
    assert given <= set(learn.tolist())
    assert not given & set(later.tolist())
    assert {said.family[row] for row in given} == {"benign"}
