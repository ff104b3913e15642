from pathlib import Path
from typing import Any

import pytest

from records import alert
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Evidence
from redshank.pipeline.allowing import Given, give
from redshank.pipeline.taking_back import TakingBack
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

    def tell(self, name: str, device: str = ATTACKER, family: str = "dos") -> None:
        flow = Evidence(name, 1.0, device, 1, "10.0.0.1", 80, "tcp", None, 0.9)
        told = alert(id=name, device=device, family=family, evidence=(flow,), targets=("10.0.0.1",))
        self.alerts.record([told], [], NOW_S)
        self.responder.take([told], NOW_S)

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
    assert site.ledger().allowances(NOW_S + 1) == []
    assert site.ledger().strikes(ATTACKER) == 0
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
