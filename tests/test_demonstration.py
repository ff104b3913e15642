from console.filled import Filled
from redshank.demonstration import CHALLENGER, CHAMPION
from redshank.store.alerts import STATES, Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.devices import Inventory
from redshank.store.queue import Queue


def test_the_store_holds_some_of_everything_that_a_page_shows(first_filled: Filled) -> None:
    store, now_s = first_filled.database, first_filled.now_s
    alerts = Alerts(store)
    assert len(alerts.counts("family")) == 9
    assert set(alerts.counts("state")) == set(STATES)
    assert len({hour for hour, _, _ in alerts.per_hour(now_s - 86_400, now_s)}) >= 4
    latest = alerts.find(limit=1)[0].alert
    assert alerts.evidence(latest.id)
    assert 0 < now_s - latest.last_seen_s < 1_000
    assert len(Inventory(store).devices()) > 10
    assert [one.name for one in Inventory(store).bundles()] == [CHAMPION]
    states = {entry.state for entry in first_filled.ledger().entries()}
    assert states == {"proposed", "approved", "applied", "expired", "undone", "refused", "failed"}
    assert len(Allowances(store).standing(now_s)) == len(Allowances(store).past(now_s)) == 2
    queue = Queue(store)
    assert min(queue.counts(now_s)["open"], queue.counts(now_s)["answered"]) > 10
    assert {label.kind for label in queue.labels()} == {"answer", "correction", "withdrawal"}
    assert len(Audit(store).entries()) > 20
    assert (first_filled.shelf.champion(), first_filled.shelf.names()) == (CHAMPION, [CHAMPION, CHALLENGER])
    assert first_filled.settings.respond.backend == "dry_run"
    store.close()


def test_the_gate_decided_on_the_challenger_and_says_that_it_is_the_champion_under_another_name(
    first_filled: Filled,
) -> None:
    first, last = first_filled.shelf.history().entries
    assert first.at_s < first_filled.now_s - 86_400 < last.at_s < first_filled.now_s
    labelled = last.evidence["paired"][0]["rows"]
    assert (last.what, last.name) == ("keep", CHALLENGER)
    assert last.reason.startswith(f"{labelled} frozen rows are too few; at least 100 are needed")
    assert {one["champion"] for one in last.evidence["paired"]} == {
        one["challenger"] for one in last.evidence["paired"]
    }
    assert "is home-1 under another name" in last.evidence["notes"][-1]


def test_what_people_did_stands_in_the_audit_in_the_order_of_time(first_filled: Filled) -> None:
    times = [entry.at_s for entry in Audit(first_filled.database).entries(1_000)]
    assert times == sorted(times, reverse=True)
    first_filled.database.close()


def test_states_that_a_dry_run_does_not_reach_are_told_to_be_staged(first_filled: Filled) -> None:
    over = [one for one in first_filled.ledger().entries() if one.state in {"failed", "expired"}]
    assert len(over) == 2
    assert all("staged, to show" in str(one) for one in over)
    first_filled.database.close()
