from dataclasses import replace

from questions import questions
from records import alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.examples import MOST, Examples
from redshank.store.queue import Queue
from redshank.store.retention import Retention

NOW_S = 1_700_000_000.0


def test_of_an_alert_a_few_flows_are_kept_value_for_value(database: Database) -> None:
    Alerts(database).record([alert(id="a"), alert(id="b")], [], NOW_S)
    examples, asked = Examples(database), questions()
    assert examples.keep([("a", asked[0]), ("b", asked[0]), ("a", asked[1])]) == 3
    assert examples.of(["a"]) == {"a": asked[:2]}
    assert examples.keep(("a", one) for one in asked) == MOST - 2
    assert examples.of(["none", "b", "a"]) == {"a": asked[:MOST], "b": asked[:1]}


def test_what_a_model_cannot_tell_apart_is_kept_once(database: Database) -> None:
    Alerts(database).record([alert(id="a")], [], NOW_S)
    first, second, *_ = questions()
    assert Examples(database).keep([("a", first), ("a", replace(second, x=first.x)), ("a", first)]) == 1
    assert Examples(database).keep([("a", replace(second, x=first.x))]) == 0


def test_nothing_is_kept_of_an_alert_that_is_gone_and_nobody_is_asked_about_what_is(database: Database) -> None:
    alerts, examples = Alerts(database), Examples(database)
    alerts.record([alert(id="a")], [], NOW_S)
    alerts.record([alert(id="last")], [], NOW_S + 50.0)
    (one, *_) = questions()
    assert examples.keep([("gone", one), ("a", one)]) == 1
    assert Queue(database).questions() == []
    Retention(10.0, 2**40).sweep(database, NOW_S + 50.0)
    assert examples.of(["a"]) == {}
