from console.filled import Filled, hostile
from redshank.core.records import Label
from redshank.store.alerts import Alerts
from redshank.store.devices import Inventory
from redshank.store.queue import Queue


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
