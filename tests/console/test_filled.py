from console.filled import CHALLENGER, CHAMPION, Filled, hostile
from redshank.core.records import Label
from redshank.store.alerts import STATES, Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.devices import Inventory
from redshank.store.queue import Queue


def test_the_store_holds_some_of_everything_that_a_page_shows(filled: Filled) -> None:
    alerts, now_s = Alerts(filled.database), filled.now_s
    assert len(alerts.counts("family")) == 9
    assert set(alerts.counts("state")) == set(STATES)
    assert len({hour for hour, _, _ in alerts.per_hour(now_s - 86_400, now_s)}) >= 4
    latest = alerts.find(limit=1)[0].alert
    assert alerts.evidence(latest.id)
    assert 0 < now_s - latest.last_seen_s < 1_000
    assert len(Inventory(filled.database).devices()) > 10
    assert [one.name for one in Inventory(filled.database).bundles()] == [CHAMPION]
    states = {entry.state for entry in filled.ledger().entries()}
    assert states == {"proposed", "approved", "applied", "expired", "undone", "refused", "failed"}
    assert len(Allowances(filled.database).standing(now_s)) == len(Allowances(filled.database).past(now_s)) == 2
    queue = Queue(filled.database)
    assert min(queue.counts(now_s)["open"], queue.counts(now_s)["answered"]) > 10
    assert {label.kind for label in queue.labels()} == {"answer", "correction", "withdrawal"}
    assert len(Audit(filled.database).entries()) > 20
    assert (filled.shelf.champion(), filled.shelf.names()) == (CHAMPION, [CHAMPION, CHALLENGER])


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
