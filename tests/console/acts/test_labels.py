from dataclasses import replace

import pytest

from redshank.active.trained import label_provenance
from redshank.console.acts.labels import MOST_SESSIONS, Analysts, withdraw
from redshank.console.desk import Desk
from redshank.console.facts.models import manifest, require_shelf
from redshank.console.request_error import RequestError
from redshank.core.errors import ConfigError


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def test_an_account_works_through_one_session_of_its_own(desk: Desk) -> None:
    analysts = Analysts(desk)
    one, other = analysts.next("eva"), analysts.next("finn")
    assert one is not None
    assert other is not None
    assert one.id != other.id
    label = analysts.answer("eva", one.id, "worm", "an alert", valid_days=2)
    assert label.expires_at_s == label.given_at_s + 2 * 86_400
    again = analysts.answer("eva", one.id, "benign")
    assert (again.about, again.expires_at_s) == (label.id, None)
    assert analysts.undo("eva", other.id).id == one.id
    with pytest.raises(RequestError, match="There is no answer of yours to undo"):
        analysts.undo("finn")
    assert analysts.next("finn", one.id) != one  # eva holds it
    analysts.skip("finn", other.id)
    assert other.id in analysts.session("finn").skipped
    assert analysts.look_again("finn") == 1
    assert analysts.look_again("finn") == 0


def test_a_key_that_is_hit_twice_answers_once(desk: Desk) -> None:
    analysts = Analysts(desk)
    one = analysts.next("eva")
    assert one is not None
    assert analysts.answer("eva", one.id, "dos", "seen") == analysts.answer("eva", one.id, "dos", "seen")
    assert [label.annotator for label in desk.queue.said_of(one.id)].count("eva") == 1
    assert len(analysts.session("eva").given) == 1
    desk.queue.doubt([one.id], desk.now_s() + 1, "neighbors say otherwise")
    assert analysts.answer("eva", one.id, "dos", "seen").kind == "correction"


def test_what_is_no_answer_is_refused(desk: Desk) -> None:
    analysts = Analysts(desk)
    one = analysts.next("eva")
    assert one is not None
    with pytest.raises(ConfigError, match="family: 'Bot Net' is no name; use at most 40 small letters"):
        analysts.answer("eva", one.id, "Bot Net")
    with pytest.raises(ConfigError, match="is no name"):
        analysts.answer("eva", one.id, "a" * 41)
    with pytest.raises(RequestError, match="There is no question '00'"):
        analysts.answer("eva", "00", "dos")
    with pytest.raises(RequestError, match="There is no question '00'"):
        analysts.skip("eva", "00")


def test_sessions_are_bounded(desk: Desk) -> None:
    analysts = Analysts(desk)
    first = analysts.session("eva")
    for number in range(MOST_SESSIONS):
        analysts.session(f"somebody{number}")
    assert analysts.session("eva") is not first


def test_a_label_that_is_taken_back_names_the_bundles_it_taught_and_is_audited(desk: Desk) -> None:
    shelf = require_shelf(desk)
    label = next(one for one in desk.queue.labels() if one.family == "unsure")
    made = shelf.load("home-1")
    provenance = {**manifest(shelf, "home-1").provenance, "labels": label_provenance([label])}
    shelf.put(replace(made, manifest=replace(made.manifest, name="taught", provenance=provenance)))
    gone = withdraw(desk, "eva", label.id, "wrong device")
    assert [one.id for one in gone.labels] == [label.id]
    assert gone.bundles == (("taught", 1),)
    (entry,) = desk.audit.entries(1)
    assert (entry.who, entry.what, entry.about) == ("eva", "label withdrawn", label.id)
    assert entry.detail["family"] == "unsure"
    assert (entry.detail["annotator"], entry.detail["why"]) == (label.annotator, "wrong device")
    assert withdraw(desk, "eva", label.id, "again").labels == ()
    assert desk.audit.entries(1) == [entry]
    with pytest.raises(RequestError, match="This takes a label back itself"):
        withdraw(desk, "eva", desk.queue.labels()[-1].id, "back again")
    with pytest.raises(RequestError, match="There is no label '00'"):
        withdraw(desk, "eva", "00", "no such")
