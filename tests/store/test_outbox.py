from records import alert
from redshank.alerts.delivery import Patience
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import DEAD, LONGEST_WAIT_S, MOST_CHARACTERS, Outbox

NOW_S = 1_700_000_000.0


def filled(database: Database) -> Outbox:
    Alerts(database).record([alert(id="a"), alert(id="b")], ["eve", "webhook"], NOW_S)
    return Outbox(database)


def keys(outbox: Outbox, sink: str, after_s: float = 0.0, limit: int = 10) -> list[str]:
    return [owed.key for owed in outbox.due(sink, NOW_S + after_s, limit)]


def test_each_sink_is_owed_its_own_rows_in_order(database: Database) -> None:
    outbox = filled(database)
    assert keys(outbox, "eve") == ["a-0-eve", "b-0-eve"]
    assert keys(outbox, "webhook", limit=1) == ["a-0-webhook"]
    assert keys(outbox, "eve", after_s=-1) == []
    (first, _) = outbox.due("eve", NOW_S, 10)
    assert (first.sink, first.alert, first.tries, first.since_s, first.error) == ("eve", alert(id="a"), 0, NOW_S, "")


def test_what_was_delivered_is_never_due_again(database: Database) -> None:
    outbox = filled(database)
    outbox.delivered(["a-0-eve"], NOW_S + 1)
    outbox.delivered(["a-0-eve"], NOW_S + 1)
    outbox.failed("a-0-eve", "too late", NOW_S)
    assert keys(outbox, "eve", after_s=100) == ["b-0-eve"]
    assert outbox.counts() == {("eve", "delivered"): 1, ("eve", "waiting"): 1, ("webhook", "waiting"): 2}


def test_what_is_handed_over_is_known_until_it_is_noted_what_became_of_it(database: Database) -> None:
    outbox = filled(database)

    def begun() -> dict[str, bool]:
        return {owed.key: owed.begun for owed in outbox.due("eve", NOW_S + 100, 10)}

    outbox.begin("a-0-eve", [], NOW_S)
    assert begun() == {"a-0-eve": True, "b-0-eve": False}
    outbox.begin("b-0-eve", ["a-0-eve"], NOW_S)
    assert begun() == {"b-0-eve": True}
    outbox.failed("b-0-eve", "no answer", NOW_S, begun=True)
    assert begun() == {"b-0-eve": True}
    outbox.failed("b-0-eve", "refused", NOW_S)
    assert begun() == {"b-0-eve": False}
    outbox.begin("a-0-eve", [], NOW_S)
    assert begun() == {"b-0-eve": False}, "what arrived stays so"


def test_what_a_sink_took_is_told_by_device_and_family_the_newest_of_each_alert(database: Database) -> None:
    alerts, outbox = Alerts(database), Outbox(database)
    told = [
        alert(id="a"),
        alert(id="a", revision=1),
        alert(id="later"),
        alert(id="b", device="10.0.0.8"),
        alert(id="c"),
    ]
    alerts.record([*told, alert(id="d", family="dos")], ["eve", "webhook"], NOW_S)
    outbox.delivered([f"{key}-eve" for key in ("a-0", "a-1", "later-0", "b-0", "d-0")], NOW_S)
    assert {(one.id, one.revision) for one in outbox.taken("eve", 9)} == {("a", 1), ("later", 0)}
    assert [one.id for one in outbox.taken("eve", 1)] == ["later"]
    assert outbox.taken("webhook", 9) == []


def test_a_failure_waits_for_its_time_and_those_that_waited_longest_come_first(database: Database) -> None:
    outbox = filled(database)
    outbox.failed("a-0-eve", "refused\x00" + "!" * 900, NOW_S + 60)
    assert keys(outbox, "eve") == ["b-0-eve"]
    assert keys(outbox, "eve", after_s=60) == ["b-0-eve", "a-0-eve"]
    late = outbox.due("eve", NOW_S + 60, 10)[1]
    assert late.tries == 1
    assert late.error.startswith("refused\\x00!!!")
    assert len(late.error) < MOST_CHARACTERS + 10


def test_what_was_recorded_by_a_clock_that_is_set_back_is_due_behind_what_is_due_by_the_clock(
    database: Database,
) -> None:
    outbox = filled(database)
    Alerts(database).record([alert(id="now")], ["eve"], NOW_S - 10 * 86_400)
    assert keys(outbox, "eve", after_s=-10 * 86_400) == ["now-0-eve", "a-0-eve", "b-0-eve"]
    assert keys(outbox, "eve", after_s=-10 * 86_400, limit=2) == ["now-0-eve", "a-0-eve"]
    outbox.failed("a-0-eve", "refused", NOW_S - 10 * 86_400 + LONGEST_WAIT_S)
    assert keys(outbox, "eve", after_s=-10 * 86_400) == ["now-0-eve", "b-0-eve"]


def test_no_wait_between_two_tries_passes_for_a_wrong_clock() -> None:
    assert Patience().longest_s <= LONGEST_WAIT_S


def test_what_was_given_up_is_kept_and_can_be_tried_anew(database: Database) -> None:
    outbox = filled(database)
    outbox.failed("a-0-eve", "gone", None)
    assert keys(outbox, "eve", after_s=1e9) == ["b-0-eve"]
    assert outbox.counts()["eve", DEAD] == 1
    assert (outbox.revive("none", NOW_S + 5), outbox.revive("eve", NOW_S + 5)) == (0, 1)
    assert keys(outbox, "eve", after_s=5) == ["b-0-eve", "a-0-eve"]
