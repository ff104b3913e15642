from collections.abc import Container
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn import examples
from records import alert
from redshank.alerts.allow import AllowList
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Evidence
from redshank.pipeline import taking_back
from redshank.pipeline.allowing import Given, give
from redshank.pipeline.taking_back import UNSETTLED, TakingBack, take_back, unfounded
from redshank.respond.ledger import Ledger
from redshank.respond.policy import Policy, Rule
from redshank.respond.responder import Responder
from redshank.respond.states import Entry
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.ledger import Journal
from responses import ATTACKER, NOW_S, OTHER, Around, Kernel, action

RULES = (Rule("block", family=("dos",)), Rule("block", family=("scanning",), approval=True))


class Site:
    """A store, and a service that answers the alerts in it."""

    def __init__(self, place: Path) -> None:
        self.database = Database(place / "s", create=True)
        self.alerts, self.kernel, self.around = Alerts(self.database), Kernel(now_s=NOW_S), Around()
        ledger = Ledger(Journal(self.database), self.around.protected)
        policy = Policy(RULES, model_alone=True)
        self.responder = Responder(policy, ledger, self.kernel, "kernel", self.around, Metrics())
        self.taking_back = TakingBack(self.database, ledger)

    def tell(self, name: str, device: str = ATTACKER, family: str = "dos", refuted: Container[str] = ()) -> None:
        flow = Evidence(name, 1.0, device, 1, "10.0.0.1", 80, "tcp", None, 0.9)
        told = alert(id=name, device=device, family=family, evidence=(flow,), targets=("10.0.0.1",))
        self.alerts.record([told], [], NOW_S)
        self.responder.take([told], NOW_S, refuted=refuted)

    def call_false(self, name: str, why: str = "our own scanner", by: str = "ana") -> None:
        self.alerts.judge([name], "false_alarm", by, NOW_S, why)

    def ledger(self) -> Ledger:
        made = Ledger(Journal(self.database), self.around.protected)
        made.refresh()
        return made

    def entries(self) -> list[Entry]:
        return self.ledger().entries()

    def states(self) -> list[str]:
        return [entry.state for entry in self.entries()]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def scanner(**terms: Any) -> Allowance:
    return Allowance.of("ana", "our own scanner", NOW_S, NOW_S + 3_600, **terms or {"device": ATTACKER})


def test_an_allowance_lifts_what_holds_by_the_name_of_its_author_and_lets_nobody_alone_for_it(site: Site) -> None:
    site.tell("a1")
    assert list(site.kernel.held) == [("block", ATTACKER)]
    one = scanner()
    assert give(site.database, one, NOW_S + 1) == Given(closed=1, taken_back=1)
    (entry,) = site.entries()
    assert (entry.state, entry.by, entry.note) == ("undone", "ana", f"allowance {one.id}: our own scanner")
    assert site.ledger().addresses.allowances(NOW_S + 1) == []
    assert site.ledger().addresses.strikes(ATTACKER) == 0
    (told,) = Audit(site.database).entries(what="action undone")
    assert (told.who, told.about, told.detail["why"]) == ("ana", entry.action.id, entry.note)
    assert (told.detail["target"], told.detail["state"], told.detail["allow_s"]) == (ATTACKER, "undone", 0)
    site.responder.tick(NOW_S + 2)
    assert site.kernel.held == {}


def test_what_waits_for_a_person_is_withdrawn_and_what_a_person_approved_is_undone(site: Site) -> None:
    site.tell("a1", family="scanning")
    site.tell("b1", device=OTHER, family="scanning")
    (waiting,) = [entry for entry in site.entries() if entry.action.target == OTHER]
    site.ledger().approve(waiting.action.id, "ben", NOW_S)
    site.responder.tick(NOW_S)
    assert site.states() == ["proposed", "applied"]
    assert give(site.database, scanner(family="scanning"), NOW_S + 1) == Given(closed=2, taken_back=2)
    assert site.states() == ["refused", "undone"]


def test_what_a_person_ordered_and_what_answers_another_alert_stays(site: Site) -> None:
    site.tell("a1")
    site.tell("b1", device=OTHER)
    ledger = site.ledger()
    ledger.propose(action("10.0.0.99", by="ben", alert=""), NOW_S, approval=True)
    ledger.propose(action("10.0.0.98", by="ben", alert="a1"), NOW_S, approval=True)
    assert give(site.database, scanner(), NOW_S + 1) == Given(closed=1, taken_back=1)
    assert site.states() == ["undone", "applied", "proposed", "proposed"]


@pytest.mark.parametrize("state", ["open", "acknowledged", "escalated"])
def test_an_alert_of_the_device_that_nothing_covers_or_that_a_person_believes_in_keeps_what_was_done(
    site: Site, state: str
) -> None:
    site.tell("a1")
    site.tell("a2", family="scanning")
    site.alerts.judge(["a2"], state, "ben", NOW_S)
    assert give(site.database, scanner(family="dos"), NOW_S + 1) == Given(closed=1, taken_back=0)
    assert site.states() == ["applied"]
    assert give(site.database, scanner(family="scanning"), NOW_S + 2).taken_back == (1 if state == "open" else 0)


def test_an_alert_that_a_person_escalated_is_not_silenced(site: Site) -> None:
    site.tell("a1")
    site.alerts.judge(["a1"], "escalated", "ben", NOW_S)
    assert give(site.database, scanner(), NOW_S + 1) == Given(closed=0, taken_back=0)
    assert site.states() == ["applied"]


def test_an_alert_that_was_called_false_with_an_allowance_blocks_nobody_any_more(site: Site) -> None:
    site.tell("a1")
    site.alerts.judge(["a1"], "false_alarm", "ana", NOW_S)
    assert give(site.database, scanner(), NOW_S + 1) == Given(closed=0, taken_back=1)


def test_who_was_killed_after_the_allowance_was_written_leaves_the_rest_to_the_service_and_it_is_done_once(
    site: Site,
) -> None:
    site.tell("a1")
    Allowances(site.database).give(scanner())
    assert [entry.state for entry in site.taking_back.look(NOW_S + 1)] == ["undone"]
    assert site.taking_back.look(NOW_S + 2) == []
    assert give(site.database, scanner(), NOW_S + 3) == Given(closed=1, taken_back=0)
    assert len(Audit(site.database).entries(what="action undone")) == 1
    assert [entry.state for entry in site.entries()] == ["undone"]


def test_what_is_proposed_after_the_look_is_looked_at_and_nothing_comes_back_when_the_allowance_goes(
    site: Site,
) -> None:
    one = scanner()
    Allowances(site.database).give(one)
    assert site.taking_back.look(NOW_S + 1) == []
    site.tell("a1")
    assert site.states() == ["applied"]
    assert len(site.taking_back.look(NOW_S + 2)) == 1
    Allowances(site.database).withdraw(one.id, "ana", NOW_S + 3)
    assert site.taking_back.look(NOW_S + 4) == []
    site.responder.tick(NOW_S + 5)
    assert site.states() == ["undone"]
    assert site.kernel.held == {}


def test_an_allowance_that_is_over_takes_nothing_back(site: Site) -> None:
    site.tell("a1")
    Allowances(site.database).give(scanner())
    assert site.taking_back.look(NOW_S + 4_000) == []
    assert site.states() == ["applied"]


def test_a_ledger_that_cannot_be_read_is_told_of_after_the_alerts_are_closed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ActionError("ledger: line 3 was changed")

    site.tell("a1")
    one = scanner()
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "refresh", broken)
        with pytest.raises(ActionError, match=rf"{one.id}: it holds and closed 1 alerts, but .* line 3 was changed"):
            give(site.database, one, NOW_S + 1)
    assert site.states() == ["applied"]
    assert len(site.taking_back.look(NOW_S + 2)) == 1


def test_a_false_alarm_lifts_what_holds_by_the_name_of_who_called_it_so_and_lets_nobody_alone_for_it(
    site: Site,
) -> None:
    site.tell("a1")
    assert site.taking_back.look(NOW_S) == []
    site.call_false("a1")
    (done,) = site.taking_back.look(NOW_S + 1)
    (entry,) = site.entries()
    assert done == entry
    assert (entry.state, entry.by, entry.note) == ("undone", "ana", "alert a1 is a false alarm: our own scanner")
    assert site.ledger().addresses.allowances(NOW_S + 1) == []
    assert site.ledger().addresses.strikes(ATTACKER) == 0
    (told,) = Audit(site.database).entries(what="action undone")
    assert (told.who, told.about, told.detail["why"]) == ("ana", entry.action.id, entry.note)
    site.responder.tick(NOW_S + 2)
    assert site.kernel.held == {}
    site.tell("a2")
    assert site.states() == ["undone", "applied"], "for something else it is answered"


def test_who_called_it_false_last_is_named_and_one_who_gave_no_reason_too(site: Site) -> None:
    site.tell("a1")
    site.call_false("a1", by="ben")
    site.alerts.judge(["a1"], "open", "ana", NOW_S)
    site.call_false("a1", why=" ", by="vera")
    (entry,) = site.taking_back.look(NOW_S + 1)
    assert (entry.by, entry.note) == ("vera", "alert a1 is a false alarm")


def test_what_waits_because_of_a_false_alarm_is_withdrawn_and_what_a_person_approved_or_ordered_is_not_the_same(
    site: Site,
) -> None:
    site.tell("a1", family="scanning")
    site.tell("b1", device=OTHER, family="scanning")
    waiting = next(entry for entry in site.entries() if entry.action.target == OTHER)
    site.ledger().approve(waiting.action.id, "ben", NOW_S)
    site.responder.tick(NOW_S)
    site.ledger().propose(action("10.0.0.98", by="ben", alert="a1"), NOW_S, approval=True)
    for name in ("a1", "b1"):
        site.call_false(name)
    assert len(site.taking_back.look(NOW_S + 1)) == 2
    assert site.states() == ["refused", "undone", "proposed"]


@pytest.mark.parametrize("state", ["open", "acknowledged", "escalated"])
@pytest.mark.parametrize("then", ["closed", "false_alarm"])
def test_another_alert_of_the_device_that_nobody_settled_keeps_what_was_done_until_somebody_does(
    site: Site, state: str, then: str
) -> None:
    site.tell("a1")
    site.tell("a2", family="scanning")
    site.tell("b1", device=OTHER)
    site.alerts.judge(["a2"], state, "ben", NOW_S)
    site.call_false("a1")
    assert site.taking_back.look(NOW_S + 1) == []
    assert site.taking_back.look(NOW_S + 2) == []
    site.alerts.judge(["a2"], then, "ben", NOW_S)
    (done,) = site.taking_back.look(NOW_S + 3)
    assert (done.by, done.action.alert) == ("ana", "a1")
    assert site.states() == ["undone", "applied"], "of the other device another alert is open"


def test_an_open_alert_that_is_allowed_keeps_nothing(site: Site) -> None:
    site.tell("a1")
    site.tell("a2", family="scanning")
    Allowances(site.database).give(scanner(family="scanning"))
    site.call_false("a1")
    assert [entry.note for entry in site.taking_back.look(NOW_S + 1)] == ["alert a1 is a false alarm: our own scanner"]


def test_an_alert_that_is_closed_as_settled_keeps_what_was_done_because_of_it(site: Site) -> None:
    site.tell("a1")
    site.alerts.judge(["a1"], "closed", "ana", NOW_S)
    assert site.taking_back.look(NOW_S + 1) == []
    assert give(site.database, scanner(device=OTHER), NOW_S + 2).taken_back == 0, "it is another device's"
    assert site.states() == ["applied"]


def test_what_is_opened_again_is_not_done_again_by_itself_but_when_it_grows_or_is_escalated(site: Site) -> None:
    site.tell("a1")
    site.call_false("a1")
    assert len(site.taking_back.look(NOW_S + 1)) == 1
    site.alerts.judge(["a1"], "open", "ana", NOW_S + 2)
    assert site.taking_back.look(NOW_S + 3) == []
    site.responder.tick(NOW_S + 3)
    assert (site.states(), site.kernel.held) == (["undone"], {})
    grown = alert(id="a1", device=ATTACKER, family="dos", revision=1)
    site.responder.take([grown], NOW_S + 4)
    assert site.taking_back.look(NOW_S + 5) == []
    assert site.states() == ["undone", "applied"]


def test_who_reopens_an_alert_before_anybody_looked_keeps_what_was_done(site: Site) -> None:
    site.tell("a1")
    site.call_false("a1")
    site.alerts.judge(["a1"], "open", "ana", NOW_S)
    assert site.taking_back.look(NOW_S + 1) == []
    assert site.states() == ["applied"]


def test_what_two_services_or_a_new_one_after_a_kill_take_back_is_taken_back_once(site: Site) -> None:
    site.tell("a1")
    site.call_false("a1")
    ledgers = [Ledger(Journal(site.database), site.around.protected) for _ in range(2)]
    found = [unfounded(site.alerts, AllowList(), site.ledger().open(), NOW_S) for _ in ledgers]
    for ledger in ledgers:
        ledger.refresh()
    done = [take_back(site.database, ledger, one, NOW_S + 1) for ledger, one in zip(ledgers, found, strict=True)]
    assert [len(one) for one in done] == [1, 0]
    assert TakingBack(site.database, site.ledger()).look(NOW_S + 2) == []
    assert len(Audit(site.database).entries(what="action undone")) == 1


def test_a_ledger_that_cannot_be_written_leaves_the_rest_to_the_next_look(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise ActionError("ledger: disk is full")

    site.tell("a1")
    site.tell("b1", device=OTHER)
    for name in ("a1", "b1"):
        site.call_false(name)
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", full)
        with pytest.raises(ActionError, match="disk is full"):
            site.taking_back.look(NOW_S + 1)
    assert site.states() == ["applied", "applied"]
    assert len(site.taking_back.look(NOW_S + 2)) == 2


def test_of_many_actions_a_look_takes_back_some_and_an_allowance_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_back, "AT_ONCE", 2)
    devices = [f"10.0.0.{number}" for number in range(70, 75)]
    for device in devices:
        site.tell(device, device=device)
        site.call_false(device)
    assert [len(site.taking_back.look(NOW_S + 1)) for _ in range(4)] == [2, 2, 1, 0]
    for device in devices:
        site.tell(f"{device} again", device=device)
    assert give(site.database, scanner(network="10.0.0.0/24"), NOW_S + 2) == Given(closed=5, taken_back=5)


def test_what_calling_an_alert_false_would_do_is_told_without_doing_it(site: Site) -> None:
    site.tell("a1")
    site.tell("a2", device=OTHER)
    site.tell("a3", device=OTHER, family="scanning")
    site.tell("b2", device="10.0.0.70")
    site.tell("b1", device="10.0.0.70", family="scanning")
    entries = site.ledger().open()

    def would(*names: str) -> tuple[list[str], list[str]]:
        found = unfounded(site.alerts, AllowList(), entries, NOW_S, names)
        return [one.entry.action.alert for one in found.gone], [entry.action.alert for entry in found.kept]

    assert (would(), would("a1"), would("a2")) == (([], []), (["a1"], []), ([], ["a2"]))
    assert would("a2", "a3") == (["a2"], [])
    assert [would(name) for name in ("b1", "b2")] == [([], []), ([], ["b2"])]
    assert site.taking_back.look(NOW_S) == []


STEPS = st.lists(
    st.tuples(st.sampled_from(["tell", "open", "acknowledged", "false_alarm", "escalated", "closed", "look", "new"]),
              st.sampled_from(["a1", "a2", "b1", "b2"])),
    max_size=20,
)  # fmt: skip


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_people_decide_in_any_order_a_look_leaves_just_what_something_supports(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    site, over = Site(tmp_path_factory.mktemp("steps")), dict[str, str]()
    states: dict[str, str] = {}
    for what, name in [*steps, ("look", "")]:
        if what == "tell":
            refuted = {one for one, state in states.items() if state == "false_alarm"}
            site.tell(name, ATTACKER if name < "b" else OTHER, refuted=refuted)
            states.setdefault(name, "open")
        elif what == "new":  # as after a kill
            site.taking_back = TakingBack(site.database, site.ledger())
        elif what != "look":
            states |= dict.fromkeys(site.alerts.judge([name], what, "ana", NOW_S), what)
        else:
            before = {entry.action.id for entry in site.ledger().open()}
            done = {entry.action.id for entry in site.taking_back.look(NOW_S + 1)}
            entries = site.entries()
            unsettled = {one[0] for one, state in states.items() if state in UNSETTLED}
            wanted = {
                entry.action.id
                for entry in entries
                if entry.action.id in before
                and states[entry.action.alert] == "false_alarm"
                and entry.action.alert[0] not in unsettled
            }
            assert done == wanted
            assert over.items() <= {entry.action.id: entry.note for entry in entries}.items(), "what is over stays so"
            over |= {entry.action.id: entry.note for entry in entries if entry.state == "undone"}
            assert len(Audit(site.database).entries(what="action undone")) == len(over)
    site.database.close()
